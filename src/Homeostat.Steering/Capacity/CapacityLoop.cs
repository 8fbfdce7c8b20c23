using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// One decision of the capacity loop: readings and features in, the model's and the twin's
/// proposals out. Whatever fails on the model's side is named in the decision, and the twin acts.
/// </summary>
internal static class CapacityLoop
{
    /// <summary>bytes32 text "capacity".</summary>
    public static readonly Hash256 Name = NameOf("capacity"u8);

    public static DecisionInput Decide(
        IStorageReader state, Height height, in LoopParameters parameters,
        IReadOnlyList<Fixed> features, CapacityReadings readings, in Estimators estimators)
    {
        CapacityRules rules = CapacityRules.Read(state);
        Hash256 champion = ModelStorage.Champion(state, Name);
        SteeringFailure failure = AskModel(
            state, champion, features, parameters.HorizonBlocks, out Forecast forecast);
        Fixed twin = estimators.Medium;
        ulong[] numbers =
        [
            readings.NanosecondsPerKilogas, readings.PropagationMs, readings.PoolKilogas,
            readings.ReportedWeight, readings.AllWeight,
            CapacityRule.ExecutionCeiling(readings, parameters),
        ];
        ulong[] model = failure == SteeringFailure.None
            ? Vector(CapacityRule.Propose(forecast.Output, readings, rules, parameters, height))
            : [];
        return new DecisionInput(
            Name, champion, InputsHash(rules, parameters, champion, features, numbers), failure,
            forecast.Output, twin, numbers, model,
            Vector(CapacityRule.Propose(twin, readings, rules, parameters, height)),
            features, forecast.Attributions);
    }

    private static SteeringFailure TryForecast(
        IStorageReader state, in Hash256 champion, IReadOnlyList<Fixed> features, uint horizon,
        out Forecast forecast)
    {
        forecast = Forecast.None;
        if (champion.IsZero)
        {
            return SteeringFailure.NoChampion;
        }
        SteeringFailure failure = ModelStorage.TryRead(state, champion, out byte[] bytes);
        if (failure != SteeringFailure.None)
        {
            return failure;
        }
        // A model of another horizon answers another question than the one the twin is asked.
        if (!ForecasterCoding.TryDecode(bytes, out IForecaster? model) ||
            model!.HorizonBlocks != horizon)
        {
            return SteeringFailure.MalformedModel;
        }
        forecast = model.Evaluate(features);
        return SteeringFailure.None;
    }

    private static SteeringFailure AskModel(
        IStorageReader state, in Hash256 champion, IReadOnlyList<Fixed> features, uint horizon,
        out Forecast forecast)
    {
        try
        {
            return TryForecast(state, champion, features, horizon, out forecast);
        }
#pragma warning disable CA1031 // Whatever a model does, the twin acts.
        catch (Exception)
#pragma warning restore CA1031
        {
            forecast = Forecast.None;
            return SteeringFailure.Internal;
        }
    }

    // What `verify` recomputes a decision from, in the order of the spec.
    private static Hash256 InputsHash(
        CapacityRules rules, in LoopParameters parameters, in Hash256 champion,
        IReadOnlyList<Fixed> features, ulong[] readings) =>
        Keccak.Hash(new AbiTuple()
            .Add(rules.InForce.ToWord()).Add(parameters.ToWord()).Add(champion)
            .Add((UInt256)(ulong)rules.Mode).Add(features).Add(readings).Encode());

    private static ulong[] Vector(in ChainParameters p) =>
        [p.GasTargetPerSecond, p.GasLimit, p.MinimumBaseFee, p.BlockIntervalMs];

    private static Hash256 NameOf(ReadOnlySpan<byte> text)
    {
        byte[] word = new byte[Hash256.Size];
        text.CopyTo(word);
        return new Hash256(word);
    }
}
