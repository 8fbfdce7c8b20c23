using System.Collections.Concurrent;
using Homeostat.Evm;

namespace Homeostat.Node.Rpc;

/// <summary>
/// Lets only so many calls execute at a time: each takes a request thread for as long as it runs,
/// and the rest of the node needs threads too. Engines (some 200 KB of stack and memory) are lent
/// to one call after another.
/// </summary>
internal sealed class CallGate(RpcLimits limits, Func<IEvmEngine> newEngine) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(limits.ConcurrentCalls, limits.ConcurrentCalls);
    private readonly ConcurrentBag<IEvmEngine> _engines = [];
    private int _waiting;

    /// <summary>Runs the work when a slot is free; the error when too many wait already.</summary>
    public ValueTask<T> RunAsync<T>(Func<IEvmEngine, T> work) =>
        _slots.Wait(0) ? new ValueTask<T>(Run(work)) : WaitAndRunAsync(work);

    public void Dispose() => _slots.Dispose();

    private async ValueTask<T> WaitAndRunAsync<T>(Func<IEvmEngine, T> work)
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
        return Run(work);
    }

    private T Run<T>(Func<IEvmEngine, T> work)
    {
        try
        {
            if (!_engines.TryTake(out IEvmEngine? engine))
            {
                engine = newEngine();
            }
            T result = work(engine);
            // One that was left by an exception is not used again.
            _engines.Add(engine);
            return result;
        }
        finally
        {
            _slots.Release();
        }
    }
}
