using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// The voting machine of the epoch under way, and its change for the next one. A machine knows one
/// validator set, so an epoch is a machine's life: when the epoch's last block is final, whichever
/// way this node came to know, the next machine starts from that block and its state. Answers to
/// the machine before are dropped by the epoch that they were asked in.
/// </summary>
internal sealed class EpochMachines
{
    private readonly ReplicaConfig _config;
    private readonly Protocol _protocol;
    private readonly ConsensusConfig _network;
    private readonly Mailbox _mail;
    private readonly BlockCodec _codec = new();
    private Hash256 _nonce;

    public EpochMachines(
        ReplicaConfig config, Protocol protocol, ConsensusConfig network, Mailbox mail,
        TreeBlock last)
    {
        (_config, _protocol, _network, _mail) = (config, protocol, network, mail);
        Validators = last.Validators;
        mail.Epoch = protocol.Epochs.Of(last.Reference.Height.Next);
        Consensus = NewMachine(last);
        Sync = new SyncMachine(network, mail.Epoch, Validators, config.Votes, _codec);
    }

    public SimplexMachine Consensus { get; private set; }

    public SyncMachine Sync { get; }

    /// <summary>Who votes in the epoch under way.</summary>
    public ValidatorSet Validators { get; private set; }

    /// <summary>Starts both machines with what the disk held.</summary>
    public void Start(RecoveredState recovered, TreeBlock last)
    {
        _nonce = recovered.Nonce;
        var journal = new List<JournalRecord>(recovered.Journal.Count);
        bool isIntact = recovered.JournalIntact;
        foreach (JournalEntry entry in recovered.Journal)
        {
            if (JournalRecord.TryDecode(entry.Bytes, out JournalRecord? record) is null)
            {
                journal.Add(record!);
            }
            else
            {
                isIntact = false;
            }
        }
        Certificate? proof = recovered.LastFinalized is { } block
            ? CertificateCodec.TryDecode(block.Certificate)
            : null;
        _mail.Post(new SyncInput.Committed(last.Reference));
        _mail.Post(new ConsensusInput.Start(new StartState(
            _mail.Epoch, Validators, ParametersAfter(last), last.Reference, proof,
            isIntact ? JournalCondition.Intact : JournalCondition.Lost,
            journal, recovered.Nonce, PreviousOf(last))));
    }

    /// <summary>
    /// A block is final here and the tree's root: after an epoch's last one, the next epoch begins.
    /// </summary>
    public void Committed(TreeBlock block, Certificate proof)
    {
        if (!_protocol.Epochs.IsLast(block.Reference.Height))
        {
            return;
        }
        JournalRecord? abstention = Consensus.Abstention;
        IReadOnlyList<LastSeen> presence = Consensus.Presence;
        Validators = block.Validators;
        _mail.BeginEpoch(_protocol.Epochs.Of(block.Reference.Height.Next));
        Consensus = NewMachine(block);
        _mail.Post(new SyncInput.EpochStarted(_mail.Epoch, Validators));
        _mail.Post(new ConsensusInput.Start(new StartState(
            _mail.Epoch, Validators, ParametersAfter(block), block.Reference, proof,
            JournalCondition.Intact, abstention is null ? [] : [abstention],
            _nonce = Keccak.Hash(_nonce.Bytes), PreviousOf(block), presence)));
        _mail.Post(new ConsensusInput.WorkArrived(_mail.HasWork));
    }

    /// <summary>Those in force from the child of this block on.</summary>
    public ConsensusParameters ParametersAfter(TreeBlock block)
    {
        ConsensusVector vector = ConsensusVector.Read(new SnapshotStorage(block.State));
        return _config.Timing with
        {
            BlockIntervalMs = (long)block.Parameters.BlockIntervalMs,
            LeaderTimeoutMs = (long)vector.LeaderTimeoutMs,
            AdvanceTimeoutMs = 2 * (long)vector.LeaderTimeoutMs,
            RetransmitMs = Math.Min(
                _config.Timing.RetransmitMs, 2 * (long)vector.LeaderTimeoutMs),
        };
    }

    private SimplexMachine NewMachine(TreeBlock block) => new(
        _network, _config.Signer, _config.Votes, _codec,
        LeadersAfter(block), _config.Bugs);

    /// <summary>
    /// The state's schedule is over its own validators; while a recovery left some out, those that
    /// are left lead in turn.
    /// </summary>
    private static ILeaderSchedule LeadersAfter(TreeBlock block) =>
        EpochSets.Read(block.State) is { } named && named.Hash != block.Validators.Hash
            ? new RoundRobin()
            : new EpochLeaders(LeaderSchedule.Read(new SnapshotStorage(block.State)));

    /// <summary>Every state of an epoch gives the same schedule.</summary>
    private sealed class EpochLeaders(LeaderSchedule schedule) : ILeaderSchedule
    {
        public ValidatorIndex LeaderOf(ValidatorSet validators, View view) =>
            new(schedule.LeaderOf(view.Value));
    }

    private ValidatorSet? PreviousOf(TreeBlock block) =>
        _protocol.Epochs.IsLast(block.Reference.Height)
            ? _protocol.VotersOf(block.Reference.Height, block.State)
            : null;
}
