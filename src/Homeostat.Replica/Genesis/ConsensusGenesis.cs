using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>The consensus loop's rules in genesis (docs/spec/consensus.md).</summary>
internal static class ConsensusGenesis
{
    /// <summary>
    /// The first champion: it says that the next epoch's votes will take what they take now and
    /// took of late, half and half, and learns better weights from what came.
    /// </summary>
    public static LearnerSpec Model(ChainConfig config)
    {
        Fixed half = Fixed.One.Scale(-1);
        LearnerSpec? model = LearnerSpec.Create(
            SteeringProgram.ConsensusFeatureSet, Horizon(config), rateShift: 3, leakShift: 6,
            deadZone: Fixed.One.Scale(-4), low: Fixed.Zero, high: Fixed.FromInteger(4),
            [half, half]);
        Invariant.Require(model is not null);
        return model!;
    }

    private static int Horizon(ChainConfig config) =>
        (int)Math.Max(1, config.Staking.EpochBlocks);

    public static LoopGenesis Loop(ChainConfig config, uint dwellBlocks)
    {
        uint blocks = (uint)config.Staking.EpochBlocks;
        return new LoopGenesis(
            SteeringProgram.ConsensusLoopName, config.ConsensusMode, dwellBlocks,
            LoopSettings.Of([0, Math.Max(1, blocks / 2), (uint)Horizon(config)]),
            [
                Rules(50, 60_000, config.LeaderTimeoutMs, 5_000, 160_000),
                Rules(100, 10_000, 10_000, 10_000, 200_000),
                Rules(100, 10_000, config.Staking.WeightCap, 2_500, 100_000),
                Rules(0, 10_000, config.Staking.Presence, 10_000, 100_000),
            ]);
    }

    private static ActuatorRules Rules(
        ulong least, ulong most, ulong ratified, uint step, uint distance) =>
        new(least, most, ratified, 0, step, 1, distance);
}
