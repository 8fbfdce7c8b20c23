using Homeostat.Consensus;

namespace Homeostat.Replica;

/// <summary>Who can be asked for state now, in turn, and what each has been asked.</summary>
internal sealed class SnapshotPeers
{
    private readonly SortedDictionary<PeerId, Peer> _peers = [];
    private readonly SortedDictionary<ulong, Request> _requests = [];
    private ulong _lastId;
    private PeerId _lastPeer;

    public int Count => _peers.Count;

    public int Requests => _requests.Count;

    /// <summary>When something was last useful.</summary>
    public long LastUsefulMs { get; set; }

    public void Add(PeerId peer)
    {
        if (_peers.Count < 256)
        {
            _peers[peer] = new Peer();
        }
    }

    /// <summary>The peer is gone; what it was asked is to be asked elsewhere.</summary>
    public List<SnapshotTask> Remove(PeerId peer)
    {
        _peers.Remove(peer);
        var lost = new List<SnapshotTask>();
        foreach ((ulong id, Request request) in _requests.Where(x => x.Value.Peer == peer).ToList())
        {
            _requests.Remove(id);
            if (request.Task is { } task)
            {
                lost.Add(task);
            }
        }
        return lost;
    }

    /// <summary>The next in turn with room for a request.</summary>
    public PeerId? Next(long nowMs)
    {
        PeerId? first = null;
        foreach ((PeerId id, Peer peer) in _peers)
        {
            if (peer.Out < SnapshotLimits.RequestsPerPeer && nowMs >= peer.NotBeforeMs
                && peer.AskedIn(nowMs) < SnapshotLimits.RequestsPerPeerPerSecond)
            {
                if (id > _lastPeer)
                {
                    return id;
                }
                first ??= id;
            }
        }
        return first;
    }

    /// <summary>
    /// Peers that may be asked for an offer now: whose offer is here is not asked again before the
    /// state is dropped, as it has a budget of requests for each peer.
    /// </summary>
    public List<PeerId> Unasked(long nowMs) =>
    [
        .. _peers
            .Where(x => x.Value is { Out: 0, HasOffered: false } && nowMs >= x.Value.NotBeforeMs)
            .Select(x => x.Key),
    ];

    public void Offered(PeerId peer)
    {
        if (_peers.TryGetValue(peer, out Peer? known))
        {
            known.HasOffered = true;
        }
    }

    /// <summary>A number for a request to the peer; without a task it is for an offer.</summary>
    public ulong Ask(PeerId peer, SnapshotTask? task, long nowMs)
    {
        _lastPeer = peer;
        _peers[peer].Asked(nowMs);
        _requests.Add(
            ++_lastId, new Request(peer, task, nowMs + SnapshotLimits.RequestTimeoutMs));
        return _lastId;
    }

    /// <summary>False for an answer that was not asked for, or came too late.</summary>
    public bool TryAnswer(PeerId peer, ulong id, out SnapshotTask? task)
    {
        task = null;
        if (!_requests.TryGetValue(id, out Request? request) || request.Peer != peer)
        {
            return false;
        }
        _requests.Remove(id);
        Returned(peer);
        task = request.Task;
        return true;
    }

    /// <summary>
    /// Answers to what was asked for a state are of no use any more; all may offer another.
    /// </summary>
    public void DropTasks()
    {
        foreach (Peer peer in _peers.Values)
        {
            peer.HasOffered = false;
        }
        foreach ((ulong id, Request request) in
            _requests.Where(x => x.Value.Task is not null).ToList())
        {
            _requests.Remove(id);
            Returned(request.Peer);
        }
    }

    public void Useful(PeerId peer, long nowMs)
    {
        LastUsefulMs = nowMs;
        if (_peers.TryGetValue(peer, out Peer? known))
        {
            known.Failures = 0;
        }
    }

    public void Postpone(PeerId peer, long nowMs)
    {
        if (_peers.TryGetValue(peer, out Peer? known))
        {
            int doublings = Math.Min(known.Failures++, SnapshotLimits.MaxRetryDoublings);
            known.NotBeforeMs = nowMs + (SnapshotLimits.RetryMs << doublings);
        }
    }

    /// <summary>Requests whose time is over.</summary>
    public List<(PeerId Peer, SnapshotTask? Task)> Expire(long nowMs)
    {
        var expired = new List<(PeerId, SnapshotTask?)>();
        foreach ((ulong id, Request request) in _requests.ToList())
        {
            if (nowMs >= request.TimeoutMs)
            {
                _requests.Remove(id);
                Returned(request.Peer);
                Postpone(request.Peer, nowMs);
                expired.Add((request.Peer, request.Task));
            }
        }
        return expired;
    }

    private void Returned(PeerId peer)
    {
        if (_peers.TryGetValue(peer, out Peer? known))
        {
            known.Out--;
        }
    }

    private sealed record Request(PeerId Peer, SnapshotTask? Task, long TimeoutMs);

    private sealed class Peer
    {
        public int Out { get; set; }
        public int Failures { get; set; }
        public long NotBeforeMs { get; set; }
        public bool HasOffered { get; set; }
        private long _second = long.MinValue;
        private int _asked;

        /// <summary>Requests in the second that now is in.</summary>
        public int AskedIn(long nowMs) => nowMs / 1_000 == _second ? _asked : 0;

        public void Asked(long nowMs)
        {
            (_second, _asked) = (nowMs / 1_000, AskedIn(nowMs) + 1);
            Out++;
        }
    }
}
