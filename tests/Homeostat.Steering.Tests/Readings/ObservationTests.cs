using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

public sealed class ObservationTests
{
    private static readonly Observation Example =
        new(10_000, 250_000, 42, 63_000, 3_000, 17, 120);

    [Fact]
    public void Encoding_is_pinned_and_decodes_to_the_same()
    {
        byte[] bytes = Example.Encode();
        Assert.Equal(Observation.Size, bytes.Length);
        Assert.Equal(
            "0x0100000027100003d090002a0000f61800000bb800110078", Hex.Encode(bytes));
        Assert.True(Observation.TryDecode(bytes, out Observation decoded, out _));
        Assert.Equal(Example, decoded);
    }

    [Fact]
    public void Malformed_bytes_are_refused_with_a_reason()
    {
        byte[] bytes = Example.Encode();
        Assert.False(Observation.TryDecode(bytes.AsSpan(1), out _, out string? error));
        Assert.Contains("23 bytes", error, StringComparison.Ordinal);
        byte[] otherVersion = [9, .. bytes[1..]];
        Assert.False(Observation.TryDecode(otherVersion, out _, out error));
        Assert.Contains("layout 9.0", error, StringComparison.Ordinal);
        byte[] outOfRange = (Example with { NanosecondsPerKilogas = uint.MaxValue }).Encode();
        Assert.False(Observation.TryDecode(outOfRange, out _, out error));
        Assert.Contains("out of range", error, StringComparison.Ordinal);
    }
}
