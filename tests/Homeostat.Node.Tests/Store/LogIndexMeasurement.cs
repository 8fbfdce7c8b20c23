using System.Diagnostics;
using System.Globalization;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Homeostat.Node.Tests.Store;

/// <summary>
/// Log queries over a long chain, one log a block: one address, one topic, nothing that exists.
/// HOMEOSTAT_LOG_BLOCKS sets the blocks (default 2,000; the long form is 100,000).
/// </summary>
public sealed class LogIndexMeasurement(ITestOutputHelper output) : IDisposable
{
    private const int Group = 500;
    private readonly string _folder = Directory.CreateTempSubdirectory("homeostat-logs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_range_of_many_blocks_is_answered_from_the_index()
    {
        ulong blocks = ulong.Parse(
            Environment.GetEnvironmentVariable("HOMEOSTAT_LOG_BLOCKS") ?? "2000",
            CultureInfo.InvariantCulture);
        using var store = new NodeStore(
            _folder, new ChainId(1), Hash256.Zero, 0, error => throw error, NullLogger.Instance);
        for (ulong first = 1; first <= blocks; first += Group)
        {
            ulong last = Math.Min(blocks, first + Group - 1);
            var batch = new PersistBatch
            {
                Durable = false,
                Finalized =
                    [.. Enumerable.Range((int)first, (int)(last - first) + 1)
                        .Select(height => TestBlocks.Create((ulong)height))],
            };
            store.Commit([batch]);
        }
        ulong wanted = blocks / 2;
        Measure(store, blocks, "one address", new LogQuery([TestBlocks.Emitter(wanted)], []), 1);
        Measure(store, blocks, "one topic", new LogQuery([], [[TestBlocks.Topic(wanted)]]), 1);
        Measure(store, blocks, "no such address", new LogQuery([Address.FromNumber(7)], []), 0);
    }

    private void Measure(
        NodeStore store, ulong blocks, string what, LogQuery query, int matches)
    {
        var found = new List<Height>();
        double best = double.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            long start = Stopwatch.GetTimestamp();
            found = [.. store.FindLogBlocks(new Height(1), new Height(blocks), query)];
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        output.WriteLine($"{blocks} blocks, {what}: {best:F1} ms, {found.Count} blocks to look at");
        Assert.Equal(matches, found.Count(height => TestBlocks.Matches(height.Value, query)));
    }
}
