using System.Globalization;
using System.Text;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Models;

/// <summary>Training through the integer trainers, and what a model's bytes are in words.</summary>
internal static class ModelTraining
{
    /// <summary>Throws InvalidDataException where the series is too short to train on.</summary>
    public static byte[] Train(List<Fixed> samples, int horizon, bool isTrees)
    {
        int least = DemandSeries.Warmup + horizon + 2 * DemandFeatures.Count;
        if (samples.Count < least)
        {
            throw new InvalidDataException(
                $"{samples.Count} blocks are too few to train on: {least} are needed");
        }
        var series = new DemandSeries(samples);
        if (isTrees)
        {
            List<Fixed[]> features = series.Features();
            int last = samples.Count - 1 - horizon;
            List<Fixed[]> rows = features[DemandSeries.Warmup..last];
            Fixed[] targets = [.. Enumerable.Range(DemandSeries.Warmup, rows.Count)
                .Select(t => series.MeanAfter(t, horizon))];
            return GradientBoosting.Train(horizon, rows, targets, BoostingOptions.Default).Encode();
        }
        var trial = new ForecastTrial(series, samples.Count - 1);
        return trial.TryTrain(horizon, out LinearForecaster? model)
            ? model!.Encode()
            : throw new InvalidDataException(
                "the series determines no weights in the bound of 16: it hardly varies");
    }

    public static string Describe(byte[] bytes)
    {
        var text = new StringBuilder();
        void Line(string name, string value) => text.AppendLine($"{name,-14}{value}");
        Line("hash", Keccak.Hash(bytes).ToString());
        Line("bytes", bytes.Length.ToString("N0", CultureInfo.InvariantCulture));
        if (!ForecasterCoding.TryDecode(bytes, out IForecaster? model))
        {
            Line("kind", "none: not the canonical bytes of a model within the limits");
            return text.ToString();
        }
        Line("kind", model switch
        {
            TreeEnsemble trees => $"tree ensemble, {trees.TreeCount} trees of depth {trees.Depth}",
            LearnerSpec learner => $"learner, rate 2^-{learner.RateShift}, leak "
                + $"2^-{learner.LeakShift}, box {learner.Low} to {learner.High}",
            _ => "linear",
        });
        bool isKnown = FeatureSets.TryGetCount(model!.FeatureSet, out int count);
        Invariant.Require(isKnown);
        Line("features", $"{count} (set {model.FeatureSet})");
        Line("horizon", $"{model.HorizonBlocks} blocks");
        Line("steps", model.Steps.ToString("N0", CultureInfo.InvariantCulture));
        Line("decides", bytes.Length <= ModelStorage.BudgetBytes
            ? "yes: within what a decision reads"
            : $"no: a decision reads {ModelStorage.BudgetBytes:N0} bytes; INFER serves it");
        return text.ToString();
    }
}
