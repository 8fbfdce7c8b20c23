using System.Buffers.Binary;

namespace Homeostat.Node.Network;

/// <summary>What a frame holds; the first byte after its length.</summary>
internal enum FrameKind : byte
{
    /// <summary>Chain id and genesis hash: the first frame in each direction.</summary>
    Hello = 1,

    /// <summary>A message of the replica, opaque here.</summary>
    Message = 2,

    /// <summary>Asks for a <see cref="Pong"/>; empty.</summary>
    Ping = 3,

    /// <summary>Answers a <see cref="Ping"/>; empty.</summary>
    Pong = 4,

    /// <summary>Why the sender closes, as UTF-8 text.</summary>
    Goodbye = 5,

    /// <summary>Where the sender and nodes it knows can be dialled (<see cref="PeerBook"/>).
    /// </summary>
    Peers = 6,
}

/// <summary>
/// Frames: a big-endian length of four bytes that counts what follows, a kind, the content.
/// </summary>
internal static class Frame
{
    public const int HeaderSize = 5;

    /// <summary>Room the sender's queue counts for a frame besides its content.</summary>
    public const int Overhead = 64;

    public static void WriteHeader(Span<byte> destination, FrameKind kind, int contentLength)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, contentLength + 1);
        destination[4] = (byte)kind;
    }

    /// <summary>
    /// Reads one frame. Null when the peer closed between frames; <see cref="FrameException"/>
    /// when what it sent is not a frame. Memory follows what has arrived, not what a length
    /// promises: a peer that announces 16 MiB and sends nothing costs a kilobyte.
    /// </summary>
    public static async ValueTask<(FrameKind Kind, byte[] Content)?> ReadAsync(
        Stream stream, byte[] header, int limit, CancellationToken cancel)
    {
        int got = await stream.ReadAtLeastAsync(
            header.AsMemory(0, HeaderSize), HeaderSize, throwOnEndOfStream: false, cancel)
            .ConfigureAwait(false);
        if (got == 0)
        {
            return null;
        }
        if (got < HeaderSize)
        {
            throw new FrameException("connection closed inside a frame");
        }
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header);
        var kind = (FrameKind)header[4];
        if (length == 0 || length > limit)
        {
            throw new FrameException($"frame of {length} bytes, the limit is {limit}");
        }
        if (kind is < FrameKind.Hello or > FrameKind.Peers)
        {
            throw new FrameException($"frame of unknown kind {header[4]}");
        }
        byte[] content = await ReadContentAsync(stream, (int)length - 1, cancel)
            .ConfigureAwait(false);
        return (kind, content);
    }

    private static async ValueTask<byte[]> ReadContentAsync(
        Stream stream, int length, CancellationToken cancel)
    {
        const int Trust = 64 * 1024;
        byte[] content = new byte[Math.Min(length, Trust)];
        int filled = 0;
        while (true)
        {
            int got = await stream.ReadAtLeastAsync(
                content.AsMemory(filled), content.Length - filled, false, cancel)
                .ConfigureAwait(false);
            if (got < content.Length - filled)
            {
                throw new FrameException("connection closed inside a frame");
            }
            filled = content.Length;
            if (filled == length)
            {
                return content;
            }
            Array.Resize(ref content, (int)Math.Min(length, filled * 4L));
        }
    }
}

/// <summary>A peer sent what is not a frame.</summary>
internal sealed class FrameException(string message) : Exception(message);
