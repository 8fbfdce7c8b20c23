using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// What the parts of a <see cref="SimplexMachine"/> share: the facts known so far and the effects
/// of the running step. The parts hold no facts of other parts' business.
/// </summary>
internal sealed class MachineContext
{
    private readonly ILeaderSchedule _leaders;
    private readonly SortedDictionary<View, Round> _rounds = [];
    private readonly List<(ulong Ticket, Action Release)> _held = [];
    private readonly List<JournalRecord> _records = [];
    private ulong _ticket;
    private bool _recordsAreUrgent;
    private long _clockOffset;
    private long _lastNowMs;

    public MachineContext(
        ConsensusConfig config, ISigner? signer, IVoteVerifier verifier, IBlockReader blocks,
        ILeaderSchedule leaders, PlantedBugs bugs, StartState start)
    {
        Config = config;
        Signer = signer;
        Blocks = blocks;
        _leaders = leaders;
        Bugs = bugs;
        Epoch = start.Epoch;
        Validators = start.Validators;
        Parameters = start.Parameters;
        Finalized = start.Finalized;
        FinalizedProof = start.FinalizedCertificate;
        Current = start.Finalized.View.Next;
        Digests = new VoteDigests(config);
        Verifier = new CertificateVerifier(Digests, Epoch, Validators, verifier) { Bugs = bugs };
        if (config.Epochs.IsLast(start.Finalized.Height))
        {
            EpochProof = start.FinalizedCertificate;
            FirstView = Current;
            PreviousVerifier = start.PreviousValidators is { } before
                ? new CertificateVerifier(
                    Digests, new Epoch(Epoch.Value - 1), before, verifier) { Bugs = bugs }
                : null;
        }
        LastHeard = new View[Validators.Count];
        Array.Fill(LastHeard, Current);
        AwayThrough = new View[Validators.Count];
        if (signer is not null && Validators.TryIndexOf(signer.Address, out ValidatorIndex self))
        {
            Self = self;
        }
    }

    public ConsensusConfig Config { get; }
    public ISigner? Signer { get; }
    public IBlockReader Blocks { get; }
    public PlantedBugs Bugs { get; }
    public Epoch Epoch { get; }
    public ValidatorSet Validators { get; }
    public VoteDigests Digests { get; }
    public CertificateVerifier Verifier { get; }
    /// <summary>Of the epoch before, while its last block is the last final one.</summary>
    public CertificateVerifier? PreviousVerifier { get; }

    /// <summary>
    /// What finalizes the last block of the epoch before; null where this node began later.
    /// </summary>
    public Certificate? EpochProof { get; }

    /// <summary>The epoch's first view, entered by <see cref="EpochProof"/>.</summary>
    public View? FirstView { get; }

    public ConsensusParameters Parameters { get; set; }
    public BlockTree Tree { get; } = new();

    /// <summary>The own place in the set; null for an observer.</summary>
    public ValidatorIndex? Self { get; }

    public View Current { get; set; }
    public BlockReference Finalized { get; set; }
    public Certificate? FinalizedProof { get; set; }

    /// <summary>The highest finalization whose block is not final here yet.</summary>
    public Certificate? PendingFinalization { get; set; }

    /// <summary>No vote in any view up to this one (a lost journal).</summary>
    public View? AbstainThrough { get; set; }

    /// <summary>True while abstention has to be settled once more in the next epoch.</summary>
    public bool AbstainsAgain { get; set; }

    public bool HasDiverged { get; set; }
    public bool WorkPending { get; set; }
    public int TimeoutGrowth { get; set; }

    /// <summary>
    /// By validator: the highest view in which a verified message of its was heard.
    /// </summary>
    public View[] LastHeard { get; }

    /// <summary>By validator: up to which view it said that it would be away.</summary>
    public View[] AwayThrough { get; }

    /// <summary>The wall clock of this step: for what blocks say.</summary>
    public long NowMs { get; private set; }

    /// <summary>A clock that never goes back: for timers.</summary>
    public long Clock { get; private set; }

    public List<ConsensusEffect> Effects { get; } = [];

    /// <summary>The earliest time of this step's rules at which something is to be done.</summary>
    public long? WakeAt { get; private set; }

    public Round CurrentRound => RoundOf(Current);

    /// <summary>The epoch's last block is final: the next epoch's machine takes over.</summary>
    public bool IsClosed => EndsEpoch(Finalized);

    public bool LeadsCurrent => Self is { } self && CurrentRound.Leader == self;

    /// <summary>Whether the validator said that it would not lead the current view.</summary>
    public bool IsAway(ValidatorIndex validator) => AwayThrough[validator.Value] >= Current;

    public bool MayVote(View view) =>
        Self is not null && !HasDiverged && !(AbstainThrough is { } last && view <= last);

    /// <summary>
    /// True for the last block of this epoch, on which no block of this epoch can stand.
    /// </summary>
    public bool EndsEpoch(BlockReference block) =>
        Config.Epochs.IsLast(block.Height) && Config.Epochs.Of(block.Height) == Epoch;

