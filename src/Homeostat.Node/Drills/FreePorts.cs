using System.Net;
using System.Net.Sockets;

namespace Homeostat.Node.Drills;

/// <summary>
/// Ports of this machine for nodes that a drill or a test starts: below those that systems give to
/// outgoing connections, one of which could take a port between its choice and its use, and none
/// twice in a process before all had their turn.
/// </summary>
internal static class FreePorts
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private static int _next = Random.Shared.Next(Count);

    public static int One() => Several(1, 1);

    /// <summary>The first of so many, each a step above the one before.</summary>
    public static int Several(int count, int step)
    {
        int span = count * step;
        while (true)
        {
            int offset = (int)((uint)Interlocked.Add(ref _next, span) % (uint)(Count - span));
            if (Enumerable.Range(0, count).All(i => IsFree(First + offset + (i * step))))
            {
                return First + offset;
            }
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
