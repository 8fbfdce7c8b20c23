using Homeostat.Consensus;
using Homeostat.Evm;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>What the nodes of a cluster are made of; a special run changes single nodes.</summary>
internal sealed record ClusterSetup(DevelopmentNetwork Network)
{
    public ConsensusParameters Timing { get; init; } = ShortTiming;

    /// <summary>Short, so that many faults and healings fit in a short run.</summary>
    public static readonly ConsensusParameters ShortTiming = new()
    {
        LeaderTimeoutMs = 500,
        AdvanceTimeoutMs = 1_000,
        HeartbeatMs = 3_000,
        MaxTimeoutMs = 2_000,
        RetransmitMs = 300,
    };

    /// <summary>
    /// Small, so that a short run has checkpoints, replays from them, and state that is let go of.
    /// </summary>
    public ReplicaLimits Limits { get; init; } = new()
    {
        CheckpointBlocks = 20,
        LoadedNodes = 50,
        LoadedCodeBytes = 1,
    };

    /// <summary>Changes one node's configuration.</summary>
    public Func<int, ReplicaConfig, ReplicaConfig> Change { get; init; } = (_, config) => config;

    /// <summary>Planted in every honest node, to see that the run finds them.</summary>
    public PlantedBugs Bugs { get; init; } = PlantedBugs.None;

    /// <summary>The last node is in no set at genesis; see <see cref="StakeChurn"/>.</summary>
    public bool Churns { get; init; }

    /// <summary>
    /// Who is absent is jailed, and comes back; nobody leaves beside, for then three could be left.
    /// </summary>
    public bool Jails { get; init; }

    /// <summary>Signatures of the curve, which contracts can check.</summary>
    public bool HasRealKeys { get; init; }

    public ISigner SignerOf(int index) => HasRealKeys
        ? new LocalSigner(Network.Validators[index].PrivateKey)
        : new SimulatedSigner(Network.Validators[index].Address);

    /// <summary>See <see cref="SafetyChecks.ChecksVotes"/>.</summary>
    public bool ChecksVotes { get; init; } = true;

    /// <summary>
    /// Transfers are the same in all seeds, and recovering is pure: one memo serves them all.
    /// </summary>
    private static readonly SenderMemo Senders = new(16, SimulatedKeys.Instance);

    private static readonly SenderMemo RealSenders = new(12);

    /// <summary>
    /// Works run inline, one at a time on a thread, so each thread needs one engine only; a new
    /// one for each, with its stack and memory, was a quarter of a run's time.
    /// </summary>
    [ThreadStatic]
    private static EvmEngine? engine;

    private VoteDigests? _digests;

    /// <summary>What an adversary signs over.</summary>
    public VoteDigests Digests() =>
        _digests ??= new VoteDigests(ReplicaMachine.NetworkOf(Network.Genesis));

    public ReplicaConfig Configure(int index)
    {
        var address = Network.Validators[index].Address;
        return Change(index, new ReplicaConfig
        {
            Genesis = Network.Genesis,
            Signer = SignerOf(index),
            Self = new PeerId(address),
            Limits = Limits,
            Timing = Timing,
            Votes = HasRealKeys ? new Secp256k1Verifier() : SimulatedKeys.Instance,
            Senders = HasRealKeys ? RealSenders : Senders,
            Engine = static () => engine ??= new EvmEngine(),
            Bugs = Bugs,
        });
    }
}
