using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

public sealed class LinearForecasterTests
{
    [Fact]
    public void Attributions_sum_exactly_to_the_output()
    {
        var random = new SeededRandom(3);
        for (int round = 0; round < 1_000; round++)
        {
            Fixed[] weights = Draw(random, LinearForecaster.MaximumWeight);
            Fixed[] features = Draw(random, DemandFeatures.MaximumDemand);
            Forecast forecast = new LinearForecaster(10, weights).Evaluate(features);
            Int128 sum = 0;
            foreach (Fixed share in forecast.Attributions)
            {
                sum += share.Raw;
            }
            Assert.Equal(sum, forecast.Output.Raw);
        }
    }

    [Fact]
    public void Only_canonical_bytes_decode()
    {
        byte[] bytes = ForecasterTrainingTests.Registered(10).Encode();
        Assert.True(LinearForecaster.TryDecode(bytes, out LinearForecaster? model));
        Assert.Equal(bytes, model!.Encode());
        Assert.False(LinearForecaster.TryDecode(bytes.AsSpan(1), out _));
        Assert.False(LinearForecaster.TryDecode([.. bytes, 0], out _));
        for (int place = 0; place < 8; place++)
        {
            byte[] altered = [.. bytes];
            altered[place] ^= 0xff;
            bool isHorizon = place >= 6;
            Assert.Equal(isHorizon, LinearForecaster.TryDecode(altered, out _));
        }
        byte[] heavy = [.. bytes];
        heavy[8] = 0x7f;
        Assert.False(LinearForecaster.TryDecode(heavy, out _));
    }

    [Fact]
    public void Scaled_traffic_gives_a_scaled_forecast()
    {
        LinearForecaster model = ForecasterTrainingTests.Registered(10);
        Fixed[] features =
            [.. Enumerable.Range(1, DemandFeatures.Count).Select(i => Fixed.FromInteger(i))];
        Fixed[] tripled = [.. features.Select(f => f * Fixed.FromInteger(3))];
        Fixed difference = model.Evaluate(tripled).Output -
            model.Evaluate(features).Output * Fixed.FromInteger(3);
        Assert.True(Fixed.Abs(difference).Raw < 64);
    }

    private static Fixed[] Draw(SeededRandom random, Fixed bound) =>
    [
        .. Enumerable.Range(0, DemandFeatures.Count)
            .Select(_ => Fixed.FromRaw(random.NextBetween(-bound.Raw, bound.Raw + 1))),
    ];
}
