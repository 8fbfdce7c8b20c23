using Homeostat.Primitives;

namespace Homeostat.Node.Network;

/// <summary>
/// Points for nonsense by identity, and bans that expire. Points decay by half a minute, so that
/// a rare fault of an honest peer never adds up. An identity is what TLS proved, never an
/// address on the internet: hosts are shared, and a neighbour must not be able to get a validator
/// banned. Bounded: the entry least recently touched makes room.
/// </summary>
internal sealed class BanList(NetworkLimits limits)
{
    private const int Capacity = 4096;
    private readonly Dictionary<Address, Entry> _entries = [];
    private readonly Lock _lock = new();

    /// <summary>Adds points; true when that bans the identity now.</summary>
    public bool Report(in Address identity, int points, long nowMs)
    {
        lock (_lock)
        {
            Entry entry = Find(identity, nowMs);
            entry.Score = Decayed(entry, nowMs) + points;
            entry.TouchedMs = nowMs;
            if (entry.Score < limits.BanScore)
            {
                return false;
            }
            long duration = (long)limits.BanDuration.TotalMilliseconds << Math.Min(entry.Bans, 6);
            entry.BannedUntilMs = nowMs + duration;
            entry.Bans++;
            entry.Score = 0;
            return true;
        }
    }

    /// <summary>Milliseconds the ban still lasts; 0 when there is none.</summary>
    public long RemainingMs(in Address identity, long nowMs)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(identity, out Entry? entry)
                ? Math.Max(0, entry.BannedUntilMs - nowMs)
                : 0;
        }
    }

    private Entry Find(in Address identity, long nowMs)
    {
        if (_entries.TryGetValue(identity, out Entry? entry))
        {
            return entry;
        }
        if (_entries.Count >= Capacity)
        {
            _entries.Remove(_entries.MinBy(x => x.Value.TouchedMs).Key);
        }
        entry = new Entry { TouchedMs = nowMs };
        _entries.Add(identity, entry);
        return entry;
    }

    private static int Decayed(Entry entry, long nowMs)
    {
        int halvings = (int)Math.Clamp((nowMs - entry.TouchedMs) / 60_000, 0, 30);
        return entry.Score >> halvings;
    }

    private sealed class Entry
    {
        public int Score { get; set; }
        public int Bans { get; set; }
        public long BannedUntilMs { get; set; }
        public long TouchedMs { get; set; }
    }
}
