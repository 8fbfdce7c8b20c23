using System.Text.Json;
using System.Text.Json.Nodes;

namespace Homeostat.Node.Healing;

/// <summary>One thing that a node mended.</summary>
/// <param name="TimeMs">Unix time in milliseconds, by the machine's clock.</param>
/// <param name="Kind">restart, repair, abstain, resync or snapshot.</param>
/// <param name="Text">In words.</param>
internal sealed record HealingEvent(long TimeMs, string Kind, string Text);

/// <summary>
/// What a node mended by itself since its data folder was made, as `healing.json` in it has it.
/// For people only: nothing is decided by it, and a file that can't be read begins anew.
/// </summary>
internal sealed record HealingRecord
{
    public const string FileName = "healing.json";

    /// <summary>Longest file that is read: 64 events of a few hundred bytes.</summary>
    public const long MostBytes = 64 * 1024;

    private const int MostText = 400;

    /// <summary>Older events are forgotten; the counts stay.</summary>
    public const int MostEvents = 64;

    public string Address { get; init; } = "";

    /// <summary>Of this process, Unix time in milliseconds.</summary>
    public long StartedAtMs { get; init; }

    /// <summary>Set from a start to a clean end.</summary>
    public bool IsRunning { get; init; }

    public ulong Starts { get; init; }

    /// <summary>Starts after an end that was not asked for: killed, crashed, power lost.</summary>
    public ulong Restarts { get; init; }

    /// <summary>Damaged files set aside and made or fetched again.</summary>
    public ulong Repairs { get; init; }

    /// <summary>Times it fell behind, or came back, and fetched blocks from its peers.</summary>
    public ulong Resyncs { get; init; }

    public ulong ResyncedBlocks { get; init; }

    /// <summary>Of the resyncs, those by a proven snapshot of the state.</summary>
    public ulong Snapshots { get; init; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<HealingEvent> Events { get; init; } = [];

    public HealingRecord With(HealingEvent happened) => this with
    {
        Events =
        [
            .. Events.TakeLast(MostEvents - 1),
            happened with { Text = happened.Text[..Math.Min(happened.Text.Length, MostText)] },
        ],
    };

    /// <summary>The record of the data folder, or null where there is none to be read.</summary>
    public static HealingRecord? Read(string folder)
    {
        try
        {
            var file = new FileInfo(Path.Combine(folder, FileName));
            return file.Exists && file.Length <= MostBytes
                ? Parse(File.ReadAllBytes(file.FullName))
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException
            or JsonException or InvalidOperationException or FormatException
            or KeyNotFoundException)
        {
            return null;
        }
    }

    /// <summary>In one piece: a crash leaves the old file or the new one.</summary>
    /// <exception cref="IOException">The disk is full, or the folder is gone.</exception>
    public void Write(string folder)
    {
        string path = Path.Combine(folder, FileName);
        File.WriteAllText(path + ".new", ToJson().ToJsonString());
        File.Move(path + ".new", path, overwrite: true);
    }

    private static HealingRecord Parse(byte[] text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        ulong Count(string name) => root.GetProperty(name).GetUInt64();
        return new HealingRecord
        {
            Address = root.GetProperty("address").GetString() ?? "",
            StartedAtMs = root.GetProperty("startedAt").GetInt64(),
            IsRunning = root.GetProperty("running").GetBoolean(),
            Starts = Count("starts"),
            Restarts = Count("restarts"),
            Repairs = Count("repairs"),
            Resyncs = Count("resyncs"),
            ResyncedBlocks = Count("resyncedBlocks"),
            Snapshots = Count("snapshots"),
            Events =
            [
                .. root.GetProperty("events").EnumerateArray().Select(x => new HealingEvent(
                    x.GetProperty("time").GetInt64(), x.GetProperty("kind").GetString() ?? "",
                    x.GetProperty("text").GetString() ?? "")).TakeLast(MostEvents),
            ],
        };
    }

    private JsonObject ToJson() => new()
    {
        ["address"] = Address,
        ["startedAt"] = StartedAtMs,
        ["running"] = IsRunning,
        ["starts"] = Starts,
        ["restarts"] = Restarts,
        ["repairs"] = Repairs,
        ["resyncs"] = Resyncs,
        ["resyncedBlocks"] = ResyncedBlocks,
        ["snapshots"] = Snapshots,
        ["events"] = new JsonArray([.. Events.Select(x => (JsonNode)new JsonObject
        {
            ["time"] = x.TimeMs,
            ["kind"] = x.Kind,
            ["text"] = x.Text,
        })]),
    };
}
