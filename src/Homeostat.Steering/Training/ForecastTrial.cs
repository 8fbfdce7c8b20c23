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
    public IReadOnlyList<ForecastScore> Score(LinearForecaster model) =>
        [.. Errors(model).Select(item => Score(item.Policy, model.HorizonBlocks, item.Errors))];

    /// <summary>
    /// Every policy's errors over the second part, forecast less what came, block by block.
    /// </summary>
    public IReadOnlyList<(string Policy, IReadOnlyList<Fixed> Errors)> Errors(
        LinearForecaster model)
    {
        int horizon = model.HorizonBlocks;
        Fixed mean = TrainingMean();
        (Fixed level, Fixed slope) = Autoregression(horizon);
        return
        [
            ("model", ErrorsOf(horizon, t => model.Evaluate(_features[t]).Output)),
            ("twin (medium EWMA)", ErrorsOf(horizon, t => _features[t][6])),
            ("slow EWMA", ErrorsOf(horizon, t => _features[t][7])),
            ("fast EWMA", ErrorsOf(horizon, t => _features[t][5])),
            ("long mean", ErrorsOf(horizon, t => _features[t][3])),
            ("persistence", ErrorsOf(horizon, t => _features[t][0])),
            ("training mean", ErrorsOf(horizon, _ => mean)),
            ("AR(1)", ErrorsOf(horizon, t => level + slope * _features[t][0])),
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

    private List<Fixed> ErrorsOf(int horizon, Func<int, Fixed> forecast)
    {
        var errors = new List<Fixed>();
        int first = Math.Max(TrainCount, DemandSeries.Warmup);
        for (int t = first; t + horizon < _series.Count; t++)
        {
            errors.Add(forecast(t) - _series.MeanAfter(t, horizon));
        }
        return errors;
    }

    private static ForecastScore Score(
        string policy, int horizon, IReadOnlyList<Fixed> errors)
    {
        BigInteger absolute = BigInteger.Zero;
        BigInteger square = BigInteger.Zero;
        foreach (Fixed error in errors)
        {
            absolute += BigInteger.Abs(error.Raw);
            square += (BigInteger)error.Raw * error.Raw;
        }
        int count = Math.Max(errors.Count, 1);
        return new ForecastScore(policy, horizon, errors.Count,
            Fixed.FromRaw((long)(absolute / count)),
            Fixed.FromRaw((long)Root(square / count)));
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
