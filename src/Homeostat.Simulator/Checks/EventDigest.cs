using System.Runtime.InteropServices;

namespace Homeostat.Simulator;

/// <summary>
/// A running digest of all that happened, in order: two runs of one seed must give the same.
/// Multiply-and-fold mixing (as wyhash), chosen for speed; nobody attacks it.
/// </summary>
internal sealed class EventDigest
{
    private const ulong Prime = 0xa0761d6478bd642f;
    private ulong _state = 0x9e3779b97f4a7c15;

    public ulong Value => _state;

    /// <summary>Events mixed in so far.</summary>
    public long Count { get; private set; }

    public void Add(long atUs, int node, int kind, ReadOnlySpan<byte> content = default)
    {
        Mix((ulong)atUs);
        Mix(((ulong)(uint)node << 32) | (uint)kind);
        Mix((ulong)content.Length);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(content);
        foreach (ulong word in words)
        {
            Mix(word);
        }
        foreach (byte rest in content[(words.Length * sizeof(ulong))..])
        {
            Mix(rest);
        }
        Count++;
    }

    private void Mix(ulong word)
    {
        ulong high = Math.BigMul(_state ^ word, Prime, out ulong low);
        unchecked
        {
            _state = (high ^ low) + Prime;
        }
    }
}
