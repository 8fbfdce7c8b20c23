using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Collects the effects of a step, and remembers what is to follow when a work or a write comes
/// back. Answers that come twice, or from before a restart, are ignored.
/// </summary>
internal sealed class Outbox
{
    private readonly LookupTable<WorkId, Action<WorkResult, long>> _works = new();
    private readonly Queue<(long Ticket, Action Then)> _writes = new();
    private List<ReplicaEffect> _effects = [];
    private long _nextWork = 1;
    private long _nextTicket = 1;

    public bool IsHalted { get; private set; }

    public void Add(ReplicaEffect effect) => _effects.Add(effect);

    public void Send(PeerId peer, WireMessage message) =>
        Add(new ReplicaEffect.Send(peer, message.Encode()));

    public void Broadcast(WireMessage message) =>
        Add(new ReplicaEffect.Broadcast(message.Encode()));

    public void Log(LogLevel level, string text) => Add(new ReplicaEffect.Log(level, text));

    /// <summary>Runs the work; what follows gets its result and the nanoseconds it took.</summary>
    public void Run(IWork work, Action<WorkResult, long> then)
    {
        var id = new WorkId(_nextWork++);
        _works.Add(id, then);
        Add(new ReplicaEffect.Work(id, work));
    }

    /// <summary>Writes the batch; what follows runs once it is on disk.</summary>
    public void Persist(PersistBatch batch, Action then)
    {
        long ticket = _nextTicket++;
        _writes.Enqueue((ticket, then));
        Add(new ReplicaEffect.Persist(ticket, batch));
    }

    /// <summary>Finalized data or local state is wrong: nothing more may leave this node.</summary>
    public void Halt(string reason)
    {
        IsHalted = true;
        Add(new ReplicaEffect.Halt(reason));
    }

    /// <summary>Another version of this code is needed to go on.</summary>
    public void Outdated(string reason)
    {
        IsHalted = true;
        Add(new ReplicaEffect.Halt(reason) { NeedsNewVersion = true });
    }

    public void WorkDone(ReplicaInput.WorkDone done)
    {
        if (done.Result is WorkResult.Faulted { IsLocal: true } damage)
        {
            Halt($"local state is damaged: {damage.Reason}");
        }
        else if (_works.Remove(done.Id, out Action<WorkResult, long>? then))
        {
            then(done.Result, done.ElapsedNs);
        }
    }

    public void Persisted(long ticket)
    {
        while (_writes.TryPeek(out (long Ticket, Action Then) write) && write.Ticket <= ticket)
        {
            _writes.Dequeue();
            write.Then();
        }
    }

    public IReadOnlyList<ReplicaEffect> Take()
    {
        List<ReplicaEffect> effects = _effects;
        _effects = [];
        return effects;
    }
}
