using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Learning inside consensus, block by block. Where a loop has a learner, as a champion or as a
/// shadow on trial, each block logs the features models would go by in it; a horizon later what
/// came of it is known, and every learner takes its step. The log holds sixteen samples: at
/// horizons beyond that every s-th block is one, so that none is overwritten before its time.
/// </summary>
internal sealed class LoopLearning(LoopContext context, ISteeringLoop loop, LoopRules rules)
{
    private readonly LoopMemory _memory = new(context);

    /// <summary>Blocks between samples.</summary>
    public static ulong StrideOf(uint horizonBlocks) =>
        Math.Max(1, (horizonBlocks + LoopMemory.LogSize - 1) / LoopMemory.LogSize);

    /// <summary>Learns from the sample a horizon back, then logs this block's.</summary>
    public void Step(in TrialWindow trial)
    {
        ulong height = context.Height.Value;
        ulong horizon = rules.Settings.HorizonBlocks;
        (Hash256 Hash, LearnerSpec Spec)? champion = ChampionLearner();
        LearnerSpec? shadow = trial.IsOpen(context.Height) ? LearnerOf(trial.Model) : null;
        if ((champion is null && shadow is null) || horizon == 0)
        {
            return;
        }
        ulong stride = StrideOf((uint)horizon);
        if (height > horizon && (height - horizon) % stride == 0
            && _memory.IsLogged((height - horizon) / stride, stride))
        {
            ulong sample = (height - horizon) / stride;
            Fixed realised = loop.Score(context, new Height(height - horizon), rules);
            if (champion is { } seated)
            {
                Learn(seated.Hash, seated.Spec, sample, realised, isChampion: true);
            }
            if (shadow is not null)
            {
                Learn(trial.Model, shadow, sample, realised, isChampion: false);
            }
        }
        if (height % stride == 0)
        {
            _memory.Log(height / stride, stride, loop.Features(context));
        }
    }

    // The first seat that has one: a loop's words hold the weights of one champion that learns.
    private (Hash256, LearnerSpec)? ChampionLearner()
    {
        foreach (Hash256 model in ModelStorage.Champions(context.State, loop.Name))
        {
            if (LearnerOf(model) is { } spec)
            {
                return (model, spec);
            }
        }
        return null;
    }

    private void Learn(
        in Hash256 hash, LearnerSpec spec, ulong sample, Fixed realised, bool isChampion)
    {
        Fixed[] features = _memory.Logged(sample, spec.FirstWeights.Count);
        Fixed[] weights = _memory.WeightsOf(spec, hash);
        _memory.Remember(hash, spec.Learn(weights, features, realised), isChampion);
    }

    private LearnerSpec? LearnerOf(in Hash256 hash) =>
        !hash.IsZero &&
        ModelStorage.TryRead(context.State, hash, out byte[] bytes) == SteeringFailure.None &&
        LearnerSpec.TryDecode(bytes, out LearnerSpec? spec) &&
        spec!.HorizonBlocks == rules.Settings.HorizonBlocks
            ? spec
            : null;
}
