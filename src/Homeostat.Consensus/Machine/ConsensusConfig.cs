using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// A network peer, named by the address of its node key (a validator's is its own).
/// </summary>
public readonly record struct PeerId(Address Address) : IComparable<PeerId>
{
    public int CompareTo(PeerId other) => Address.CompareTo(other.Address);
    public static bool operator <(PeerId left, PeerId right) => left.CompareTo(right) < 0;
    public static bool operator >(PeerId left, PeerId right) => left.CompareTo(right) > 0;
    public static bool operator <=(PeerId left, PeerId right) => left.CompareTo(right) <= 0;
    public static bool operator >=(PeerId left, PeerId right) => left.CompareTo(right) >= 0;
    public override string ToString() => Address.ToString();
}

/// <summary>What all nodes of a network agree on, and votes are bound to.</summary>
public sealed record ConsensusConfig(ChainId ChainId, Hash256 GenesisHash)
{
    /// <summary>Which blocks share a validator set; by default all of them do.</summary>
    public EpochSchedule Epochs { get; init; }
}

/// <summary>
/// Values that may change while the machine runs; each node reads them from the chain state and
/// hands them over with <see cref="ConsensusInput.ParametersChanged"/>. All but the block interval
/// are local timers: nodes that disagree on them stay safe.
/// </summary>
public sealed record ConsensusParameters
{
    /// <summary>Least time between a block's milliseconds and its parent's.</summary>
    public long BlockIntervalMs { get; init; } = 200;

    /// <summary>How long a validator with work waits for a leader's proposal.</summary>
    public long LeaderTimeoutMs { get; init; } = 1_000;

    /// <summary>How long after the proposal a view may take to be notarized.</summary>
    public long AdvanceTimeoutMs { get; init; } = 2_000;

    /// <summary>How long an idle view lasts; 0 = for ever (a developer's chain).</summary>
    public long HeartbeatMs { get; init; } = 10_000;

    /// <summary>The bound that timeouts grow to.</summary>
    public long MaxTimeoutMs { get; init; } = 10_000;

    /// <summary>How often votes and certificates of a stuck view are sent again.</summary>
    public long RetransmitMs { get; init; } = 500;

    /// <summary>
    /// A leader unheard for so many rounds of the set is not waited for; 0: each is, every time.
    /// </summary>
    public int SilentRounds { get; init; } = 2;

    /// <summary>A proposal further ahead of the own clock than this is refused.</summary>
    public long MaxClockAheadMs { get; init; } = 1_000;
}
