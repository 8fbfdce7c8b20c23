using Homeostat.Node.Loop;

namespace Homeostat.Node.Tests;

public sealed class NodeClockTests : IDisposable
{
    private const long Hour = 3_600_000;

    private readonly string _file = Path.GetTempFileName();

    [Theory]
    [InlineData("3600000", Hour)]
    [InlineData("-3600000\n", -Hour)]
    [InlineData("", 0)]
    [InlineData("an hour", 0)]
    public void A_file_moves_the_clock(string text, long offsetMs)
    {
        File.WriteAllText(_file, text);
        Assert.InRange(new NodeClock(_file).NowMs() - TrueMs() - offsetMs, -60_000, 60_000);
    }

    [Fact]
    public void Without_a_file_it_is_the_machines()
    {
        Assert.InRange(new NodeClock("").NowMs() - TrueMs(), -60_000, 60_000);
        File.Delete(_file);
        Assert.InRange(new NodeClock(_file).NowMs() - TrueMs(), -60_000, 60_000);
    }

    public void Dispose() => File.Delete(_file);

    private static long TrueMs() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
}
