using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Where a sender stands in one block: H(seed, sender), the lower the earlier, ties by address. All
/// of a sender's transactions share it, so more of them win nothing.
/// </summary>
public readonly record struct SenderRank(ulong Value, Address Sender) : IComparable<SenderRank>
{
    public int CompareTo(SenderRank other)
    {
        int byValue = Value.CompareTo(other.Value);
        return byValue != 0 ? byValue : Sender.CompareTo(other.Sender);
    }

    public static bool operator <(SenderRank left, SenderRank right) => left.CompareTo(right) < 0;

    public static bool operator >(SenderRank left, SenderRank right) => left.CompareTo(right) > 0;

    public static bool operator <=(SenderRank left, SenderRank right) => !(left > right);

    public static bool operator >=(SenderRank left, SenderRank right) => !(left < right);
}

/// <summary>The draw of one block's places.</summary>
public readonly struct PlaceDraw(in Hash256 seed)
{
    private readonly SipHash _hash = new(seed);

    public SenderRank RankOf(in Address sender) => new(_hash.Hash(sender.Bytes), sender);

    /// <summary>The sender's lot in one quota, drawn apart from its place and other lots.</summary>
    public SenderRank LotOf(in Address sender, FeeClass quota) =>
        new(HashWith(sender, (byte)quota), sender);

    /// <summary>True with probability <paramref name="part"/> / <paramref name="whole"/>.</summary>
    public bool Chance(in Address sender, FeeClass quota, ulong part, ulong whole) =>
        Math.BigMul(HashWith(sender, (byte)(quota + ClassPrices.Classes)), whole, out _) < part;

    private ulong HashWith(in Address sender, byte purpose)
    {
        Span<byte> bytes = stackalloc byte[Address.Size + 1];
        sender.CopyTo(bytes);
        bytes[Address.Size] = purpose;
        return _hash.Hash(bytes);
    }
}
