using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>How many requests each peer may still make in this second.</summary>
internal sealed class PeerBudgets
{
    private readonly LookupTable<PeerId, int> _used = new();
    private long _second = long.MinValue;

    public bool TryTake(PeerId peer, long nowMs)
    {
        if (nowMs / 1_000 != _second || _used.Count >= ConsensusLimits.MaxPeerBudgets)
        {
            _used.Clear();
            _second = nowMs / 1_000;
        }
        int used = _used.GetValueOrDefault(peer) + 1;
        _used[peer] = used;
        return used <= ConsensusLimits.PeerRequestsPerSecond;
    }
}
