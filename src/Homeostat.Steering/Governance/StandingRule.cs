using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What a rule does, by kind (RuleBook.sol, KIND_*).</summary>
public enum RuleActionKind : byte
{
    Vector = 1,
    Mode = 2,
    Promote = 3,
    Retire = 4,
    Pay = 5,
    Call = 6,
}

/// <summary>How a rule changes a field (RuleBook.sol, OPERATION_*).</summary>
public enum FieldOperation : byte
{
    Set = 0,

    /// <summary>Times so many ten-thousandths.</summary>
    Scale = 1,

    Add = 2,

    /// <summary>Down to 0 at most.</summary>
    Subtract = 3,
}

/// <summary>Where a rule stands (RuleBook.sol, STATUS_*).</summary>
public enum RuleStatus : byte
{
    Unknown = 0,

    /// <summary>Written down and bonded, not voted for.</summary>
    Written = 1,

    Active = 2,

    /// <summary>Three failures in a row.</summary>
    Suspended = 3,

    Ended = 4,
}

/// <summary>One field's change.</summary>
public readonly record struct FieldChange(int Field, FieldOperation Operation, ulong Value);

/// <summary>A typed action, encoded.</summary>
public sealed record RuleAction(RuleActionKind Kind, byte[] Encoded)
{
    /// <summary>In words.</summary>
    public string Describe()
    {
        var reader = new AbiReader(Encoded);
        switch (Kind)
        {
            case RuleActionKind.Vector:
                string loop = NameOf(reader.ReadHash());
                ulong hold = reader.ReadUInt64();
                ulong[] fields = reader.ReadUInt64Array();
                ulong[] operations = reader.ReadUInt64Array();
                ulong[] values = reader.ReadUInt64Array();
                IEnumerable<string> changes = fields.Select((field, i) =>
                    $"{(FieldOperation)operations[i]} field {field} by {values[i]}");
                return $"{string.Join(", ", changes)} of {loop}, held for {hold} blocks";
            case RuleActionKind.Mode:
                return $"switch {NameOf(reader.ReadHash())} to {(LoopMode)reader.ReadUInt64()}";
            case RuleActionKind.Promote:
                return $"seat for {NameOf(reader.ReadHash())} the model {reader.ReadHash()}";
            case RuleActionKind.Retire:
                return $"retire from {NameOf(reader.ReadHash())} the model {reader.ReadHash()}";
            case RuleActionKind.Pay:
                return $"pay {Address.FromWord(reader.ReadWord())} {reader.ReadWord()} wei";
            default:
                return $"call {Address.FromWord(reader.ReadWord())} with {reader.ReadWord()} wei "
                    + $"and {reader.ReadUInt64()} gas";
        }
    }

    private static string NameOf(in Hash256 loop) =>
        Encoding.ASCII.GetString(loop.ToArray()).TrimEnd('\0');

    /// <param name="loop">Its name as bytes32 text.</param>
    /// <param name="holdBlocks">For so many blocks the loop leaves the fields alone.</param>
    public static RuleAction Vector(
        in Hash256 loop, uint holdBlocks, IReadOnlyList<FieldChange> changes) =>
        new(RuleActionKind.Vector, new AbiTuple().Add(loop).Add((UInt256)holdBlocks)
            .Add([.. changes.Select(c => (ulong)c.Field)])
            .Add([.. changes.Select(c => (ulong)c.Operation)])
            .Add([.. changes.Select(c => c.Value)]).Encode());

    public static RuleAction Mode(in Hash256 loop, LoopMode mode) => new(
        RuleActionKind.Mode, new AbiTuple().Add(loop).Add((UInt256)(ulong)mode).Encode());

    public static RuleAction Promote(in Hash256 loop, in Hash256 model) => new(
        RuleActionKind.Promote, new AbiTuple().Add(loop).Add(model).Encode());

    public static RuleAction Retire(in Hash256 loop, in Hash256 model) => new(
        RuleActionKind.Retire, new AbiTuple().Add(loop).Add(model).Encode());

    public static RuleAction Pay(in Address to, in UInt256 wei) => new(
        RuleActionKind.Pay, new AbiTuple().Add(to).Add(wei).Encode());

