using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>What became of a transaction given to the pool.</summary>
public enum PoolOutcome
{
    /// <summary>Refused; <see cref="PoolAddResult.Error"/> is geth's text.</summary>
    Refused,

    /// <summary>Taken, and executable: all nonces before it are in the state or the pool.</summary>
    Pending,

    /// <summary>Taken, waiting for an earlier nonce of its sender.</summary>
    Queued,
}

/// <summary>A fate, geth's error text when refused, and the hash of what it replaced.</summary>
public readonly record struct PoolAddResult(
    PoolOutcome Outcome, string? Error = null, Hash256? Replaced = null)
{
    public bool IsTaken => Outcome != PoolOutcome.Refused;

    internal static PoolAddResult Refuse(string error) => new(PoolOutcome.Refused, error);
}
