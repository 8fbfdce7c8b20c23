using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// Which blocks an epoch has: so many heights each, the first from height 1 on; 0: one epoch
/// without end. Heights, unlike views, are the same on every node, and so is the last block of an
/// epoch once it is final.
/// </summary>
public readonly record struct EpochSchedule(ulong Blocks)
{
    /// <summary>The epoch whose validators make the block of this height final.</summary>
    public Epoch Of(Height height) =>
        new(Blocks == 0 || height == Height.Genesis ? 0 : (height.Value - 1) / Blocks);

    /// <summary>The last block's state says who the next epoch's validators are.</summary>
    public bool IsLast(Height height) =>
        Blocks > 0 && height > Height.Genesis && height.Value % Blocks == 0;

    /// <summary>True from epoch 1 on; genesis ends no epoch.</summary>
    public bool IsFirst(Height height) =>
        height > Height.Genesis && IsLast(new Height(height.Value - 1));

    /// <summary>Heights from this one to its epoch's last, both counted.</summary>
    public ulong LeftFrom(Height height) => Blocks == 0
        ? ulong.MaxValue
        : Blocks - (Math.Max(1, height.Value) - 1) % Blocks;
}
