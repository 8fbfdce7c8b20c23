using System.Text.Json;
using System.Threading.Channels;
using Homeostat.Ledger;
using Homeostat.Replica;

namespace Homeostat.Node.Rpc;

internal enum SubscriptionKind
{
    NewHeads,
    Logs,
    Pending,
    FullPending,
    Syncing,
}

/// <summary>
/// Tells WebSockets and waiting calls what is new. Views come from the node's loop, which only puts
/// them in a queue; one task turns each into JSON once and hands the same bytes to all subscribers.
/// Every final block is told exactly once and in order, also when a view skips some.
/// </summary>
internal sealed class SubscriptionHub : IAsyncDisposable
{
    private readonly ChainReader _chain;
    private readonly RpcLimits _limits;
    private readonly Action<string, Exception> _report;
    private readonly Channel<RpcView> _views =
        Channel.CreateUnbounded<RpcView>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal);
    private readonly HashSet<HeadWaiter> _waiters = [];
    private readonly Task _telling;
    private ulong _told;
    private SyncStatus? _toldSync;
    private ulong _arrival;

    public SubscriptionHub(
        ChainReader chain, RpcLimits limits, Action<string, Exception> report)
    {
        _chain = chain;
        _limits = limits;
        _report = report;
        _told = chain.Head.Number;
        _toldSync = chain.View.Sync;
        _arrival = chain.View.Pool.NextArrival;
        _telling = Task.Run(TellAllAsync);
    }

    /// <summary>A newer view; called by one thread, in order, and never waits.</summary>
    public void Publish(RpcView view)
    {
        _chain.Publish(view);
        _views.Writer.TryWrite(view);
    }

    public async ValueTask DisposeAsync()
    {
        _views.Writer.TryComplete();
        await _telling.ConfigureAwait(false);
    }

    public string Subscribe(RpcSession session, SubscriptionKind kind, LogFilter? logs)
    {
        lock (_lock)
        {
            if (session.Subscriptions.Count >= _limits.SubscriptionsPerSocket)
            {
                throw RpcException.Server(
                    $"too many subscriptions (max {_limits.SubscriptionsPerSocket})");
            }
            string id = FilterRegistry.NewId();
            _subscriptions.Add(id, new Subscription(id, session, kind, logs));
            session.Subscriptions.Add(id);
            return id;
        }
    }

    public bool Unsubscribe(RpcSession session, string id)
    {
        lock (_lock)
        {
            return session.Subscriptions.Remove(id) && _subscriptions.Remove(id);
        }
    }

    /// <summary>
    /// The answers to the session's requests so far are queued: its new subscriptions may begin,
    /// for a client must know an id before it gets a notification with it.
    /// </summary>
    public void Started(RpcSession session)
    {
        lock (_lock)
        {
            foreach (string id in session.Subscriptions)
            {
                _subscriptions[id].IsStarted = true;
            }
        }
    }

    public void Close(RpcSession session)
    {
        lock (_lock)
        {
            foreach (string id in session.Subscriptions)
            {
                _subscriptions.Remove(id);
            }
            session.Subscriptions.Clear();
        }
    }

    /// <summary>Wakes a waiting call at each new head until it is disposed.</summary>
    public HeadWaiter WatchHeads()
    {
        var waiter = new HeadWaiter(this);
        lock (_lock)
        {
            _waiters.Add(waiter);
        }
        return waiter;
    }

    internal void Forget(HeadWaiter waiter)
    {
        lock (_lock)
        {
            _waiters.Remove(waiter);
        }
    }

    private async Task TellAllAsync()
    {
        await foreach (RpcView view in _views.Reader.ReadAllAsync().ConfigureAwait(false))
        {
#pragma warning disable CA1031 // One view that can't be told must not end all subscriptions.
            try
            {
                Tell(view);
            }
            catch (Exception exception)
            {
                _report("telling subscribers failed", exception);
            }
#pragma warning restore CA1031
        }
    }

    private void Tell(RpcView view)
    {
        TellSyncing(view.Sync);
        TellArrivals(view.Pool);
        bool isNew = _told < view.Finalized.Number;
        while (_told < view.Finalized.Number)
        {
            ulong number = _told + 1;
            RpcBlock? block = number == view.Finalized.Number
                ? view.Finalized
                : _chain.ByNumber(number);
            _told = number;
            if (block is not null)
            {
                Notify(
                    SubscriptionKind.NewHeads, writer => EthJson.Header(writer, block.Header));
                NotifyLogs(block);
            }
        }
        if (isNew)
        {
            WakeWaiters();
        }
    }

    /// <summary>As geth: an object while the node catches up, and false when it has.</summary>
    private void TellSyncing(SyncStatus? sync)
    {
        if (sync == _toldSync)
        {
            return;
        }
        _toldSync = sync;
        Notify(SubscriptionKind.Syncing, writer =>
        {
            if (sync is null)
            {
                writer.WriteBooleanValue(false);
                return;
            }
            writer.WriteStartObject();
            writer.WriteBoolean("syncing"u8, true);
            writer.WritePropertyName("status"u8);
            EthJson.Syncing(writer, sync);
            writer.WriteEndObject();
        });
    }

    private void TellArrivals(PoolView pool)
    {
        bool anyone = Started(SubscriptionKind.Pending).Length > 0
            || Started(SubscriptionKind.FullPending).Length > 0;
        foreach (PooledTransaction arrival in anyone ? pool.ArrivalsSince(_arrival) : [])
        {
            Notify(SubscriptionKind.Pending, writer => writer.Data(arrival.Hash.Bytes));
            Notify(
                SubscriptionKind.FullPending,
                writer => EthJson.Pending(writer, arrival.Transaction));
        }
        _arrival = pool.NextArrival;
    }

    private void WakeWaiters()
    {
        lock (_lock)
        {
            foreach (HeadWaiter waiter in _waiters)
            {
                waiter.Wake();
            }
        }
    }

    private Subscription[] Started(SubscriptionKind kind)
    {
        lock (_lock)
        {
            return [.. _subscriptions.Values.Where(s => s.IsStarted && s.Kind == kind)];
        }
    }

    private void Notify(SubscriptionKind kind, Action<Utf8JsonWriter> write)
    {
        Subscription[] subscribers = Started(kind);
        if (subscribers.Length == 0)
        {
            return;
        }
        byte[] result = ToJson(write);
        foreach (Subscription subscriber in subscribers)
        {
            subscriber.Session.TryNotify(subscriber.Message(result));
        }
    }

    private void NotifyLogs(RpcBlock block)
    {
        foreach (Subscription subscriber in Started(SubscriptionKind.Logs))
        {
            if (!subscriber.Logs!.MayMatch(block.Header.LogsBloom))
            {
                continue;
            }
            for (int i = 0; i < block.Receipts.Count; i++)
            {
                for (int j = 0; j < block.Receipts[i].Logs.Count; j++)
                {
                    if (subscriber.Logs.Matches(block.Receipts[i].Logs[j]))
                    {
                        int transaction = i, log = j;
                        subscriber.Session.TryNotify(subscriber.Message(ToJson(
                            writer => EthJson.Log(writer, block, transaction, log))));
                    }
                }
            }
        }
    }

    private static byte[] ToJson(Action<Utf8JsonWriter> write)
    {
        using var buffer = new ResponseBuffer();
        var options = new JsonWriterOptions { SkipValidation = true };
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            write(writer);
        }
        return buffer.Written.ToArray();
    }

    private sealed class Subscription(
        string id, RpcSession session, SubscriptionKind kind, LogFilter? logs)
    {
        private readonly byte[] _head = System.Text.Encoding.ASCII.GetBytes(
            "{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{\"subscription\":\""
            + id + "\",\"result\":");

        public RpcSession Session { get; } = session;

        public SubscriptionKind Kind { get; } = kind;

        public LogFilter? Logs { get; } = logs;

        public bool IsStarted { get; set; }

        public byte[] Message(byte[] result) => [.. _head, .. result, .. "}}"u8];
    }
}

/// <summary>Lets one call wait for new heads.</summary>
internal sealed class HeadWaiter(SubscriptionHub hub) : IDisposable
{
    private readonly SemaphoreSlim _signal = new(0);

    /// <summary>
    /// True at a head that came since the last time; false when the time is over.
    /// </summary>
    public async ValueTask<bool> NextAsync(CancellationToken deadline)
    {
        try
        {
            await _signal.WaitAsync(deadline).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    internal void Wake() => _signal.Release();

    public void Dispose()
    {
        hub.Forget(this);
        _signal.Dispose();
    }
}
