using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// Which blocks an epoch has: so many heights each, the first from height 1 on; 0: one epoch
/// without end. Heights, unlike views, are the same on every node, and so is the last block of an
/// epoch once it is final.
/// </summary>
/// <remarks>
/// A recovery (docs/operating/recover.md) ends an epoch early, at a height that operators agreed
/// on; all later epochs are then numbered one higher, so that no vote of before counts after.
/// </remarks>
public readonly record struct EpochSchedule(ulong Blocks)
{
    private readonly IReadOnlyList<Height>? _recoveries;

    /// <summary>Heights at which recoveries ended an epoch, rising.</summary>
    public IReadOnlyList<Height> Recoveries
    {
        get => _recoveries ?? [];
        init => _recoveries = value;
    }

    /// <summary>The epoch whose validators make the block of this height final.</summary>
    public Epoch Of(Height height)
    {
        ulong epoch =
            Blocks == 0 || height == Height.Genesis ? 0 : (height.Value - 1) / Blocks;
        foreach (Height recovery in Recoveries)
        {
            epoch += recovery < height && !IsRegularLast(recovery) ? 1UL : 0;
        }
        return new Epoch(epoch);
    }

    /// <summary>The last block's state says who the next epoch's validators are.</summary>
    public bool IsLast(Height height) => IsRegularLast(height) || Recoveries.Contains(height);

    /// <summary>The same, by its length alone: here the state names new validators.</summary>
    public bool IsRegularLast(Height height) =>
        Blocks > 0 && height > Height.Genesis && height.Value % Blocks == 0;

    /// <summary>True from epoch 1 on; genesis ends no epoch.</summary>
    public bool IsFirst(Height height) =>
        height > Height.Genesis && IsLast(new Height(height.Value - 1));

    /// <summary>Heights from this one to its epoch's last, both counted.</summary>
    public ulong LeftFrom(Height height)
    {
        ulong left = Blocks == 0
            ? ulong.MaxValue
            : Blocks - (Math.Max(1, height.Value) - 1) % Blocks;
        foreach (Height recovery in Recoveries)
        {
            if (recovery >= height)
            {
                left = Math.Min(left, recovery.Value - height.Value + 1);
            }
        }
        return left;
    }
}
