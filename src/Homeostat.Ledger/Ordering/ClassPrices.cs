using System.Buffers.Binary;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>How fast a transaction asks to be in a block; the value is the order.</summary>
public enum FeeClass : byte
{
    /// <summary>Pays the base fee and nothing above it.</summary>
    Standard,
    Fast,
    Urgent,
}

/// <summary>
/// The posted prices of one block, in wei per gas. They stand in the header's extraData, so what
/// every transaction pays follows from header and body alone.
/// </summary>
/// <param name="Fast">Premium of the fast class over the base fee.</param>
/// <param name="Urgent">Premium of the urgent class, at least the fast one's.</param>
/// <param name="InclusionFee">
/// What of the price goes to the validators, the same in every class, at most the price: the rest
/// is burned.
/// </param>
public readonly record struct ClassPrices(ulong Fast, ulong Urgent, ulong InclusionFee)
{
    public const int Classes = 3;

    /// <summary>"HP" and the version, 1.</summary>
    private static ReadOnlySpan<byte> Mark => [0x48, 0x50, 1];

    /// <summary>Of extraData that <see cref="ToExtraData"/> wrote; null for any other.</summary>
    public static ClassPrices? FromExtraData(ReadOnlySpan<byte> extraData) =>
        extraData.Length != Mark.Length + 24 || !extraData.StartsWith(Mark)
            ? null
            : new ClassPrices(
                BinaryPrimitives.ReadUInt64BigEndian(extraData[3..]),
                BinaryPrimitives.ReadUInt64BigEndian(extraData[11..]),
                BinaryPrimitives.ReadUInt64BigEndian(extraData[19..]));

    /// <summary>The mark, then the three prices, big-endian: 27 bytes.</summary>
    public byte[] ToExtraData()
    {
        byte[] bytes = new byte[Mark.Length + 24];
        Mark.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(3), Fast);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(11), Urgent);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(19), InclusionFee);
        return bytes;
    }

    public ulong PremiumOf(FeeClass feeClass) => feeClass switch
    {
        FeeClass.Urgent => Urgent,
        FeeClass.Fast => Fast,
        _ => 0,
    };

    /// <summary>
    /// The highest class whose premium this priority fee covers. A legacy transaction's is what its
    /// gas price leaves over the base fee.
    /// </summary>
    public FeeClass ClassOf(in UInt256 priorityFee) =>
        priorityFee >= Urgent ? FeeClass.Urgent
        : priorityFee >= Fast ? FeeClass.Fast
        : FeeClass.Standard;

    /// <summary>By these fee fields at this base fee, which they must cover.</summary>
    public FeeClass ClassOf(in UInt256 maxFee, in UInt256 maxPriorityFee, in UInt256 baseFee) =>
        ClassOf(UInt256.Min(maxPriorityFee, maxFee - baseFee));

    public FeeClass ClassOf(Transaction transaction, in UInt256 baseFee) =>
        ClassOf(transaction.MaxFee, transaction.MaxPriorityFee, baseFee);
}

/// <summary>
/// The classes in one block: a transaction's is at most that of its sender's preceding one in the
/// block, since it can't be included sooner than that one.
/// </summary>
public sealed class BlockClasses(ClassPrices prices)
{
    private readonly LookupTable<Address, FeeClass> _last = new();

    public ClassPrices Prices => prices;

    /// <summary>Gas used so far by fast and by urgent transactions.</summary>
    public (ulong Fast, ulong Urgent) Gas { get; private set; }

    /// <summary>Counts the gas of the sender's transaction that was priced last.</summary>
    public void CountGas(in Address sender, ulong used)
    {
        FeeClass last = _last.GetValueOrDefault(sender);
        Gas = (
            Gas.Fast + (last == FeeClass.Fast ? used : 0),
            Gas.Urgent + (last == FeeClass.Urgent ? used : 0));
    }

    /// <summary>
    /// What the block's next transaction pays per gas; transaction 0, which offers less than the
    /// base fee, what it offers.
    /// </summary>
    public UInt256 PriceOfNext(
        Transaction transaction, in Address sender, in UInt256 baseFee)
    {
        if (transaction.MaxFee < baseFee)
        {
            return transaction.MaxFee;
        }
        FeeClass own = prices.ClassOf(transaction, baseFee);
        ref FeeClass last = ref _last.GetOrAddReference(sender, out bool existed);
        last = existed && last < own ? last : own;
        return baseFee + prices.PremiumOf(last);
    }
}
