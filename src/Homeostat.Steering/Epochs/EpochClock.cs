using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Where in its epoch a height stands, by the length in the ValidatorSet predeploy.
/// </summary>
public readonly record struct EpochClock(ulong Blocks)
{
    public static EpochClock Read(IStorageReader state) => new(
        (state.Read(PredeployAddresses.ValidatorSet, ValidatorStorage.EpochSlot)).U1);

    public bool IsLast(Height height) =>
        Blocks > 0 && height.Value > 0 && height.Value % Blocks == 0;

    /// <summary>Height 1 is the first of epoch 0.</summary>
    public bool IsFirst(Height height) =>
        Blocks > 0 && height.Value > 0 && (height.Value - 1) % Blocks == 0;
}
