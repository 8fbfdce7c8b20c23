using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>Whose proposal was applied or held.</summary>
public enum Actor : byte
{
    Nobody = 0,
    Model = 1,
    Twin = 2,
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

    /// <summary>
    /// The Constitution itself could not rule (FAILURE_NO_RULING of Steering.sol).
    /// </summary>
    NoRuling = 100,
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
    IReadOnlyList<Fixed> Attributions)
{
    public const string Signature =
        "Decision(uint256,bytes32,bytes32,bytes32,uint8,uint8,uint16,uint16,uint16,int64,int64," +
        "uint64[],uint64[],uint64[],uint64[],int64[],int64[])";

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
            reader.ReadUInt64Array(), reader.ReadFixedArray(), reader.ReadFixedArray());
        decision = reader.Failed ? null : decoded;
        return decision is not null;
    }

    /// <summary>A refusal code in words, for people.</summary>
    public static string RefusalText(ushort code) => (code >> 8) switch
    {
        0 => "none",
        1 => "not a vector of this loop",
        2 => $"{FieldName(code)} is under its lower bound",
        3 => $"{FieldName(code)} is over its upper bound",
        4 => $"{FieldName(code)} is too far from its ratified value",
        5 => $"{FieldName(code)} moves by more than one step",
        6 => $"{FieldName(code)} is in its cooldown",
        7 when (code & 0xff) == 0 => "a block would hold too few intervals of the gas target",
        7 => "a block would hold too many seconds of the gas target",
        8 => $"{FieldName(code)} moves away from its ratified value while the loop is off",
        9 => "the constitution does not know the loop",
        _ => "an unknown rule",
    };

    private static string FieldName(int code) => (code & 0xff) switch
    {
        0 => "the gas target",
        1 => "the gas limit",
        2 => "the minimum base fee",
        3 => "the block interval",
        _ => "an unknown field",
    };
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
