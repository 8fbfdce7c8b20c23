using Homeostat.Primitives;

namespace Homeostat.Consensus;

// A step has two halves. The first takes the input in: it only adds facts (a vote, a certificate,
// a body, a time). The second, Progress, looks at all facts and does what they call for: execute,
// hand over as final, vote, propose, set timers. Each rule of the second half says in one place
// when it applies and what marks it as done, so it may run at any time and any number of times; no
// path from an event to an action can be forgotten, whatever the order in which messages come, and
// a restart is a first half that takes in the journal. The naive way, to call actions where their
// events are handled, fails exactly in the rare orders: a body after its certificate, a
// nullification after the proposal that needs it.
//
// The parts: CertificateRules, VoteRules, ProposalRules, BlockRules, TimerRules, RecoveryRules over
// one MachineContext. The protocol and its invariants: docs/spec/consensus.md.

/// <summary>
/// One validator's (or observer's, with a null signer) part in Simplex as a sans-IO machine.
/// </summary>
public sealed class SimplexMachine
{
    /// <summary>
    /// Each pass but the last does something once and for all; a few always suffice.
    /// </summary>
    private const int MaxPasses = 1_000;

    private readonly Func<StartState, MachineContext> _open;
    private readonly PeerBudgets _budgets = new();
    private MachineContext _context = null!;
    private CertificateRules _certificates = null!;
    private ProposalRules _proposals = null!;
    private VoteRules _votes = null!;
    private BlockRules _blocks = null!;
    private TimerRules _timers = null!;
    private RecoveryRules _recovery = null!;
    private long? _timerAt;

    public SimplexMachine(
        ConsensusConfig config,
        ISigner? signer,
        IVoteVerifier verifier,
        IBlockReader blocks,
        ILeaderSchedule leaders)
        : this(config, signer, verifier, blocks, leaders, PlantedBugs.None)
    {
    }

    internal SimplexMachine(
        ConsensusConfig config, ISigner? signer, IVoteVerifier verifier, IBlockReader blocks,
        ILeaderSchedule leaders, PlantedBugs bugs) =>
        _open = start =>
            new MachineContext(config, signer, verifier, blocks, leaders, bugs, start);

    /// <summary>The view this node is in.</summary>
    public View Current => _context.Current;

    /// <summary>The last block handed over as final.</summary>
    public BlockReference Finalized => _context.Finalized;

    /// <summary>True while this node's votes are held back: lost journal, or divergence.</summary>
    public bool IsAbstaining => !_context.MayVote(_context.Current);

    /// <summary>What is known of each validator's being there.</summary>
    public IReadOnlyList<LastSeen> Presence =>
    [
        .. _context.Validators.Validators.Select((validator, i) => new LastSeen(
            validator.Address, _context.LastHeard[i], _context.AwayThrough[i])),
    ];

    /// <summary>What the next epoch's machine must find in its journal; null: nothing.</summary>
    public JournalRecord? Abstention => _recovery.Noted;

    /// <summary>
    /// Takes one input at a UTC time in ms. Never throws on what peers send, never blocks; same
    /// inputs, same effects. The list is valid until the next call.
    /// </summary>
    public IReadOnlyList<ConsensusEffect> Step(long nowMs, ConsensusInput input)
    {
        if (input is ConsensusInput.Start start)
        {
            Open(start.State, nowMs);
        }
        else
        {
            _context.BeginStep(nowMs);
            Take(input);
        }
        Progress();
        _context.FlushRecords();
        SetTimer(input);
        return _context.Effects;
    }

    private void Open(StartState state, long nowMs)
    {
        Invariant.Require(_context is null);
        _context = _open(state);
        _certificates = new CertificateRules(_context);
        _proposals = new ProposalRules(_context, _certificates);
        _votes = new VoteRules(_context, _certificates, _proposals);
        _blocks = new BlockRules(_context, _certificates, _proposals);
        _timers = new TimerRules(_context, _certificates, _proposals);
        _recovery = new RecoveryRules(_context, _certificates);
        _context.BeginStep(nowMs);
        _recovery.Restore(state);
    }

