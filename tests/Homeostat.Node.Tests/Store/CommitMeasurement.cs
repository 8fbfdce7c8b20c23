using System.Diagnostics;
using System.Globalization;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Homeostat.Node.Tests.Store;

/// <summary>
/// What a commit costs, next to a plain append and fsync of the same bytes: the figures of
/// docs/adr/0004. Runs small as a test; HOMEOSTAT_COMMITS=2000 gives steady figures.
/// </summary>
public sealed class CommitMeasurement(ITestOutputHelper output)
{
    [Theory]
    [InlineData(300)]
    [InlineData(100_000)]
    public void A_commit_next_to_a_plain_append(int bytes)
    {
        int commits = int.Parse(
            Environment.GetEnvironmentVariable("HOMEOSTAT_COMMITS") ?? "20",
            CultureInfo.InvariantCulture);
        string folder = Directory.CreateTempSubdirectory("homeostat-commit-").FullName;
        byte[] content = new byte[bytes];
        using (var store = new NodeStore(
            folder, new ChainId(1), Hash256.Zero, 0, error => throw error, NullLogger.Instance))
        using (var log = new FileStream($"{folder}/plain.log", FileMode.CreateNew))
        {
            var entries = new PersistBatch
            {
                Durable = true,
                Journal = [new JournalEntry(new View(1), content)],
            };
            // Turn by turn, so that a busy machine is busy for both.
            TimeSpan sqlite = default;
            TimeSpan plain = default;
            for (int i = 0; i < commits; i++)
            {
                long start = Stopwatch.GetTimestamp();
                store.Commit([entries]);
                sqlite += Stopwatch.GetElapsedTime(start);
                start = Stopwatch.GetTimestamp();
                log.Write(content);
                log.Flush(flushToDisk: true);
                plain += Stopwatch.GetElapsedTime(start);
            }
            output.WriteLine(
                $"{commits} commits of {bytes} bytes: "
                + $"SQLite {sqlite.TotalMilliseconds / commits:F3} ms, "
                + $"plain append {plain.TotalMilliseconds / commits:F3} ms");
        }
        Directory.Delete(folder, recursive: true);
    }
}
