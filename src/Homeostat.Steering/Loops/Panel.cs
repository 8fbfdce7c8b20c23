using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What a loop's champions said.</summary>
/// <param name="Failure">Why none of them may propose; None where one does.</param>
/// <param name="Model">The one whose output is taken; zero when none answered.</param>
/// <param name="Forecast">Its output and attributions.</param>
/// <param name="Members">All that were asked.</param>
internal sealed record PanelAnswer(
    SteeringFailure Failure, Hash256 Model, Forecast Forecast, IReadOnlyList<PanelMember> Members);

/// <summary>One model's answer.</summary>
internal readonly record struct PanelMember(
    Hash256 Model, SteeringFailure Failure, Forecast Forecast);

/// <summary>
/// Asks a loop's champions within the loop's budget of steps. Of three the medoid acts: the output
/// with the least sum of distances to the others, so one bad model of three decides nothing. Where
/// they disagree beyond the bound, none does. Whatever fails is named, and the twin acts.
/// </summary>
internal sealed class Panel(LoopContext context, LoopInputs inputs, LoopRules rules)
{
    // Below this an output is next to nothing, and disagreement in shares of it means nothing.
    private static readonly Fixed Negligible = Fixed.One.Scale(-6);

    private readonly LoopMemory _memory = new(context);
    private long _steps = rules.Settings.ComputeSteps;

    public PanelAnswer Ask(in Hash256 loop)
    {
        Hash256[] all = ModelStorage.Champions(context.State, loop);
        Hash256[] seats = [.. all.Where(h => !h.IsZero)];
        if (seats.Length == 0)
        {
            return new PanelAnswer(SteeringFailure.NoChampion, Hash256.Zero, Forecast.None, []);
        }
        PanelMember[] members = [.. seats.Select(AskOne)];
        PanelMember[] answers = [.. members.Where(m => m.Failure == SteeringFailure.None)];
        if (answers.Length == 0)
        {
            return new PanelAnswer(members[0].Failure, members[0].Model, Forecast.None, members);
        }
        PanelMember medoid = answers.MinBy(
            m => answers.Aggregate(
                (Int128)0, (sum, other) => sum + Distance(m, other)));
        SteeringFailure failure = Disagree(answers, medoid.Forecast.Output)
            ? SteeringFailure.Disagreement
            : _memory.IsDrifting(all) ? SteeringFailure.Drift : SteeringFailure.None;
        return new PanelAnswer(failure, medoid.Model, medoid.Forecast, members);
    }

    /// <summary>Asks one model, champion or shadow, within what is left of the budget.</summary>
    public PanelMember AskOne(Hash256 model)
    {
        try
        {
            SteeringFailure failure = TryForecast(model, out Forecast forecast);
            return new PanelMember(model, failure, forecast);
        }
#pragma warning disable CA1031 // Whatever a model does, the twin acts.
        catch (Exception)
#pragma warning restore CA1031
        {
            return new PanelMember(model, SteeringFailure.Internal, Forecast.None);
        }
    }

    private bool Disagree(PanelMember[] answers, Fixed taken)
    {
        Fixed least = answers.Min(m => m.Forecast.Output);
        Fixed most = answers.Max(m => m.Forecast.Output);
        Fixed scale = Fixed.Max(
            Negligible, Fixed.Max(Fixed.Abs(taken), Fixed.Abs(inputs.TwinOutput)));
        return (Int128)((Int128)most.Raw - least.Raw) * ActuatorRules.Basis >
            (Int128)scale.Raw * rules.Settings.DisagreementBasisPoints;
    }

    private static Int128 Distance(in PanelMember a, in PanelMember b) =>
        Int128.Abs((Int128)a.Forecast.Output.Raw - b.Forecast.Output.Raw);

    private SteeringFailure TryForecast(in Hash256 model, out Forecast forecast)
    {
        forecast = Forecast.None;
        SteeringFailure failure = ModelStorage.TryRead(context.State, model, out byte[] bytes);
        if (failure != SteeringFailure.None)
        {
            return failure;
        }
        // A model of another horizon answers another question than the one the twin is asked.
        if (!ForecasterCoding.TryDecode(bytes, out IForecaster? decoded) ||
            decoded!.FeatureSet != inputs.FeatureSet ||
            decoded.HorizonBlocks != rules.Settings.HorizonBlocks)
        {
            return SteeringFailure.MalformedModel;
        }
        if (decoded.Steps > _steps)
        {
            return SteeringFailure.OverBudget;
        }
        _steps -= decoded.Steps;
        forecast = decoded is LearnerSpec learner
            ? LearnerSpec.Evaluate(inputs.Features, _memory.WeightsOf(learner, model))
            : decoded.Evaluate(inputs.Features);
        return SteeringFailure.None;
    }
}
