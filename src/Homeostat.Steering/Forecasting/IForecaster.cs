using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>A model that forecasts demand, named by the hash of its canonical bytes.</summary>
public interface IForecaster
{
    /// <summary>Blocks whose mean demand it forecasts.</summary>
    int HorizonBlocks { get; }

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
        bool isEnsemble = TreeEnsemble.TryDecode(bytes, out TreeEnsemble? ensemble);
        model = ensemble;
        return isEnsemble;
    }
}
