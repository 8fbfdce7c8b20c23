using System.Buffers.Binary;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What conditions aggregate over blocks (RuleBook's records).</summary>
public enum RuleSeries : byte
{
    /// <summary>Gas of the parent that burned base fee, thousands.</summary>
    DemandKilogas = 0,

    /// <summary>What slow validators take to execute that, microseconds.</summary>
    ExecutionMicros = 1,

    /// <summary>Their speed.</summary>
    NanosecondsPerKilogas = 2,

    /// <summary>From the parent to the block.</summary>
    IntervalMs = 3,

    PropagationMs = 4,

    /// <summary>Of the parent, wei.</summary>
    BaseFee = 5,
}

/// <summary>How; the median of an even number of blocks is the lower one.</summary>
public enum RuleAggregate : byte
{
    Last = 0,
    Mean = 1,
    Min = 2,
    Max = 3,
    Median = 4,
    Sum = 5,
}

/// <summary>Values of the chain as it is.</summary>
public enum RuleChainValue : byte
{
    Height = 0,
    Timestamp = 1,

    /// <summary>The Treasury's balance, gwei.</summary>
    TreasuryGwei = 2,

    /// <summary>Of the block the rule runs in, wei.</summary>
    BaseFee = 3,

    /// <summary>Rules in force.</summary>
    Rules = 4,
}

/// <summary>Values of a loop; errors and what came are those of its last outcome, Q32.32.</summary>
public enum RuleLoopValue : byte
{
    Mode = 0,
    Decisions = 1,
    ModelError = 2,
    TwinError = 3,
    Realised = 4,
    BlocksSinceDecision = 5,
}

/// <summary>What a condition reads of the chain, one read after another.</summary>
public interface IRuleReads
{
    /// <summary>A series' value of a block so many before the newest, or null: not kept.</summary>
    ulong? Record(RuleSeries series, int back);

    UInt256 Chain(RuleChainValue which);

    ulong Loop(RuleLoopValue which, int place);

    ulong Field(int place, int field);

    uint Parameter(int place, int index);
}

/// <summary>
/// The language of contracts/src/governance/RuleConditions.sol, for those who write rules, dry runs
/// and explanations. The contract decides; a test holds the two together on random code.
/// </summary>
public sealed class RuleCondition
{
    public const int MaximumBytes = 256;
    public const int MaximumDepth = 8;
    public const int MaximumWindow = 64;
    public const int MaximumReadings = 16;

    /// <summary>Most an evaluation may cost, by the blocks it must hold for.</summary>
    public const int MaximumCost = 1_536;

    /// <summary>Most its first read may cost, by which outcomes are measured.</summary>
    public const int MaximumReadingCost = 600;

    internal const byte Push1 = 1;
    internal const byte Push8 = 2;
    internal const byte FieldOf = 3;
    internal const byte ParameterOf = 4;
    internal const byte Aggregate = 5;
    internal const byte Chain = 6;
    internal const byte Loop = 7;
    private const byte FirstOperation = 0x10;
    private const byte Select = 0x17;

    private readonly byte[] _bytes;

    private RuleCondition(byte[] bytes, int cost) => (_bytes, Cost) = (bytes, cost);

    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Of one evaluation, in units of some 300 gas.</summary>
    public int Cost { get; }

    /// <summary>Of its first read, in the same units.</summary>
    public int ReadingCost
    {
        get
        {
            int at = 0;
            while (_bytes[at] is < FieldOf or > Loop)
            {
                at += SizeOf(_bytes[at]);
            }
            return CostOf(_bytes.AsSpan(at, SizeOf(_bytes[at])));
        }
    }

    /// <summary>False for what the contract refuses.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, out RuleCondition? condition)
    {
        condition = null;
        int depth = 0;
        int cost = 0;
        bool reads = false;
        for (int at = 0; at < bytes.Length;)
        {
            byte op = bytes[at];
            int size = SizeOf(op);
            int pops = op < FirstOperation ? 0 : op == Select ? 3 : 2;
            if (size == 0 || at + size > bytes.Length || depth < pops)
            {
                return false;
            }
            depth += 1 - pops;
            int price = CostOf(bytes.Slice(at, size));
            if (depth > MaximumDepth || price == 0)
            {
                return false;
            }
            reads |= op is >= FieldOf and <= Loop;
            cost += price;
            at += size;
        }
        if (bytes.Length is 0 or > MaximumBytes || depth != 1 || !reads)
        {
            return false;
        }
        condition = new RuleCondition(bytes.ToArray(), cost);
        return true;
    }

    /// <summary>Whether it holds in each of the last so many blocks.</summary>
    /// <param name="readings">What it read at the newest block.</param>
    public bool Holds(IRuleReads reads, int sustainBlocks, out IReadOnlyList<ulong> readings)
    {
        var seen = new List<ulong>();
        readings = seen;
        for (int back = 0; back < sustainBlocks; back++)
        {
            if (Evaluate(reads, back, back == 0 ? seen : null) is not { } value || value <= 0)
            {
                return false;
            }
        }
        return true;
    }

    // Null where a block it needs is not kept.
    private Int128? Evaluate(IRuleReads reads, int back, List<ulong>? seen)
    {
        Span<Int128> stack = stackalloc Int128[MaximumDepth];
        int depth = 0;
        for (int at = 0; at < _bytes.Length;)
        {
            byte op = _bytes[at];
            ReadOnlySpan<byte> code = _bytes.AsSpan(at, SizeOf(op));
            at += code.Length;
            if (op == Push1)
            {
                stack[depth++] = code[1];
            }
            else if (op == Push8)
            {
                stack[depth++] = BinaryPrimitives.ReadUInt64BigEndian(code[1..]);
            }
            else if (op <= Loop)
            {
                if (Read(code, reads, back) is not { } value)
                {
                    return null;
                }
                if (seen is not null && seen.Count < MaximumReadings)
                {
                    seen.Add((ulong)Int128.Min(value, ulong.MaxValue));
                }
                stack[depth++] = value;
            }
            else if (op == Select)
            {
                depth -= 2;
                stack[depth - 1] = stack[depth - 1] > 0 ? stack[depth] : stack[depth + 1];
            }
            else
            {
                depth--;
                stack[depth - 1] = InvariantCode.Apply(op, stack[depth - 1], stack[depth]);
            }
        }
        return stack[0];
    }

    private static Int128? Read(ReadOnlySpan<byte> code, IRuleReads reads, int back) =>
        code[0] switch
        {
            FieldOf => reads.Field(code[1] >> 3, code[1] & 7),
            ParameterOf => reads.Parameter(code[1] >> 4, code[1] & 15),
            Chain => (Int128)reads.Chain((RuleChainValue)code[1]).ToUInt64Saturating(),
            Loop => reads.Loop((RuleLoopValue)code[1], code[2]),
            _ => ReadWindow(
                (RuleSeries)code[1], (RuleAggregate)code[2], code[3], reads, back),
        };

    private static Int128? ReadWindow(
        RuleSeries series, RuleAggregate kind, int window, IRuleReads reads, int back)
    {
        var values = new ulong[window];
        for (int i = 0; i < window; i++)
        {
            if (reads.Record(series, back + i) is not { } value)
            {
                return null;
            }
            values[i] = value;
        }
        UInt128 sum = values.Aggregate(UInt128.Zero, (total, value) => total + value);
        return kind switch
        {
            RuleAggregate.Last => values[0],
            RuleAggregate.Min => values.Min(),
            RuleAggregate.Max => values.Max(),
            RuleAggregate.Median => values.Order().ElementAt((window - 1) / 2),
            RuleAggregate.Mean => (Int128)(sum / (UInt128)window),
            _ => (Int128)sum,
        };
    }

    internal static int SizeOf(byte op) => op switch
    {
        Push8 => 9,
        Aggregate => 4,
        Loop => 3,
        >= Push1 and <= Chain => 2,
        >= FirstOperation and <= Select => 1,
        _ => 0,
    };

    // 0: its operands are none.
    private static int CostOf(ReadOnlySpan<byte> code)
    {
        switch (code[0])
        {
            case Aggregate:
                int window = code[3];
                bool isKnown = code[1] <= (byte)RuleSeries.BaseFee
                    && code[2] <= (byte)RuleAggregate.Sum && window is > 0 and <= MaximumWindow
                    && (code[2] != (byte)RuleAggregate.Last || window == 1);
                int sorting = code[2] == (byte)RuleAggregate.Median ? window * window / 4 : 0;
                return isKnown ? 4 + 9 * window + sorting : 0;
            case Chain:
                return code[1] <= (byte)RuleChainValue.Rules ? 16 : 0;
            case Loop:
                bool isLoop = code[1] <= (byte)RuleLoopValue.BlocksSinceDecision
                    && code[2] < ConstitutionStorage.MaximumLoops;
                return isLoop ? 32 : 0;
            case FieldOf when code[1] >> 3 >= ConstitutionStorage.MaximumLoops:
                return 0;
            default:
                return code[0] is FieldOf or ParameterOf ? 24 : 1;
        }
    }
}
