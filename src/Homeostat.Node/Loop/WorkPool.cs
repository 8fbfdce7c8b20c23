using System.Diagnostics;
using Homeostat.Node.Metrics;
using Homeostat.Replica;

namespace Homeostat.Node.Loop;

/// <summary>
/// Threads that run works, the most urgent first. The first thread runs nothing but blocks'
/// works, so a vote never waits behind a batch of signatures, however many clients there are.
/// </summary>
internal sealed class WorkPool : IDisposable
{
    private readonly Queue<(WorkId Id, IWork Work)>[] _queues =
        [.. Enum.GetValues<WorkUrgency>().Select(_ => new Queue<(WorkId, IWork)>())];

    private readonly object _lock = new();
    private readonly Action<ReplicaInput> _done;
    private readonly NodeMetrics _metrics;
    private readonly Thread[] _threads;
    private bool _stopping;
    private int _waiting;

    public WorkPool(int threads, Action<ReplicaInput> done, NodeMetrics metrics)
    {
        _done = done;
        _metrics = metrics;
        _threads = [.. Enumerable.Range(0, threads).Select(i => new Thread(() => Run(i))
        {
            Name = i == 0 ? "blocks" : "work",
            IsBackground = true,
            Priority = i == 0 ? ThreadPriority.AboveNormal : ThreadPriority.Normal,
        })];
    }

    /// <summary>Works not yet taken by a thread.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public void Start()
    {
        foreach (Thread thread in _threads)
        {
            thread.Start();
        }
    }

    public void Add(WorkId id, IWork work)
    {
        lock (_lock)
        {
            _queues[(int)work.Urgency].Enqueue((id, work));
            _waiting++;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Ends after the works that run now; those that wait are dropped.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
            Monitor.PulseAll(_lock);
        }
        foreach (Thread thread in _threads)
        {
            // A work is milliseconds; one that hangs must not keep the process.
            thread.Join(TimeSpan.FromSeconds(1));
        }
    }

    private void Run(int thread)
    {
        // With a single thread it runs everything.
        int kinds = thread == 0 && _threads.Length > 1 ? 1 : _queues.Length;
        while (TryTake(kinds, out WorkId id, out IWork? work))
        {
            WorkResult result;
            TimeSpan elapsed;
            using (Spans.Source.StartActivity(work!.GetType().Name))
            {
                long start = Stopwatch.GetTimestamp();
                result = WorkRunner.Run(work);
                elapsed = Stopwatch.GetElapsedTime(start);
            }
            _metrics.WorkSeconds.Record(
                elapsed.TotalSeconds,
                new KeyValuePair<string, object?>("kind", work.GetType().Name));
            _done(new ReplicaInput.WorkDone(id, result, (long)elapsed.TotalNanoseconds));
        }
    }

    private bool TryTake(int kinds, out WorkId id, out IWork? work)
    {
        lock (_lock)
        {
            while (!_stopping)
            {
                for (int i = 0; i < kinds; i++)
                {
                    if (_queues[i].TryDequeue(out (WorkId Id, IWork Work) next))
                    {
                        (id, work) = next;
                        _waiting--;
                        return true;
                    }
                }
                Monitor.Wait(_lock);
            }
        }
        (id, work) = (default, null);
        return false;
    }
}
