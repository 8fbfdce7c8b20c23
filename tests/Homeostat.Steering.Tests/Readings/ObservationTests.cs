using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

public sealed class ObservationTests
{
    private static readonly Observation Example =
        new(10_000, 250_000, 42, 63_000, 3_000, 17, 120, 40, 36);

    [Fact]
    public void Encoding_is_pinned_and_decodes_to_the_same()
    {
        byte[] bytes = Example.Encode();
        Assert.Equal(Observation.Size, bytes.Length);
        Assert.Equal(
            "0x0428000027100003d090002a0000f61824000bb800110078", Hex.Encode(bytes));
        Assert.True(Observation.TryDecode(bytes, out Observation decoded, out _));
        Assert.Equal(Example, decoded);
    }

    [Fact]
    public void The_whole_report_of_a_vote_is_pinned_and_decodes_to_the_same()
    {
        var report = new ObservationReport(
            Example, new ObservationSignals(Keccak.Hash([3]), Keccak.Hash([4])),
            [Keccak.Hash([2]), Keccak.Hash([1])]);
        byte[] bytes = report.Encode();
        Assert.Equal(88 + 64, bytes.Length);
        Assert.Equal(
            "0x0428000027100003d090002a0000f61824000bb800110078" +
            Hex.Encode(Keccak.Hash([3]).Bytes)[2..] + Hex.Encode(Keccak.Hash([4]).Bytes)[2..],
            Hex.Encode(bytes.AsSpan(0, 88)));
        Assert.True(ObservationReport.TryDecode(bytes, out ObservationReport? decoded, out _));
        Assert.Equal(bytes, decoded!.Encode());
        Assert.Equal(report.Signals, decoded.Signals);
        Assert.Equal(report.Overdue, decoded.Overdue);
    }

    [Theory]
    [InlineData("short", "87 bytes")]
    [InlineData("ragged", "89 bytes")]
    [InlineData("long", "632 bytes")]
    [InlineData("twice", "listed twice")]
    public void A_malformed_report_is_refused_with_a_reason(string kind, string reason)
    {
        byte[] least = new ObservationReport(Example, default, []).Encode();
        byte[] bytes = kind switch
        {
            "short" => least[..87],
            "ragged" => [.. least, 0],
            "long" => [.. least, .. new byte[17 * 32]],
            _ => [.. least, .. new byte[64]],
        };
        Assert.False(ObservationReport.TryDecode(bytes, out _, out string? error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Malformed_bytes_are_refused_with_a_reason()
    {
        byte[] bytes = Example.Encode();
        Assert.False(Observation.TryDecode(bytes.AsSpan(1), out _, out string? error));
        Assert.Contains("23 bytes", error, StringComparison.Ordinal);
        byte[] many = (Example with { PoolTransactions = uint.MaxValue }).Encode();
        Assert.True(Observation.TryDecode(many, out Observation least, out _));
        Assert.Equal(
            Example with { PoolTransactions = Observation.MaximumPoolTransactions }, least);
        byte[] otherVersion = [9, .. bytes[1..]];
        Assert.False(Observation.TryDecode(otherVersion, out _, out error));
        Assert.Contains("layout 9 ", error, StringComparison.Ordinal);
        byte[] outOfRange = (Example with { NanosecondsPerKilogas = uint.MaxValue }).Encode();
        Assert.False(Observation.TryDecode(outOfRange, out _, out error));
        Assert.Contains("out of range", error, StringComparison.Ordinal);
    }
}
