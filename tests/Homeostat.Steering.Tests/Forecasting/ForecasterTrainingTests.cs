using System.Text.Json;
using Homeostat.Primitives;
using Xunit.Abstractions;

namespace Homeostat.Steering.Tests;

/// <summary>
/// The committed forecaster is what its data gives, and how it compares. With
/// HOMEOSTAT_WRITE_MODELS=1 the first test writes the models in place of comparing them.
/// </summary>
public sealed class ForecasterTrainingTests(ITestOutputHelper output)
{
    private const int TrainPercent = 70;

    private static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, NewLine = "\n" };

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(100)]
    public void Retraining_gives_the_registered_bytes(int horizon)
    {
        if (DemandRecords.TransactionsOfAugust2021() is not { } series)
        {
            return;
        }
        var trial = new ForecastTrial(series, series.Count * TrainPercent / 100);
        Assert.True(trial.TryTrain(horizon, out LinearForecaster? model));
        string text = Describe(model!, trial, series.Count);
        string path = PathOf(horizon);
        if (Environment.GetEnvironmentVariable("HOMEOSTAT_WRITE_MODELS") == "1")
        {
            File.WriteAllText(path, text);
        }
        Assert.Equal(text, File.ReadAllText(path));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(100)]
    public void Out_of_sample_the_forecaster_beats_the_plain_estimates(int horizon)
    {
        if (DemandRecords.TransactionsOfAugust2021() is not { } series)
        {
            return;
        }
        var trial = new ForecastTrial(series, series.Count * TrainPercent / 100);
        var scores = Report(trial, horizon, "transactions per block, August 2021");
        Assert.All(scores.Skip(1), other =>
            Assert.True(scores[0].RootMeanSquareError < other.RootMeanSquareError, other.Policy));
    }

    // No bar: these networks differ from the training data, and the report says how it fares there.
    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(100)]
    public void On_other_networks_its_scores_are_reported(int horizon)
    {
        if (DemandRecords.GasOfJanuary2026() is { } mainnet)
        {
            Report(Later(mainnet), horizon, "Mgas per block, January 2026");
        }
        if (DemandRecords.GasOfLoadTest() is { } loadTest)
        {
            Report(Later(loadTest), horizon, "Mgas per block, load test 2021");
        }
    }

    // The estimates that learn a level get a first part of the same series to learn it from.
    private static ForecastTrial Later(DemandSeries series) => new(series, series.Count * 30 / 100);

    private IReadOnlyList<ForecastScore> Report(ForecastTrial trial, int horizon, string series)
    {
        LinearForecaster model = Registered(horizon);
        IReadOnlyList<ForecastScore> scores = trial.Score(model);
        foreach (ForecastScore score in scores)
        {
            output.WriteLine($"{series}, {score.Horizon} blocks, n={score.Count}: " +
                $"{score.Policy} MAE {score.MeanAbsoluteError} RMSE {score.RootMeanSquareError}");
        }
        return scores;
    }

    internal static LinearForecaster Registered(int horizon)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(PathOf(horizon)));
        byte[] bytes = Hex.Decode(document.RootElement.GetProperty("encoded").GetString());
        Assert.True(LinearForecaster.TryDecode(bytes, out LinearForecaster? model));
        return model!;
    }

    private static string PathOf(int horizon) => Path.Combine(SharedData.RepositoryRoot,
        "src", "Homeostat.Replica", "Genesis", "Models", $"capacity-h{horizon}.json");

    private static string Describe(LinearForecaster model, ForecastTrial trial, int count)
    {
        var fields = new
        {
            hash = model.Hash.ToString(),
            encoded = Hex.Encode(model.Encode()),
            horizonBlocks = model.HorizonBlocks,
            weights = model.Weights.Select((w, i) => $"{DemandFeatures.Names[i]}: {w}").ToArray(),
            trainedOn = $"{DemandRecords.August2021}, " +
                $"the first {trial.TrainCount} of {count} blocks",
            trainedBy = "IntegerLeastSquares (src/Homeostat.Steering/Training), " +
                "checked by ForecasterTrainingTests",
            origin = "peterhi111/SW-Project-MEV @d3d449ad; only the weights are kept here",
        };
        return JsonSerializer.Serialize(fields, Indented) + "\n";
    }
}
