using System.Numerics;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>How a policy's forecasts compared with what came.</summary>
/// <param name="MeanAbsoluteError">In the series' unit.</param>
/// <param name="RootMeanSquareError">In the series' unit.</param>
public sealed record ForecastScore(
    string Policy, int Horizon, int Count, Fixed MeanAbsoluteError, Fixed RootMeanSquareError);

/// <summary>
/// A forecaster against its twin and the plain estimates, on a series split by time: what a policy
/// learns comes from the first part only, and every score is of the second. What is forecast is the
/// mean demand of the next `horizon` blocks.
/// </summary>
public sealed class ForecastTrial
{
    private readonly DemandSeries _series;
    private readonly List<Fixed[]> _features;

    /// <param name="series">Demand block by block.</param>
    /// <param name="trainCount">Blocks of the first part; no target of it reaches into the second.
    /// </param>
    public ForecastTrial(DemandSeries series, int trainCount)
    {
        Invariant.Require(trainCount >= 0 && trainCount < series.Count);
        _series = series;
        TrainCount = trainCount;
        _features = series.Features();
    }

    public int TrainCount { get; }

    /// <summary>
    /// The linear forecaster of the training part, false where it has too few blocks.
    /// </summary>
    public bool TryTrain(int horizon, out LinearForecaster? model)
    {
        var regression = new IntegerLeastSquares(DemandFeatures.Count);
        for (int t = DemandSeries.Warmup; t + horizon < TrainCount; t++)
        {
            regression.Add(_features[t], _series.MeanAfter(t, horizon));
        }
        model = regression.TrySolve(out Fixed[] weights) &&
            weights.All(w => Fixed.Abs(w) <= LinearForecaster.MaximumWeight)
                ? new LinearForecaster(horizon, weights)
                : null;
        return model is not null;
    }

    /// <summary>Every policy's score over the second part.</summary>
    public IReadOnlyList<ForecastScore> Score(LinearForecaster model)
    {
        int horizon = model.HorizonBlocks;
        Fixed mean = TrainingMean();
        (Fixed level, Fixed slope) = Autoregression(horizon);
        return
        [
            Score("model", horizon, t => model.Evaluate(_features[t]).Output),
            Score("twin (medium EWMA)", horizon, t => _features[t][6]),
            Score("slow EWMA", horizon, t => _features[t][7]),
            Score("fast EWMA", horizon, t => _features[t][5]),
            Score("persistence", horizon, t => _features[t][0]),
            Score("training mean", horizon, _ => mean),
            Score("AR(1)", horizon, t => level + slope * _features[t][0]),
        ];
    }

    private Fixed TrainingMean() =>
        TrainCount == 0 ? Fixed.Zero : _series.MeanAfter(-1, TrainCount);

    private (Fixed Level, Fixed Slope) Autoregression(int horizon)
    {
        var regression = new IntegerLeastSquares(2, hasRidge: false);
        for (int t = DemandSeries.Warmup; t + horizon < TrainCount; t++)
        {
            regression.Add([Fixed.One, _features[t][0]], _series.MeanAfter(t, horizon));
        }
        return regression.TrySolve(out Fixed[] weights)
            ? (weights[0], weights[1])
            : (Fixed.Zero, Fixed.One);
    }

    private ForecastScore Score(string policy, int horizon, Func<int, Fixed> forecast)
    {
        BigInteger absolute = BigInteger.Zero;
        BigInteger square = BigInteger.Zero;
        int count = 0;
        int first = Math.Max(TrainCount, DemandSeries.Warmup);
        for (int t = first; t + horizon < _series.Count; t++)
        {
            BigInteger error =
                (BigInteger)forecast(t).Raw - _series.MeanAfter(t, horizon).Raw;
            absolute += BigInteger.Abs(error);
            square += error * error;
            count++;
        }
        return new ForecastScore(policy, horizon, count,
            Fixed.FromRaw((long)(absolute / Math.Max(count, 1))),
            Fixed.FromRaw((long)Root(square / Math.Max(count, 1))));
    }

    // Newton's integer square root.
    private static BigInteger Root(BigInteger value)
    {
        if (value.IsZero)
        {
            return value;
        }
        BigInteger root = BigInteger.One << (int)(value.GetBitLength() / 2 + 1);
        for (; ; )
        {
            BigInteger next = (root + value / root) >> 1;
            if (next >= root)
            {
                return root;
            }
            root = next;
        }
    }
}
