using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>A validator of genesis.</summary>
/// <param name="Address">Signs its votes and proposals.</param>
/// <param name="Weight">Its votes' weight, at least 1.</param>
/// <param name="NodeAddress">host:port for its peers, or empty where configuration says it.</param>
/// <param name="Randomness">
/// What its first reveal is the preimage of (docs/spec/ordering.md); zero: it reveals nothing until
/// it commits.
/// </param>
/// <param name="Delegate">Whom its stake lets vote from genesis on; zero: itself.</param>
/// <param name="Owner">May move its stake; zero: the validator itself.</param>
public sealed record GenesisValidator(
    Address Address, ulong Weight, string NodeAddress, Hash256 Randomness = default,
    Address Delegate = default, Address Owner = default)
{
    /// <summary>Who may move its stake, and votes with it.</summary>
    public Address StakeOwner => Owner == default ? Address : Owner;
}

/// <summary>
/// What all nodes of a network agree on: `config` of genesis.json with ours under
/// `config.homeostat`. Its hash is genesis' extraData, so another config is another chain.
/// </summary>
public sealed record ChainConfig
{
    public required ChainId ChainId { get; init; }

    /// <summary>Genesis time in milliseconds since 1970; the header holds ⌊ms / 1000⌋.</summary>
    public required ulong GenesisTimeMs { get; init; }

    /// <summary>Base fee of genesis in wei.</summary>
    public required UInt256 InitialBaseFee { get; init; }

    /// <summary>In the order of their addresses, without duplicates.</summary>
    public required IReadOnlyList<GenesisValidator> Validators { get; init; }

    /// <summary>Stakes, and the length of epochs.</summary>
    public StakingTerms Staking { get; init; } = new();

    /// <summary>
    /// The least time that a stake stays bound after its validator has left, as blocks come at most
    /// every 100 ms: a checkpoint must be younger. Without epochs nobody leaves, and three weeks
    /// stand for it.
    /// </summary>
    public long UnbondingMs => Staking.EpochBlocks == 0
        ? 21L * 86_400_000
        : (long)UInt128.Min(
            (UInt128)(long.MaxValue / 1_000),
            (UInt128)Staking.UnbondingEpochs * Staking.EpochBlocks * 100);

    /// <summary>
    /// The ratified timeout of leaders, in force in epoch 0 and wherever nothing is measured.
    /// </summary>
    public ulong LeaderTimeoutMs { get; init; } = 1_000;

    /// <summary>
    /// Mode of the consensus loop at genesis: in advise, timeouts stay as ratified and leaders take
    /// turns.
    /// </summary>
    public LoopMode ConsensusMode { get; init; } = LoopMode.Act;

    /// <summary>The ratified capacity vector, in force from block 1.</summary>
    public required ChainParameters Capacity { get; init; }

    /// <summary>
    /// The protocol revision of block 1; later ones come by votes (docs/spec/governance.md).
    /// </summary>
    public ulong Revision { get; init; } = ProtocolRevisions.First;

    /// <summary>Who may send and deploy; null: everybody.</summary>
    public GenesisAllowlists? Allowlists { get; init; }

    /// <summary>How people vote.</summary>
    public VotingSettings Voting { get; init; } = VotingSettings.Default;

    /// <summary>Owner of everything privileged: the timelock, but for tests of it.</summary>
    public required Address Governance { get; init; }

    /// <summary>
    /// May only switch loops off and cancel proposals, until <see cref="GuardianExpiryTime"/>.
    /// </summary>
    public required Address Guardian { get; init; }

    /// <summary>Unix seconds.</summary>
    public required ulong GuardianExpiryTime { get; init; }
}