    public static RuleAction Call(
        in Address target, in UInt256 wei, uint gasCap, ReadOnlySpan<byte> data) => new(
        RuleActionKind.Call, new AbiTuple().Add(target).Add(wei).Add((UInt256)gasCap)
            .AddBytes(data).Encode());
}

/// <summary>A standing rule as it is written into the RuleBook.</summary>
/// <param name="SustainBlocks">The condition holds in each of the last so many blocks.</param>
/// <param name="IntervalSeconds">Least time between two firings.</param>
/// <param name="MaximumFirings">After so many it ends.</param>
/// <param name="ExpirySeconds">Unix time at which it ends.</param>
/// <param name="Budget">Wei it may spend in all.</param>
/// <param name="Purpose">Why, for people; at most 512 bytes.</param>
public sealed record StandingRule(
    RuleCondition Condition, RuleAction Action, uint SustainBlocks, uint IntervalSeconds,
    uint MaximumFirings, ulong ExpirySeconds, UInt256 Budget, string Purpose)
{
    /// <summary>Wei that stand behind a rule (RuleBook.sol, BOND).</summary>
    public static readonly UInt256 Bond = 1_000_000_000_000_000_000;

    /// <summary>keccak256 of the ABI encoding: what a vote adopts.</summary>
    public Hash256 Id => Keccak.Hash(Argument().Encode());

    /// <summary>A rule as `ruleOf` returns it; null for one that is not written.</summary>
    public static StandingRule? Decode(ReadOnlySpan<byte> returned)
    {
        var outer = new AbiReader(returned);
        var reader = new AbiReader(outer.ReadTuple());
        byte[] code = reader.ReadBytes();
        ulong kind = reader.ReadUInt64();
        byte[] action = reader.ReadBytes();
        ulong sustain = reader.ReadUInt64();
        ulong interval = reader.ReadUInt64();
        ulong firings = reader.ReadUInt64();
        ulong expiry = reader.ReadUInt64();
        UInt256 budget = reader.ReadWord();
        string purpose = Encoding.UTF8.GetString(reader.ReadBytes());
        return !reader.Failed && RuleCondition.TryCreate(code, out RuleCondition? condition)
            ? new StandingRule(condition!, new RuleAction((RuleActionKind)kind, action),
                (uint)sustain, (uint)interval, (uint)firings, expiry, budget, purpose)
            : null;
    }

    /// <summary>Why the RuleBook would refuse its cost, and what helps; null: it would not.
    /// </summary>
    public string? CostProblem
    {
        get
        {
            long cost = (long)Condition.Cost * SustainBlocks;
            if (cost > RuleCondition.MaximumCost)
            {
                return $"the condition costs {Condition.Cost} units, for {SustainBlocks} blocks "
                    + $"{cost}: at most {RuleCondition.MaximumCost}; take fewer blocks or shorter "
                    + "windows";
            }
            return Condition.ReadingCost > RuleCondition.MaximumReadingCost
                ? $"the condition's first read, by which outcomes are measured, costs "
                    + $"{Condition.ReadingCost} units: at most {RuleCondition.MaximumReadingCost};"
                    + " put a cheaper read first or take a shorter window"
                : null;
        }
    }

    /// <summary>Calldata that writes it down.</summary>
    public byte[] Write() => AbiCall.Encode(
        "write((bytes,uint8,bytes,uint32,uint32,uint32,uint64,uint256,string))", Argument());

    /// <summary>The call a vote adopts it by.</summary>
    public ProposedCall Adoption() => new(PredeployAddresses.RuleBook, UInt256.Zero,
        AbiCall.Encode("adopt(bytes32)", new AbiTuple().Add(Id)));

    private AbiTuple Argument() => new AbiTuple().AddTuple(new AbiTuple()
        .AddBytes(Condition.Bytes.Span)
        .Add((UInt256)(ulong)Action.Kind)
        .AddBytes(Action.Encoded)
        .Add((UInt256)SustainBlocks)
        .Add((UInt256)IntervalSeconds)
        .Add((UInt256)MaximumFirings)
        .Add((UInt256)ExpirySeconds)
        .Add(Budget)
        .AddBytes(Encoding.UTF8.GetBytes(Purpose)));
}