    /// <summary>
    /// Whether the block can be what is proposed in this view: its own, or, for the epoch's last,
    /// also a later one.
    /// </summary>
    public bool Fits(BlockReference block, View view) =>
        block.View == view || (block.View < view && EndsEpoch(block));

    /// <summary>The validator has said something of this view.</summary>
    public void Hear(ValidatorIndex validator, View view)
    {
        ref View heard = ref LastHeard[validator.Value];
        heard = view > heard ? view : heard;
    }

    /// <summary>Whose votes are in a certificate that was checked were there in its view.</summary>
    public void Hear(Certificate certificate)
    {
        if (certificate.Epoch != Epoch)
        {
            return;
        }
        foreach (ValidatorIndex signer in certificate.SignerIndexes())
        {
            Hear(signer, certificate.View);
        }
    }

    public void BeginStep(long nowMs)
    {
        // A clock set back must not stop the timers: they run on a clock of their own.
        _clockOffset += Math.Max(0, _lastNowMs - nowMs);
        _lastNowMs = nowMs;
        NowMs = nowMs;
        Clock = nowMs + _clockOffset;
        Effects.Clear();
    }

    public Round RoundOf(View view)
    {
        Invariant.Require(view >= Finalized.View);
        if (!_rounds.TryGetValue(view, out Round? round))
        {
            round = new Round(view, _leaders.LeaderOf(Validators, view), Validators);
            _rounds.Add(view, round);
        }
        return round;
    }

    public Round? FindRound(View view) => _rounds.GetValueOrDefault(view);

    public IEnumerable<Round> RoundsAscending => _rounds.Values;

    public IEnumerable<Round> RoundsDescending => _rounds.Values.Reverse();

    /// <summary>Forgets what lies below the last final block.</summary>
    public void Prune()
    {
        foreach (View view in _rounds.Keys.TakeWhile(view => view < Finalized.View).ToArray())
        {
            _rounds.Remove(view);
        }
        Tree.Prune(Finalized.View);
    }

    public void Wake(long clock) => WakeAt = WakeAt is { } at ? Math.Min(at, clock) : clock;

    public void ForgetWake() => WakeAt = null;

    public long ToWallTime(long clock) => clock - _clockOffset;

    public void Emit(ConsensusEffect effect) => Effects.Add(effect);

    public void Broadcast(WireMessage message) => Emit(new ConsensusEffect.Broadcast(message));

    public void Penalize(PeerId peer, int weight, string reason) =>
        Emit(new ConsensusEffect.Penalty(peer, weight, reason));

    /// <summary>
    /// Looks for a vote that no honest validator gives beside this one, whose signature is good.
    /// </summary>
    public void Accuse(Round round, Vote vote)
    {
        if (round.AccusedSigners.Contains(vote.Signer.Value))
        {
            return;
        }
        Vote? conflicting = vote.Kind switch
        {
            VoteKind.Nullify => Known(round, VoteKind.Finalize, vote.Signer),
            VoteKind.Finalize => Known(round, VoteKind.Nullify, vote.Signer),
            _ => null,
        };
        Vote? first = Known(round, vote.Kind, vote.Signer);
        conflicting ??= first is not null && !first.SaysSameAs(vote) ? first : null;
        if (conflicting is not null && round.AccusedSigners.Add(vote.Signer.Value))
        {
            Emit(new ConsensusEffect.Misbehaviour(new Evidence(conflicting, vote)));
        }
    }

    private static Vote? Known(Round round, VoteKind kind, ValidatorIndex signer) =>
        round.TallyOf(kind)[signer] ?? round.CertificateOf(kind)?.VoteOf(signer);

    /// <summary>Writes a record that nothing waits for.</summary>
    public void Write(JournalRecord record) => _records.Add(record);

    /// <summary>Does the release only when all records so far are on disk.</summary>
    public void AfterWritten(Action release)
    {
        if (Bugs.NoJournal)
        {
            release();
            return;
        }
        _recordsAreUrgent = true;
        _held.Add((_ticket + 1, release));
    }

    /// <summary>Groups the step's records into one ticket.</summary>
    public void FlushRecords()
    {
        if (Bugs.NoJournal)
        {
            _records.Clear();
        }
        if (_records.Count == 0)
        {
            return;
        }
        _ticket++;
        Emit(new ConsensusEffect.Persist(
            _ticket, [.. _records], Finalized.View, _recordsAreUrgent));
        _records.Clear();
        _recordsAreUrgent = false;
    }

    public void OnPersisted(ulong ticket)
    {
        // Releases count own votes, which may hold further ones: take the due ones out first.
        (ulong, Action Release)[] due = [.. _held.TakeWhile(entry => entry.Ticket <= ticket)];
        _held.RemoveRange(0, due.Length);
        foreach ((_, Action release) in due)
        {
            release();
        }
    }
}
