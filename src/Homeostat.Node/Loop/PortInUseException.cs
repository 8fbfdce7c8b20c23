using System.Net;
using System.Net.Sockets;

namespace Homeostat.Node.Loop;

/// <summary>A listener could not be opened; the message names the port and the flag.</summary>
internal sealed class PortInUseException(string message, Exception? inner = null)
    : Exception(message, inner)
{
    public static PortInUseException For(IPEndPoint endpoint, string flag, Exception error)
    {
        bool inUse = error is IOException
            || error is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse };
        return new PortInUseException(
            inUse
                ? $"port {endpoint.Port} on {endpoint.Address} is in use: choose another with "
                    + flag
                : $"can't listen on {endpoint} ({flag}): {error.Message}",
            error);
    }
}