    private void Take(ConsensusInput input)
    {
        switch (input)
        {
            case ConsensusInput.Tick:
                break;
            case ConsensusInput.Received received:
                TakeMessage(received.Peer, received.Message);
                break;
            case ConsensusInput.Proposed proposed:
                _proposals.OnProposed(proposed);
                break;
            case ConsensusInput.ProposalFailed failed:
                _proposals.OnFailed(failed.View);
                break;
            case ConsensusInput.Verified verified:
                _blocks.OnVerified(verified);
                break;
            case ConsensusInput.Persisted persisted:
                _context.OnPersisted(persisted.Ticket);
                break;
            case ConsensusInput.WorkArrived work:
                _context.WorkPending = work.IsPending;
                break;
            case ConsensusInput.ParametersChanged changed:
                _context.Parameters = changed.Parameters;
                break;
            case ConsensusInput.Leaving:
                _timers.Leave();
                break;
            case ConsensusInput.Met met:
                _timers.Meet(met.Peer);
                break;
            case ConsensusInput.Adopted adopted:
                _blocks.OnAdopted(adopted.Block, adopted.Finalization);
                break;
            default:
                Invariant.Require(false, "every input has its arm, and Start comes once");
                break;
        }
    }

    private void TakeMessage(PeerId peer, WireMessage message)
    {
        switch (message)
        {
            case ProposalMessage proposal:
                if (_proposals.Receive(peer, proposal) is { } leaderVote)
                {
                    _votes.Receive(peer, leaderVote);
                }
                break;
            case VoteMessage vote:
                _votes.Receive(peer, vote.Vote);
                break;
            case CertificatesMessage certificates:
                _certificates.Receive(peer, certificates);
                break;
            case RefusalMessage refusal:
                _blocks.Receive(peer, refusal.Advisory);
                break;
            case BlockResponseMessage response:
                _blocks.Receive(peer, response);
                break;
            case StatusResponseMessage status:
                _recovery.Receive(peer, status);
                break;
            case FarewellMessage farewell:
                _timers.Note(peer, farewell.Through);
                break;
            default:
                ServeRequest(peer, message);
                break;
        }
    }

    private void ServeRequest(PeerId peer, WireMessage message)
    {
        if (!_budgets.TryTake(peer, _context.Clock))
        {
            _context.Penalize(peer, 1, "too many requests");
            return;
        }
        switch (message)
        {
            case BlockRequestMessage request:
                _blocks.Serve(peer, request);
                break;
            case CertificateRequestMessage request:
                _certificates.Serve(peer, request);
                break;
            case StatusRequestMessage request:
                _recovery.Serve(peer, request);
                break;
            default:
                _context.Penalize(peer, 1, "not a consensus message");
                break;
        }
    }

    /// <summary>
    /// Runs all rules until none adds a fact; the last pass sets the wake-up time.
    /// </summary>
    private void Progress()
    {
        int before;
        bool mayVote;
        int passes = 0;
        do
        {
            Invariant.Require(passes++ < MaxPasses);
            before = _context.Effects.Count;
            _context.ForgetWake();
            _timers.Run();
            _blocks.Advance();
            _votes.Cast();
            mayVote = _proposals.Lead();
            _recovery.Ask();
        }
        while (_context.Effects.Count != before || mayVote);
    }

    private void SetTimer(ConsensusInput input)
    {
        long? wakeAt = _context.WakeAt is { } clock ? _context.ToWallTime(clock) : null;
        bool isSpent = input is ConsensusInput.Tick;
        if (wakeAt is { } at && (isSpent || at != _timerAt))
        {
            // Never at once: whatever a rule asks for, time goes on.
            _context.Emit(new ConsensusEffect.SetTimer(Math.Max(at, _context.NowMs + 1)));
        }
        _timerAt = wakeAt;
    }
}
