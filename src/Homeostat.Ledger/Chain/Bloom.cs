using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// The 2048-bit filter over the addresses and topics of logs (Yellow Paper, 4.4.1). Immutable.
/// </summary>
public sealed class Bloom : IEquatable<Bloom>
{
    public const int Size = 256;
    public static readonly Bloom Empty = new(new byte[Size]);

    private readonly byte[] _bits;

    public Bloom(ReadOnlySpan<byte> bytes)
    {
        Invariant.Require(bytes.Length == Size);
        _bits = bytes.ToArray();
    }

    public ReadOnlySpan<byte> Bytes => _bits;

    public static Bloom Of(IReadOnlyList<Log> logs)
    {
        if (logs.Count == 0)
        {
            return Empty;
        }
        Span<byte> bits = stackalloc byte[Size];
        bits.Clear();
        foreach (Log log in logs)
        {
            Add(bits, log.Address.Bytes);
            foreach (Hash256 topic in log.Topics)
            {
                Add(bits, topic.Bytes);
            }
        }
        return new Bloom(bits);
    }

    /// <summary>The union, as a block's bloom is that of its receipts.</summary>
    public static Bloom Union(IReadOnlyList<Receipt> receipts)
    {
        Span<byte> bits = stackalloc byte[Size];
        bits.Clear();
        bool any = false;
        foreach (Receipt receipt in receipts)
        {
            if (ReferenceEquals(receipt.Bloom, Empty))
            {
                continue;
            }
            any = true;
            for (int i = 0; i < Size; i++)
            {
                bits[i] |= receipt.Bloom._bits[i];
            }
        }
        return any ? new Bloom(bits) : Empty;
    }

    /// <summary>False only if no log with this address or topic was added.</summary>
    public bool MightContain(ReadOnlySpan<byte> addressOrTopic)
    {
        Span<byte> bits = stackalloc byte[Size];
        bits.Clear();
        Add(bits, addressOrTopic);
        for (int i = 0; i < Size; i++)
        {
            if ((bits[i] & ~_bits[i]) != 0)
            {
                return false;
            }
        }
        return true;
    }

    private static void Add(Span<byte> bits, ReadOnlySpan<byte> item)
    {
        Hash256 hash = Keccak.Hash(item);
        ReadOnlySpan<byte> bytes = hash.Bytes;
        for (int i = 0; i < 6; i += 2)
        {
            int bit = ((bytes[i] & 7) << 8) | bytes[i + 1];
            bits[Size - 1 - bit / 8] |= (byte)(1 << (bit % 8));
        }
    }

    public bool Equals(Bloom? other) => other is not null && Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => Equals(obj as Bloom);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_bits);
        return hash.ToHashCode();
    }
}
