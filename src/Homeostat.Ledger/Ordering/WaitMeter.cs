using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>What a block was made by: its time and what its transactions had to offer.</summary>
public readonly record struct BlockTerms(long TimeMs, UInt256 BaseFee, ClassPrices Prices);

/// <summary>
/// How long one node sees each class wait, in blocks (docs/spec/ordering.md, "The wait"). A
/// transaction's wait is 1 for the first block that could have held it and 1 for each of the blocks
/// between that one and its own in which it could have stood in its class: made after it had been
/// executable here for the slack, at a base fee and premiums that its fees covered. A class's wait
/// is the mean over its transactions in the last blocks, each counting once: a large one waits for
/// room whatever it pays, and by gas a few of them would make the price of all. Bounded: terms of a
/// few blocks, sums of a few more.
/// </summary>
public sealed class WaitMeter
{
    /// <summary>A block's wait in the measure's unit.</summary>
    public const int UnitsOfBlock = 32;

    /// <summary>A longer wait counts as this: eight blocks, less a unit.</summary>
    public const int MostUnits = 8 * UnitsOfBlock - 1;

    /// <summary>Blocks whose transactions the mean is over.</summary>
    private const int Window = 16;

    /// <summary>Blocks that one transaction's wait may count.</summary>
    private const int MostBlocks = 8;

    private readonly Queue<BlockTerms> _terms = new(MostBlocks);
    private readonly Queue<Sums> _blocks = new(Window);
    private readonly Sums _kept = new();
    private Sums _current = new();

    /// <summary>A transaction of the block that <see cref="EndBlock"/> ends.</summary>
    /// <param name="paid">The class whose premium it paid.</param>
    /// <param name="sinceMs">Since when this node had it as its sender's next, and the slack that
    /// it needs to reach a leader.</param>
    public void Included(Transaction transaction, FeeClass paid, long sinceMs)
    {
        if (paid == FeeClass.Standard)
        {
            return;
        }
        int blocks = 1;
        foreach (BlockTerms block in _terms)
        {
            bool couldStand = block.TimeMs > sinceMs && transaction.MaxFee >= block.BaseFee
                && block.Prices.ClassOf(transaction, block.BaseFee) >= paid;
            blocks += couldStand ? 1 : 0;
        }
        _current.Add(paid, Math.Min(blocks * UnitsOfBlock, MostUnits));
    }

    /// <summary>The block is over; its transactions are told.</summary>
    public void EndBlock(BlockTerms terms)
    {
        if (_terms.Count == MostBlocks - 1)
        {
            _terms.Dequeue();
        }
        _terms.Enqueue(terms);
        if (_blocks.Count == Window)
        {
            _kept.Add(_blocks.Dequeue(), -1);
        }
        _blocks.Enqueue(_current);
        _kept.Add(_current, 1);
        _current = new Sums();
    }

    /// <summary>In units; 0: none of the class was in the last blocks.</summary>
    public byte Of(FeeClass feeClass) => _kept.Mean(feeClass);

    /// <summary>Transactions by class, and their waits.</summary>
    private sealed class Sums
    {
        private readonly long[] _count = new long[ClassPrices.Classes];
        private readonly long[] _units = new long[ClassPrices.Classes];

        public void Add(FeeClass feeClass, int units)
        {
            _count[(int)feeClass]++;
            _units[(int)feeClass] += units;
        }

        public void Add(Sums other, int sign)
        {
            for (int i = 0; i < ClassPrices.Classes; i++)
            {
                _count[i] += sign * other._count[i];
                _units[i] += sign * other._units[i];
            }
        }

        public byte Mean(FeeClass feeClass)
        {
            long count = _count[(int)feeClass];
            return count == 0 ? (byte)0 : (byte)((_units[(int)feeClass] + count / 2) / count);
        }
    }
}
