namespace Homeostat.Consensus;

/// <summary>
/// One validator's (or observer's, with a null signer) part in Simplex as a sans-IO machine.
/// </summary>
public sealed class SimplexMachine
{
    public SimplexMachine(
        ConsensusConfig config,
        ISigner? signer,
        IVoteVerifier verifier,
        IBlockReader blocks,
        ILeaderSchedule leaders)
    {
        Signer = signer;
        _ = (config, verifier, blocks, leaders);
    }

    internal ISigner? Signer { get; }

    /// <summary>
    /// Takes one input at a UTC time in ms. Never throws on what peers send, never blocks; same
    /// inputs, same effects. The list is valid until the next call.
    /// </summary>
    public IReadOnlyList<ConsensusEffect> Step(long nowMs, ConsensusInput input) =>
        throw new NotSupportedException();
}
