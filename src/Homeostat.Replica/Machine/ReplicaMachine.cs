namespace Homeostat.Replica;

/// <summary>
/// A whole node as one deterministic machine. It has no clock, disk, network or threads of its
/// own: the same inputs at the same times give the same effects.
/// </summary>
public sealed class ReplicaMachine(ReplicaConfig config)
{
    private readonly ReplicaConfig _config = config;

    /// <summary>
    /// Takes one input at a time in Unix milliseconds; returns what is to be done. Never blocks,
    /// never throws for anything a peer or client sent. The list is valid until the next step.
    /// </summary>
    public IReadOnlyList<ReplicaEffect> Step(long nowMs, ReplicaInput input) =>
        throw new NotSupportedException($"{_config} {nowMs} {input}");
}
