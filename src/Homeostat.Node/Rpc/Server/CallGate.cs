namespace Homeostat.Node.Rpc;

/// <summary>
/// Lets only so many calls execute at a time: each takes a request thread for as long as it runs,
/// and the rest of the node needs threads too.
/// </summary>
internal sealed class CallGate(RpcLimits limits) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(limits.ConcurrentCalls, limits.ConcurrentCalls);
    private int _waiting;

    /// <summary>Runs the work when a slot is free; the error when too many wait already.</summary>
    public async ValueTask<T> RunAsync<T>(Func<T> work)
    {
        if (Interlocked.Increment(ref _waiting) > limits.WaitingCalls)
        {
            Interlocked.Decrement(ref _waiting);
            throw RpcException.Server("server is busy");
        }
        try
        {
            await _slots.WaitAsync().ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        try
        {
            return work();
        }
        finally
        {
            _slots.Release();
        }
    }

    public void Dispose() => _slots.Dispose();
}
