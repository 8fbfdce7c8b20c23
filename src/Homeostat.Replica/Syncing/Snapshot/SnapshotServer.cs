using Homeostat.Consensus;

namespace Homeostat.Replica;

/// <summary>Serves pieces of this node's state to nodes that join, within a budget.</summary>
internal sealed class SnapshotServer(
    ReplicaLimits limits, Protocol protocol, RecoveredState disk, Outbox outbox,
    StepClock clock, Publisher publisher)
{
    private readonly PeerBudgets _budgets = new();
    private int _running;

    public void Receive(PeerId peer, SnapshotMessage message)
    {
        if (message is not (SnapshotRequestMessage or HeadersRequestMessage
            or RangesRequestMessage or CodesRequestMessage))
        {
            return; // An answer that came after this node had its state.
        }
        if (!_budgets.TryTake(peer, clock.NowMs))
        {
            outbox.Add(new ReplicaEffect.Penalize(peer, 1, "too many requests for state"));
            return;
        }
        if (_running >= SnapshotLimits.MostServed)
        {
            outbox.Send(peer, Nothing(message));
            return;
        }
        _running++;
        var work = new ServeSnapshotWork(
            disk, publisher.FinalizedReference.Height, limits, protocol, message);
        outbox.Run(work, (result, _) =>
        {
            _running--;
            outbox.Send(
                peer, (result as ServeSnapshotWork.Served)?.Answer ?? Nothing(message));
        });
    }

    private static SnapshotMessage Nothing(SnapshotMessage request) => request switch
    {
        SnapshotRequestMessage => new SnapshotResponseMessage(
            request.RequestId, [], [], [], null, [], []),
        HeadersRequestMessage => new HeadersResponseMessage(request.RequestId, []),
        RangesRequestMessage => new RangesResponseMessage(request.RequestId, []),
        _ => new CodesResponseMessage(request.RequestId, []),
    };
}
