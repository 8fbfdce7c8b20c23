using System.Globalization;
using Homeostat.Node.Network;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Healing;

/// <summary>A peer as this node has seen it come and go since it started.</summary>
/// <param name="SinceMs">Unix time of the last change, in milliseconds.</param>
/// <param name="Lost">Connections that ended.</param>
/// <param name="AwayMs">The last time away, until it was back; 0: never.</param>
internal readonly record struct PeerHealth(
    Address Address, bool IsConnected, long SinceMs, ulong Lost, long AwayMs);

/// <summary>
/// Keeps what the node mended: its own record in the data folder, and how its peers came and went.
/// Under `up` the records of the validators beside it can be read too. Any thread.
/// </summary>
internal sealed class HealingLog
{
    /// <summary>Peers remembered; the set has 128 at most.</summary>
    private const int MostPeers = 256;

    private readonly string _folder;
    private readonly Func<long> _nowMs;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private readonly Dictionary<Address, PeerHealth> _peers = [];
    private HealingRecord _record;
    private ulong? _behindFrom;
    private long _behindSinceMs;
    private bool _bySnapshot;

    /// <param name="folder">The node's data folder; it exists.</param>
    /// <param name="address">The node's own.</param>
    /// <param name="nowMs">Unix time in milliseconds.</param>
    /// <param name="log">Told when the record can't be written.</param>
    public HealingLog(string folder, in Address address, Func<long> nowMs, ILogger log)
    {
        (_folder, _nowMs, _log) = (folder, nowMs, log);
        HealingRecord before = HealingRecord.Read(folder) ?? new HealingRecord();
        bool wasCutOff = before.IsRunning;
        _record = before with
        {
            Address = address.ToString(),
            StartedAtMs = nowMs(),
            IsRunning = true,
            Starts = before.Starts + 1,
            Restarts = before.Restarts + (wasCutOff ? 1UL : 0UL),
        };
        if (wasCutOff)
        {
            Add("restart", "started again after an end that nobody asked for");
        }
        Save();
    }

    public HealingRecord Record
    {
        get
        {
            lock (_lock)
            {
                return _record;
            }
        }
    }

    public IReadOnlyList<PeerHealth> Peers
    {
        get
        {
            lock (_lock)
            {
                return [.. _peers.Values.OrderBy(x => x.Address)];
            }
        }
    }

    /// <summary>A damaged file was set aside; the text says which and what happens now.</summary>
    public void Repaired(string text) => Change(() =>
    {
        _record = _record with { Repairs = _record.Repairs + 1 };
        Add("repair", text);
    });

    /// <summary>The journal is lost or torn: the node does not vote until it safely may.</summary>
    public void Abstains() => Change(() => Add(
        "abstain", "journal lost or torn: no vote until the others have said which are safe"));

    /// <summary>The network's events pass by here on their way to the loop.</summary>
    public void See(NetworkEvent happened)
    {
        if (happened is not (NetworkEvent.Connected or NetworkEvent.Disconnected))
        {
            return;
        }
        lock (_lock)
        {
            bool isHere = happened is NetworkEvent.Connected;
            long now = _nowMs();
            if (!_peers.TryGetValue(happened.Peer, out PeerHealth known))
            {
                if (_peers.Count >= MostPeers)
                {
                    return;
                }
                _peers[happened.Peer] = new PeerHealth(happened.Peer, isHere, now, 0, 0);
            }
            else if (known.IsConnected != isHere)
            {
                _peers[happened.Peer] = known with
                {
                    IsConnected = isHere,
                    SinceMs = now,
                    Lost = known.Lost + (isHere ? 0UL : 1UL),
                    AwayMs = isHere ? Math.Max(1, now - known.SinceMs) : known.AwayMs,
                };
            }
        }
    }

    /// <summary>Views in their order: a time behind the others ends in a resync.</summary>
    public void See(ChainView view)
    {
        ulong height = view.Finalized.Height.Value;
        if (view.Sync is { } sync)
        {
            if (_behindFrom is null)
            {
                (_behindFrom, _behindSinceMs) = (height, _nowMs());
            }
            _bySnapshot |= sync.State is not null;
        }
        else if (_behindFrom is { } from)
        {
            (bool bySnapshot, _behindFrom, _bySnapshot) = (_bySnapshot, null, false);
            Change(() => Resynced(from, height, bySnapshot));
        }
    }

    /// <summary>The node was told to stop and has; without this the next start is a restart.
    /// </summary>
    public void EndCleanly() => Change(() => _record = _record with { IsRunning = false });

    private void Resynced(ulong from, ulong to, bool bySnapshot)
    {
        ulong blocks = to - Math.Min(from, to);
        _record = _record with
        {
            Resyncs = _record.Resyncs + 1,
            ResyncedBlocks = _record.ResyncedBlocks + (bySnapshot ? 0 : blocks),
            Snapshots = _record.Snapshots + (bySnapshot ? 1UL : 0UL),
        };
        double seconds = (_nowMs() - _behindSinceMs) / 1_000.0;
        string how = bySnapshot ? "a proven snapshot and the blocks after it" : $"{blocks} blocks";
        Add(bySnapshot ? "snapshot" : "resync", string.Create(
            CultureInfo.InvariantCulture,
            $"caught up from block {from} to {to} by {how} in {seconds:F1} s"));
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            Save();
        }
    }

    private void Add(string kind, string text) =>
        _record = _record.With(new HealingEvent(_nowMs(), kind, text));

    /// <summary>A full disk is the store's to tell and to end by.</summary>
    private void Save()
    {
        try
        {
            _record.Write(_folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _log.LogWarning("can't write {File}: {Why}", HealingRecord.FileName, error.Message);
        }
    }
}
