using System.Collections.Concurrent;
using System.Diagnostics;
using Homeostat.Node.Metrics;
using Homeostat.Node.Store;
using Homeostat.Replica;

namespace Homeostat.Node.Loop;

/// <summary>
/// The thread that writes. All batches that wait become one transaction with one fsync (group
/// commit), answered by the highest ticket: the busier the node, the fewer fsyncs a vote.
/// </summary>
internal sealed class Persistence : IDisposable
{
    /// <summary>Batches waiting at which the loop takes no more input from outside.</summary>
    public const int Backlog = 256;

    private const int LargestGroup = 512;

    private readonly BlockingCollection<ReplicaEffect.Persist> _queue = [];
    private readonly NodeStore _store;
    private readonly Action<ReplicaInput> _done;
    private readonly Action<Exception> _onFailure;
    private readonly NodeMetrics _metrics;
    private readonly Thread _thread;

    public Persistence(
        NodeStore store, Action<ReplicaInput> done, Action<Exception> onFailure,
        NodeMetrics metrics)
    {
        _store = store;
        _done = done;
        _onFailure = onFailure;
        _metrics = metrics;
        _thread = new Thread(Run)
        {
            Name = "persist",
            IsBackground = true,
            Priority = ThreadPriority.AboveNormal,
        };
    }

    public int Waiting => _queue.Count;

    public void Start() => _thread.Start();

    public void Add(ReplicaEffect.Persist effect) => _queue.Add(effect);

    /// <summary>Writes what waits, then ends.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
    }

    private void Run()
    {
#pragma warning disable CA1031 // Handed to the node, which stops with the message.
        try
        {
            var group = new List<PersistBatch>();
            foreach (ReplicaEffect.Persist first in _queue.GetConsumingEnumerable())
            {
                long ticket = first.Ticket;
                group.Clear();
                group.Add(first.Batch);
                while (group.Count < LargestGroup && _queue.TryTake(out var next))
                {
                    ticket = next.Ticket;
                    group.Add(next.Batch);
                }
                long start = Stopwatch.GetTimestamp();
                using (Activity? span = Spans.Source.StartActivity("Commit"))
                {
                    span?.SetTag("batches", group.Count);
                    _store.Commit(group);
                }
                _metrics.CommitSeconds.Record(Stopwatch.GetElapsedTime(start).TotalSeconds);
                _metrics.CommitBatches.Add(group.Count);
                _done(new ReplicaInput.Persisted(ticket));
            }
        }
        catch (Exception error)
        {
            _onFailure(error);
        }
#pragma warning restore CA1031
    }
}
