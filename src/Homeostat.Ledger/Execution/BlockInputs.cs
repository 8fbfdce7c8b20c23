using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// What a Homeostat block's validity depends on besides the block and its parent's state. The
/// Replica reads it from the consensus payload and, through Steering, from the parent's state; an
/// Ethereum block has none.
/// </summary>
public sealed record BlockInputs
{
    public required ulong TimeMs { get; init; }

    /// <summary>The parent's time in milliseconds: <see cref="TimeMs"/> must be later.</summary>
    public required ulong ParentTimeMs { get; init; }

    /// <summary>Must be the header's parentBeaconBlockRoot.</summary>
    public required Hash256 PayloadHash { get; init; }

    /// <summary>The one account transaction 0 calls: the Steering predeploy.</summary>
    public required Address Transaction0Target { get; init; }

    /// <summary>Transaction 0's calldata, byte for byte.</summary>
    public required byte[] Transaction0Data { get; init; }

    /// <summary>
    /// Transaction 0's gas limit: with less than it may use, a proposer could make parts of it
    /// fail.
    /// </summary>
    public required ulong Transaction0Gas { get; init; }

    /// <summary>Must be the header's coinbase when given: the view's leader.</summary>
    public Address? Coinbase { get; init; }

    /// <summary>Must be the header's gas limit.</summary>
    public required ulong GasLimit { get; init; }

    /// <summary>Gas per second at which the base fee stays.</summary>
    public required ulong GasTarget { get; init; }

    /// <summary>Wei per gas; may be zero.</summary>
    public required UInt256 MinimumBaseFee { get; init; }

    /// <summary>
    /// Prices (the header's extraData), seed (its mix hash) and lane of the block's order.
    /// </summary>
    public OrderingTerms Ordering { get; init; } = OrderingTerms.None;
}
