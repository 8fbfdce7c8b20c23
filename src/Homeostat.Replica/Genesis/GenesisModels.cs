using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>The models that genesis registers.</summary>
public static class GenesisModels
{
    /// <summary>The capacity loop's first champion.</summary>
    public static IForecaster Capacity()
    {
        bool isModel = ForecasterCoding.TryDecode(
            EmbeddedArtifacts.Model(GenesisAllocations.CapacityModel), out IForecaster? model);
        Invariant.Require(isModel);
        return model!;
    }
}
