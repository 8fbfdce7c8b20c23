namespace Homeostat.Simulator;

/// <summary>
/// What virtual time charges, in microseconds: measured by `homeostat sim costs`, which prints this
/// table anew. The latencies of a simulation are only as good as these.
/// </summary>
internal static class MeasuredCosts
{
    /// <summary>Transaction 0, system calls, roots: a block without users' transactions.</summary>
    public const long BlockUs = 700;

    /// <summary>Execution and trie of one transfer.</summary>
    public const long TransferUs = 20;

    /// <summary>Decoding one transaction and recovering who sent it.</summary>
    public const long IntakeUs = 65;

    /// <summary>Recovering who signed a vote.</summary>
    public const long RecoverUs = 45;

    /// <summary>Signing a vote.</summary>
    public const long SignUs = 40;

    /// <summary>A commit of the node's store with its fsync, by hundredths of the runs.</summary>
    public const long SyncP5Us = 300;

    public const long SyncP95Us = 4_000;
}
