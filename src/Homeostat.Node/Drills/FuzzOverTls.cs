using System.Net.Sockets;
using Homeostat.Node.Loop;
using Homeostat.Node.Network;
using Homeostat.Primitives;

namespace Homeostat.Node.Drills;

/// <summary>Attackers over real connections: banned, turned away, and let in when it is over.
/// </summary>
internal static class FuzzOverTls
{
    /// <summary>How many identities were let back in after their ban.</summary>
    public static async Task<int> RunAsync(
        NodeHost target, int messages, Func<byte[]> next, CancellationToken stop)
    {
        int returned = 0;
        var banned = new Queue<Hash256>();
        for (int sent = 0, identity = 0; sent < messages; identity++)
        {
            Hash256 key = Keccak.Hash(BitConverter.GetBytes(identity));
            int taken = await AttackAsync(target, key, Math.Min(200, messages - sent), next, stop)
                .ConfigureAwait(false);
            sent += Math.Max(1, taken);
            if (target.IsBanned(Secp256k1.AddressOf(key)))
            {
                banned.Enqueue(key);
            }
        }
        while (banned.TryDequeue(out Hash256 key) && returned < 3)
        {
            while (target.IsBanned(Secp256k1.AddressOf(key)))
            {
                await Task.Delay(50, stop).ConfigureAwait(false);
            }
            returned += await IsLetInAsync(target, key, stop).ConfigureAwait(false) ? 1 : 0;
        }
        return returned;
    }

    private static async Task<bool> IsLetInAsync(
        NodeHost target, Hash256 key, CancellationToken stop)
    {
        var (connection, run) = await ConnectAsync(target, key, stop).ConfigureAwait(false);
        if (connection is null)
        {
            return false;
        }
        await Task.Delay(500, stop).ConfigureAwait(false);
        bool isIn = connection.Reason is null;
        connection.Close("done");
        await run.ConfigureAwait(false);
        return isIn;
    }

    private static async Task<int> AttackAsync(
        NodeHost target, Hash256 key, int messages, Func<byte[]> next, CancellationToken stop)
    {
        var (connection, run) = await ConnectAsync(target, key, stop).ConfigureAwait(false);
        int sent = 0;
        while (sent < messages && connection is { Reason: null })
        {
            connection.Send(next());
            sent++;
            await Task.Delay(1, stop).ConfigureAwait(false);
        }
        connection?.Close("done");
        await run.ConfigureAwait(false);
        return sent;
    }

    private static async Task<(PeerConnection? Connection, Task Run)> ConnectAsync(
        NodeHost target, Hash256 key, CancellationToken stop)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            PeerEndpoint peer = target.Self;
            await socket.ConnectAsync(peer.Host, peer.Port, stop).ConfigureAwait(false);
            PeerConnection connection = await PeerConnection.OpenAsync(
                socket, target.SideOf(key), peer, stop).ConfigureAwait(false);
            return (connection, connection.RunAsync((_, _) => ValueTask.CompletedTask, stop));
        }
        catch (Exception error) when (error is HandshakeException or SocketException)
        {
            socket.Dispose();
            return (null, Task.CompletedTask);
        }
    }
}
