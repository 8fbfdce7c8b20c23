using Homeostat.Node.Progress;
using Homeostat.Node.Tests.Rpc;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Tests.Progress;

/// <summary>What long work says: how much, how fast, how long yet; or nothing.</summary>
public sealed class ProgressTests
{
    private long _now;

    [Fact]
    public void A_line_every_two_seconds_and_one_at_the_end()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var lines = new ProgressLines(output, isShown: true, () => _now);
        for (int done = 0; done <= 100; done++, _now += 100)
        {
            lines.Tell("simulating", done, 100, "seeds", "0 failed");
        }
        lines.Tell("simulating", 100, 100, "seeds", "0 failed");
        Assert.Equal(
            """
            simulating: 20 of 100 seeds, 10 seeds a second, 8 s left, 0 failed
            simulating: 40 of 100 seeds, 10 seeds a second, 6 s left, 0 failed
            simulating: 60 of 100 seeds, 10 seeds a second, 4 s left, 0 failed
            simulating: 80 of 100 seeds, 10 seeds a second, 2 s left, 0 failed
            simulating: 100 of 100 seeds, 10 seeds a second, 10 s, 0 failed

            """,
            output.ToString());
    }

    [Fact]
    public void Nothing_is_said_where_nobody_reads()
    {
        using var output = new StringWriter();
        var lines = new ProgressLines(output, isShown: false, () => _now);
        lines.Tell("copying", 1, 1, "MiB");
        Assert.Equal("", output.ToString());
        // The tests' own standard error is no terminal.
        Assert.Equal(
            !Console.IsErrorRedirected, ProgressLines.Of(json: false).IsShown);
        Assert.False(ProgressLines.Of(json: true).IsShown);
    }

    [Theory]
    [InlineData(0, 0, 10, "x: 0 of 10 y")]
    [InlineData(5, 0, 0, "x: 5 y")]
    [InlineData(5, 2, 0, "x: 5 y, 2.50 y a second")]
    [InlineData(1, 100, 100, "x: 1 of 100 y, 0.01 y a second, 2 h 45 min left")]
    [InlineData(1_234.6, 10, 1_500, "x: 1,235 of 1,500 y, 123 y a second, 3 s left")]
    public void What_is_not_known_is_not_said(
        double done, double seconds, double all, string line) =>
        Assert.Equal(line, ProgressLines.Line("x", done, all, "y", seconds, ""));

    [Fact]
    public void A_node_that_catches_up_says_where_it_is_how_fast_and_how_long_yet()
    {
        var log = new Lines();
        var chain = new TestChain();
        var report = new SyncReport(log, () => _now);
        report.See(chain.View!);
        Assert.Empty(log.All);
        for (ulong i = 1; i <= 6; i++, _now += 500)
        {
            chain.Sync = new SyncStatus(Height.Genesis, new Height(i), new Height(20));
            chain.Mine();
            report.See(chain.View!);
        }
        chain.Sync = null;
        chain.Mine();
        report.See(chain.View!);
        report.See(chain.View!);
        Assert.Equal(
            [
                "catching up: block 5 of 20, 2.0 blocks a second, about 8 s left",
                "caught up: block 7, 6 blocks in 3.0 s",
            ],
            log.All);
    }

    private sealed class Lines : ILogger
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(
            Microsoft.Extensions.Logging.LogLevel logLevel, EventId eventId, TState state,
            Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Add(formatter(state, exception));
    }
}
