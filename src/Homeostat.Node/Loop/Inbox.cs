using System.Collections.Concurrent;
using System.Threading.Channels;
using Homeostat.Replica;

namespace Homeostat.Node.Loop;

/// <summary>
/// What waits for the event loop. Answers to its own effects (works, writes) are as many as it
/// has asked for, so they queue freely and go first. What comes from outside is bounded, and
/// whoever brings it waits: peers' messages before clients' transactions, so that votes go on
/// under any load.
/// </summary>
internal sealed class Inbox : IDisposable
{
    private const int PeerMessages = 1024;
    private const int Submissions = 64;

    private readonly ConcurrentQueue<ReplicaInput> _answers = new();
    private readonly Channel<ReplicaInput> _peers = Bounded(PeerMessages);
    private readonly Channel<ReplicaInput> _clients = Bounded(Submissions);
    private readonly AutoResetEvent _arrived = new(false);
    private bool _clientsTurn;

    public int Depth => _answers.Count + _peers.Reader.Count + _clients.Reader.Count;

    public void AddAnswer(ReplicaInput input)
    {
        _answers.Enqueue(input);
        _arrived.Set();
    }

    public async ValueTask AddFromPeerAsync(ReplicaInput input, CancellationToken cancel)
    {
        await _peers.Writer.WriteAsync(input, cancel).ConfigureAwait(false);
        _arrived.Set();
    }

    public async ValueTask AddFromClientAsync(ReplicaInput input, CancellationToken cancel)
    {
        await _clients.Writer.WriteAsync(input, cancel).ConfigureAwait(false);
        _arrived.Set();
    }

    /// <summary>The next input, or null. Outside input only if the loop can take more.</summary>
    public ReplicaInput? TryTake(bool fromOutside)
    {
        if (_answers.TryDequeue(out ReplicaInput? answer))
        {
            return answer;
        }
        if (!fromOutside)
        {
            return null;
        }
        // A client's batch after each peer's message: neither starves the other.
        _clientsTurn = !_clientsTurn;
        ChannelReader<ReplicaInput> first = _clientsTurn ? _clients.Reader : _peers.Reader;
        ChannelReader<ReplicaInput> second = _clientsTurn ? _peers.Reader : _clients.Reader;
        return first.TryRead(out ReplicaInput? input) || second.TryRead(out input) ? input : null;
    }

    /// <summary>Waits for something to arrive, at most the given time.</summary>
    public void Wait(int timeoutMs) => _arrived.WaitOne(timeoutMs);

    public void Wake() => _arrived.Set();

    public void Dispose() => _arrived.Dispose();

    private static Channel<ReplicaInput> Bounded(int capacity) =>
        Channel.CreateBounded<ReplicaInput>(new BoundedChannelOptions(capacity)
        {
            SingleReader = true,
            FullMode = BoundedChannelFullMode.Wait,
        });
}
