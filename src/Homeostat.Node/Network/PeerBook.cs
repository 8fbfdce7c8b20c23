using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Node.Network;

/// <summary>
/// Where other nodes can be dialled, as far as this one was told. Everyone says where itself
/// listens, which its connection proves to be its own word, and what it knows of others, which is
/// hearsay: it is believed only until dialling finds another identity there, or nobody. A node's
/// own word replaces what was known of it: addresses change.
///
/// Bounded: so many nodes in all, so many learned from one. Hearsay never replaces anything, and
/// what can't be reached goes first.
/// </summary>
internal sealed class PeerBook(Address self, NetworkLimits limits)
{
    /// <summary>Attempts in a row after which an address is forgotten.</summary>
    private const int MostFailures = 8;

    private readonly SortedDictionary<Address, Entry> _entries = [];
    private readonly Lock _lock = new();

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>
    /// Takes in what a peer announced; why its text is no announcement, or null. The first line is
    /// its own: with an empty host it is dialled where its connection comes from.
    /// </summary>
    public string? Learn(in Address from, string remoteHost, ReadOnlySpan<byte> announcement)
    {
        string[] lines = Encoding.UTF8.GetString(announcement).Split(
            '\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length > limits.AnnouncedPeers + 1)
        {
            return $"{lines.Length} peers announced, the limit is {limits.AnnouncedPeers}";
        }
        for (int i = 0; i < lines.Length; i++)
        {
            string line = i == 0 ? lines[i].Replace("@:", $"@[{remoteHost}]:") : lines[i];
            if (line.Length > 300 || !PeerEndpoint.TryParse(line, out PeerEndpoint? endpoint))
            {
                return "an announced peer is no address";
            }
            if (i == 0 && endpoint!.Identity != from)
            {
                return "the peer announces another in its own place";
            }
            if (endpoint!.Identity != self)
            {
                Add(endpoint, from, isOwnWord: i == 0);
            }
        }
        return null;
    }

    /// <summary>
    /// What this node tells: itself first, then others that it has reached or has the word of.
    /// </summary>
    public byte[] Announce(PeerEndpoint own)
    {
        var text = new StringBuilder();
        text.Append(own).Append('\n');
        lock (_lock)
        {
            foreach (Entry entry in _entries.Values
                .Where(x => x.IsReached || x.IsOwnWord).OrderByDescending(x => x.IsReached)
                .Take(limits.AnnouncedPeers))
            {
                text.Append(entry.Endpoint).Append('\n');
            }
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Someone to dial, or null: who was not tried for the longest.</summary>
    public PeerEndpoint? Next(Func<Address, bool> isTaken)
    {
        lock (_lock)
        {
            Entry? best = null;
            foreach (Entry entry in _entries.Values)
            {
                if (!isTaken(entry.Endpoint.Identity)
                    && (best is null || entry.TriedAt < best.TriedAt))
                {
                    best = entry;
                }
            }
            if (best is not null)
            {
                best.TriedAt = ++_tries;
            }
            return best?.Endpoint;
        }
    }

    /// <summary>Where a node says it listens now; null when it never said.</summary>
    public PeerEndpoint? Find(in Address identity)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(identity, out Entry? entry) && entry.IsOwnWord
                ? entry.Endpoint
                : null;
        }
    }

    public void Reached(in Address identity)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(identity, out Entry? entry))
            {
                (entry.IsReached, entry.Failures) = (true, 0);
            }
        }
    }

    public void Failed(in Address identity)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(identity, out Entry? entry)
                && ++entry.Failures >= MostFailures)
            {
                _entries.Remove(identity);
            }
        }
    }

    private long _tries;

    private void Add(PeerEndpoint endpoint, in Address from, bool isOwnWord)
    {
        Address source = from;
        lock (_lock)
        {
            bool isKnown = _entries.TryGetValue(endpoint.Identity, out Entry? known);
            if (isKnown && !isOwnWord)
            {
                return;
            }
            if (isKnown && known!.Endpoint == endpoint)
            {
                known.IsOwnWord = true;
                return;
            }
            if (!isKnown && (_entries.Count >= limits.KnownPeers
                || (!isOwnWord
                    && _entries.Values.Count(x => x.Source == source && !x.IsOwnWord)
                        >= limits.AnnouncedPeers)))
            {
                return;
            }
            _entries[endpoint.Identity] = new Entry(endpoint, source) { IsOwnWord = isOwnWord };
        }
    }

    private sealed class Entry(PeerEndpoint endpoint, Address source)
    {
        public PeerEndpoint Endpoint => endpoint;
        public Address Source => source;
        public bool IsOwnWord { get; set; }
        public bool IsReached { get; set; }
        public int Failures { get; set; }
        public long TriedAt { get; set; }
    }
}
