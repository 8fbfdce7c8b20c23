using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>A model: numbers in, one out, named by the hash of its canonical bytes.</summary>
public interface IForecaster
{
    /// <summary>Names the features it takes (<see cref="FeatureSets"/>).</summary>
    byte FeatureSet { get; }

    /// <summary>Blocks its answer is about.</summary>
    int HorizonBlocks { get; }

    /// <summary>What asking it costs, whatever the features: counted, not timed.</summary>
    int Steps { get; }

    /// <summary>Never saturates; the attributions sum exactly to the output.</summary>
    Forecast Evaluate(IReadOnlyList<Fixed> features);

    byte[] Encode();
}

/// <summary>Tells the kinds of model apart by their first bytes.</summary>
public static class ForecasterCoding
{
    /// <summary>False when the bytes are the canonical ones of no model.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out IForecaster? model)
    {
        if (LinearForecaster.TryDecode(bytes, out LinearForecaster? linear))
        {
            model = linear;
            return true;
        }
        if (LearnerSpec.TryDecode(bytes, out LearnerSpec? learner))
        {
            model = learner;
            return true;
        }
        bool isEnsemble = TreeEnsemble.TryDecode(bytes, out TreeEnsemble? ensemble);
        model = ensemble;
        return isEnsemble;
    }
}
