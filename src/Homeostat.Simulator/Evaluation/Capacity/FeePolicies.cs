namespace Homeostat.Simulator;

/// <summary>What sets price and room block by block.</summary>
internal interface IFeePolicy
{
    /// <summary>Wei per gas of the next block.</summary>
    ulong Fee { get; }

    /// <summary>Gas the next block may hold; the hard cap on its time binds besides.</summary>
    ulong GasLimit { get; }

    /// <summary>After a block.</summary>
    void Advance(in MarketBlock block);
}

/// <summary>What a policy may see of a block.</summary>
/// <param name="Speeds">ns per gas each validator measured.</param>
/// <param name="PayableGas">Gas that waits though it could pay this block's price.</param>
internal readonly record struct MarketBlock(
    int Height, ulong GasUsed, double[] Speeds, ulong PayableGas);

/// <summary>
/// EIP-1559: a fixed target a block, a gas limit of twice that (ELASTICITY_MULTIPLIER), an eighth
/// (or another share) at most.
/// </summary>
internal sealed class FixedTarget(ulong targetOfBlock, double share) : IFeePolicy
{
    public ulong Fee { get; private set; } = ArrivalGenerator.FloorPrice;

    public ulong GasLimit => 2 * targetOfBlock;

    public void Advance(in MarketBlock block) =>
        Fee = Moved(Fee, block.GasUsed, targetOfBlock, share);

    public static ulong Moved(ulong fee, ulong used, ulong target, double share)
    {
        double fullness = Math.Min((double)used / target - 1, 1);
        double moved = fee * (1 + share * fullness);
        return (ulong)Math.Clamp(moved, ArrivalGenerator.FloorPrice, 1e17);
    }
}

/// <summary>
/// AIMD-1559 (Reijsbergen et al., "Transaction Fees on a Honeymoon", 2021): the share rises by a
/// constant while the last eight blocks were mostly full or mostly empty, and shrinks else.
/// </summary>
internal sealed class AdaptiveShare(ulong targetOfBlock) : IFeePolicy
{
    private const int Window = 8;
    private const double Threshold = 0.25;
    private const double Increase = 0.025;
    private const double Decrease = 0.95;
    private readonly Queue<double> _fullness = new();
    private double _share = 0.125;

    public ulong Fee { get; private set; } = ArrivalGenerator.FloorPrice;

    public ulong GasLimit => 2 * targetOfBlock;

    public void Advance(in MarketBlock block)
    {
        _fullness.Enqueue(Math.Min((double)block.GasUsed / targetOfBlock - 1, 1));
        if (_fullness.Count > Window)
        {
            _fullness.Dequeue();
        }
        bool isOneSided = Math.Abs(_fullness.Average()) > Threshold;
        _share = Math.Clamp(isOneSided ? _share + Increase : _share * Decrease, 0.01, 1);
        Fee = FixedTarget.Moved(Fee, block.GasUsed, targetOfBlock, _share);
    }
}

/// <summary>
/// ACP-176 (Avalanche): the price is exponential in gas used over the target, K = 87 targets;
/// room refills at twice the target and holds ten seconds of that.
/// </summary>
internal sealed class ExcessPrice(ulong targetPerSecond) : IFeePolicy
{
    private const double Seconds = ArrivalGenerator.IntervalMs / 1_000.0;
    private double _excess;
    private double _room = 20.0 * targetPerSecond;

    public ulong Fee => (ulong)Math.Min(
        ArrivalGenerator.FloorPrice * Math.Exp(_excess / (87.0 * targetPerSecond)), 1e17);

    public ulong GasLimit => (ulong)_room;

    public void Advance(in MarketBlock block)
    {
        _room = Math.Min(
            _room - block.GasUsed + 2.0 * targetPerSecond * Seconds, 20.0 * targetPerSecond);
        _excess = Math.Max(_excess + block.GasUsed - targetPerSecond * Seconds, 0);
    }
}
