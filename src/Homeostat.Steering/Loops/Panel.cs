using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What a loop's champions said.</summary>
/// <param name="Failure">Why none of them may propose; None where one does.</param>
/// <param name="Model">The one that proposes; zero when none does.</param>
/// <param name="Forecast">Its output and attributions.</param>
/// <param name="Members">All that were asked.</param>
internal sealed record PanelAnswer(
    SteeringFailure Failure, Hash256 Model, Forecast Forecast, IReadOnlyList<PanelMember> Members);

/// <summary>One champion's answer.</summary>
internal readonly record struct PanelMember(
    Hash256 Model, SteeringFailure Failure, Forecast Forecast);

/// <summary>Asks a loop's champions. Whatever fails is named, and the twin acts.</summary>
internal static class Panel
{
    public static PanelAnswer Ask(
        IStorageReader state, in Hash256 loop, LoopInputs inputs, uint horizonBlocks)
    {
        Hash256 champion = ModelStorage.Champion(state, loop);
        if (champion.IsZero)
        {
            return new PanelAnswer(SteeringFailure.NoChampion, champion, Forecast.None, []);
        }
        PanelMember only = AskOne(state, champion, inputs, horizonBlocks);
        return new PanelAnswer(only.Failure, champion, only.Forecast, [only]);
    }

    private static PanelMember AskOne(
        IStorageReader state, in Hash256 model, LoopInputs inputs, uint horizonBlocks)
    {
        try
        {
            SteeringFailure failure =
                TryForecast(state, model, inputs, horizonBlocks, out Forecast forecast);
            return new PanelMember(model, failure, forecast);
        }
#pragma warning disable CA1031 // Whatever a model does, the twin acts.
        catch (Exception)
#pragma warning restore CA1031
        {
            return new PanelMember(model, SteeringFailure.Internal, Forecast.None);
        }
    }

    private static SteeringFailure TryForecast(
        IStorageReader state, in Hash256 model, LoopInputs inputs, uint horizonBlocks,
        out Forecast forecast)
    {
        forecast = Forecast.None;
        SteeringFailure failure = ModelStorage.TryRead(state, model, out byte[] bytes);
        if (failure != SteeringFailure.None)
        {
            return failure;
        }
        // A model of another horizon answers another question than the one the twin is asked.
        if (!ForecasterCoding.TryDecode(bytes, out IForecaster? decoded) ||
            decoded!.HorizonBlocks != horizonBlocks)
        {
            return SteeringFailure.MalformedModel;
        }
        forecast = decoded.Evaluate(inputs.Features);
        return SteeringFailure.None;
    }
}
