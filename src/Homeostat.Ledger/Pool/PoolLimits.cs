using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>What one node's pool holds and takes; local, no effect on validity.</summary>
public sealed record PoolLimits
{
    /// <summary>
    /// Transactions in all. A full pool of transfers is a minute of full blocks at 1,000 tps.
    /// </summary>
    public int Transactions { get; init; } = 65_536;

    /// <summary>Encoded bytes in all: bounds memory when calldata is large.</summary>
    public long Bytes { get; init; } = 128L * 1024 * 1024;

    /// <summary>
    /// Transactions of one sender, executable or waiting for a nonce. One account that funds
    /// hundreds of others in a row is ordinary use here, so this is above geth's 64 + 64.
    /// </summary>
    public int TransactionsPerSender { get; init; } = 1_024;

    /// <summary>Longest encoded transaction, as in geth (four slots of 32 KiB).</summary>
    public int TransactionBytes { get; init; } = 128 * 1024;

    /// <summary>
    /// How much dearer, in percent of both fee fields, a transaction must be to replace one with
    /// its sender and nonce: pays for the gossip of both. As in geth.
    /// </summary>
    public int PriceBumpPercent { get; init; } = 10;

    /// <summary>Lowest maxFeePerGas taken. Zero: free-gas networks work.</summary>
    public UInt256 MinimumFeePerGas { get; init; }

    /// <summary>
    /// Arrivals that readers of views can look back on. Holds that many transactions in memory
    /// beyond those in the pool: a second of the heaviest load is enough for a subscriber.
    /// </summary>
    public int ArrivalHistory { get; init; } = 8_192;

    /// <summary>Throws when a value makes no sense.</summary>
    public PoolLimits Validate()
    {
        Invariant.Require(Transactions > 0);
        Invariant.Require(TransactionsPerSender > 0);
        Invariant.Require(TransactionBytes > 0);
        Invariant.Require(Bytes >= TransactionBytes);
        Invariant.Require(ArrivalHistory > 0);
        Invariant.Require(PriceBumpPercent is > 0 and <= 1_000);
        return this;
    }
}
