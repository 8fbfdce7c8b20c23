using System.Security.Cryptography;

namespace Homeostat.Node.Rpc;

internal enum FilterKind
{
    Logs,
    Blocks,
    Pending,
    FullPending,
}

/// <summary>A filter between polls. Locked while it is polled.</summary>
internal sealed class OpenFilter(FilterKind kind, LogFilter? logs, ulong cursor)
{
    public FilterKind Kind { get; } = kind;

    public LogFilter? Logs { get; } = logs;

    /// <summary>The last block told, or the next arrival to tell.</summary>
    public ulong Cursor { get; set; } = cursor;

    public long UsedAtMs { get; set; }
}

/// <summary>
/// Open filters. A filter holds a cursor and no results, so one that nobody polls costs nothing but
/// its entry, which goes after <see cref="RpcLimits.FilterSeconds"/>.
/// </summary>
internal sealed class FilterRegistry(RpcLimits limits, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, OpenFilter> _filters = new(StringComparer.Ordinal);

    public string Open(FilterKind kind, LogFilter? logs, ulong cursor)
    {
        string id = NewId();
        lock (_lock)
        {
            if (_filters.Count >= limits.Filters)
            {
                DropIdle();
            }
            if (_filters.Count >= limits.Filters)
            {
                throw RpcException.Server($"too many filters (max {limits.Filters})");
            }
            _filters.Add(id, new OpenFilter(kind, logs, cursor) { UsedAtMs = NowMs });
        }
        return id;
    }

    public OpenFilter Get(string id)
    {
        lock (_lock)
        {
            if (!_filters.TryGetValue(id, out OpenFilter? filter) || IsIdle(filter))
            {
                _filters.Remove(id);
                throw RpcException.Server("filter not found");
            }
            filter.UsedAtMs = NowMs;
            return filter;
        }
    }

    public bool Close(string id)
    {
        lock (_lock)
        {
            return _filters.Remove(id);
        }
    }

    /// <summary>128 random bits without leading zeros, as geth's ids.</summary>
    public static string NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return "0x" + Convert.ToHexStringLower(bytes).TrimStart('0').PadLeft(1, '0');
    }

    private long NowMs => clock.GetTimestamp() * 1_000 / clock.TimestampFrequency;

    private bool IsIdle(OpenFilter filter) =>
        NowMs - filter.UsedAtMs > limits.FilterSeconds * 1_000L;

    private void DropIdle()
    {
        foreach (string id in _filters.Where(f => IsIdle(f.Value)).Select(f => f.Key).ToArray())
        {
            _filters.Remove(id);
        }
    }
}
