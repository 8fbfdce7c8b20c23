using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>Whose proposal was applied or held.</summary>
public enum Actor : byte
{
    Nobody = 0,
    Model = 1,
    Twin = 2,

    /// <summary>A standing rule; its hash is in the model's place.</summary>
    Rule = 3,
}

/// <summary>How a decision ended.</summary>
public enum RulingKind : byte
{
    /// <summary>What was proposed is what is in force.</summary>
    Held = 0,
    Applied = 1,

    /// <summary>Every proposal was refused; the vector in force stays.</summary>
    Refused = 2,
}

/// <summary>Why the model made no proposal.</summary>
public enum SteeringFailure : ushort
{
    None = 0,
    NoChampion = 1,
    MissingModel = 2,
    HashMismatch = 3,
    MalformedModel = 4,
    OverBudget = 5,
    Internal = 6,
    Disagreement = 7,
    Drift = 8,

    /// <summary>
    /// The Constitution itself could not rule (FAILURE_NO_RULING of Steering.sol).
    /// </summary>
    NoRuling = 100,

    /// <summary>A rule's vector was refused (RuleBook.sol, FAILURE_REFUSED).</summary>
    RuleRefused = 201,

    /// <summary>A rule's budget did not suffice.</summary>
    RuleBudget = 202,

    /// <summary>What a rule called or asked for reverted.</summary>
    RuleAction = 203,
}

/// <summary>
/// The Decision event of contracts/src/Steering.sol. Refusals are kind · 256 + field, as
/// <see cref="RefusalText"/> says in words.
/// </summary>
public sealed record DecisionEvent(
    ulong Id,
    Hash256 Loop,
    Hash256 ModelHash,
    Hash256 InputsHash,
    Actor Actor,
    RulingKind Ruling,
    ushort ModelRefusal,
    ushort TwinRefusal,
    SteeringFailure Failure,
    Fixed ModelOutput,
    Fixed TwinOutput,
    IReadOnlyList<ulong> Readings,
    IReadOnlyList<ulong> ModelProposal,
    IReadOnlyList<ulong> TwinProposal,
    IReadOnlyList<ulong> InForce,
    IReadOnlyList<Fixed> Features,
    IReadOnlyList<Fixed> Attributions,
    IReadOnlyList<Hash256> Champions,
    IReadOnlyList<Fixed> Outputs,
    IReadOnlyList<ulong> Failures)
{
    public const string Signature =
        "Decision(uint256,bytes32,bytes32,bytes32,uint8,uint8,uint16,uint16,uint16,int64,int64," +
        "uint64[],uint64[],uint64[],uint64[],int64[],int64[],bytes32[],int64[],uint16[])";

    public static readonly Hash256 Topic =
        Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(Signature));

    /// <summary>Decodes a log of the Steering predeploy; false when it is not this event.</summary>
    public static bool TryDecode(
        IReadOnlyList<Hash256> topics, ReadOnlySpan<byte> data, out DecisionEvent? decision)
    {
        decision = null;
        if (topics.Count != 4 || topics[0] != Topic)
        {
            return false;
        }
        var reader = new AbiReader(data);
        var decoded = new DecisionEvent(
            UInt256.FromHash256(topics[1]).ToUInt64Saturating(), topics[2], topics[3],
            reader.ReadHash(),
            (Actor)unchecked((byte)reader.ReadUInt64()),
            (RulingKind)unchecked((byte)reader.ReadUInt64()),
            unchecked((ushort)reader.ReadUInt64()), unchecked((ushort)reader.ReadUInt64()),
            (SteeringFailure)unchecked((ushort)reader.ReadUInt64()),
            reader.ReadFixed(), reader.ReadFixed(),
            reader.ReadUInt64Array(), reader.ReadUInt64Array(), reader.ReadUInt64Array(),
            reader.ReadUInt64Array(), reader.ReadFixedArray(), reader.ReadFixedArray(),
            reader.ReadHashArray(), reader.ReadFixedArray(), reader.ReadUInt64Array());
        decision = reader.Failed ? null : decoded;
        return decision is not null;
    }

    /// <summary>A refusal code in words, for people.</summary>
    public static string RefusalText(in Hash256 loop, ushort code)
    {
        LoopWords? words = SteeringLoops.Find(loop)?.Words;
        int field = code & 0xff;
        string name = words is not null && field < words.Fields.Count
            ? $"the {words.Fields[field].Name}"
            : $"field {field}";
        return (code >> 8) switch
        {
            0 => "none",
            1 => "not a vector of this loop",
            2 => $"{name} is under its lower bound",
            3 => $"{name} is over its upper bound",
            4 => $"{name} is too far from its ratified value",
            5 => $"{name} moves by more than one step",
            6 => $"{name} is in its cooldown",
            7 when loop == CapacityLoop.LoopName && field == 0 =>
                "a block would hold too few intervals of the gas target (invariant 0)",
            7 when loop == CapacityLoop.LoopName && field == 1 =>
                "a block would hold too many seconds of the gas target (invariant 1)",
            7 => $"invariant {field} would be broken",
            8 => $"{name} moves away from its ratified value while the loop is off",
            9 => "the constitution does not know the loop",
            _ => "an unknown rule",
        };
    }
}

/// <summary>The Outcome event of contracts/src/Steering.sol.</summary>
public sealed record OutcomeEvent(
    ulong Id,
    Hash256 Loop,
    Height DecidedAt,
    Fixed Realised,
    Fixed ModelOutput,
    Fixed TwinOutput,
    Fixed ModelError,
    Fixed TwinError)
{
    public const string Signature =
        "Outcome(uint256,bytes32,uint64,int64,int64,int64,int64,int64)";

    public static readonly Hash256 Topic =
        Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(Signature));

    /// <summary>Decodes a log of the Steering predeploy; false when it is not this event.</summary>
    public static bool TryDecode(
        IReadOnlyList<Hash256> topics, ReadOnlySpan<byte> data, out OutcomeEvent? outcome)
    {
        outcome = null;
        if (topics.Count != 3 || topics[0] != Topic)
        {
            return false;
        }
        var reader = new AbiReader(data);
        var decoded = new OutcomeEvent(
            UInt256.FromHash256(topics[1]).ToUInt64Saturating(), topics[2],
            new Height(reader.ReadUInt64()), reader.ReadFixed(), reader.ReadFixed(),
            reader.ReadFixed(), reader.ReadFixed(), reader.ReadFixed());
        outcome = reader.Failed ? null : decoded;
        return outcome is not null;
    }
}
