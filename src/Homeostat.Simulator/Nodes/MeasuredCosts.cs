namespace Homeostat.Simulator;

/// <summary>
/// What virtual time charges, in microseconds: measured by `homeostat sim costs`, which prints this
/// table anew (here: a busy 2-core guest, AMD EPYC, libsecp256k1; an idle one is faster). The
/// latencies of a simulation are only as good as these.
/// </summary>
internal static class MeasuredCosts
{
    /// <summary>Transaction 0, system calls, roots: a block without users' transactions.</summary>
    public const long BlockUs = 655;

    /// <summary>Execution and trie of one transfer.</summary>
    public const long TransferUs = 26;

    /// <summary>Decoding one transaction and recovering who sent it.</summary>
    public const long IntakeUs = 78;

    /// <summary>Recovering who signed a vote.</summary>
    public const long RecoverUs = 80;

    /// <summary>Signing a vote.</summary>
    public const long SignUs = 52;

    /// <summary>A commit of the node's store with its fsync: drawn between these two.</summary>
    public const long SyncP5Us = 417;

    public const long SyncP95Us = 1_706;
}
