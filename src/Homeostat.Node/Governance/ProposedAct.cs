using System.Globalization;
using System.Text;
using Homeostat.Node.Explain;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>One call of a proposal by what it does: its type, and the loop and fields it is about.
/// </summary>
/// <param name="Type">The function's signature; empty for a payment or an unknown call.</param>
/// <param name="Loop">The loop it is about, or zero.</param>
/// <param name="Values">A vector it ratifies, or empty.</param>
/// <param name="Rule">The rule it adopts, repeals or resumes, or zero.</param>
internal sealed record ProposedAct(
    string Type, Hash256 Loop, IReadOnlyList<ulong> Values, Hash256 Rule, string Words)
{
    private static readonly string[] OfLoops =
    [
        "ratify(bytes32,uint64[])", "setMode(bytes32,uint8)",
        "setParameters(bytes32,bytes32[2])", "setChampion(bytes32,bytes32)",
        "setChampions(bytes32,bytes32[3])",
    ];

    private static readonly string[] OfRules =
        ["adopt(bytes32)", "repeal(bytes32)", "resume(bytes32)"];

    private static readonly string[] Others =
    [
        "amend((bytes32,uint256,(uint64,uint64,uint64,uint64,uint32,uint32,uint32))[])",
        "setInvariant(uint256,bytes)", "pay(address,uint256)", "upgradeToAndCall(address,bytes)",
        "addLoop(bytes32,uint32,bytes32[2],(uint64,uint64,uint64,uint64,uint32,uint32,uint32)[])",
    ];

    public static ProposedAct Of(ProposedCall call)
    {
        string type = OfLoops.Concat(OfRules).Concat(Others).FirstOrDefault(
            signature => call.Data.AsSpan().StartsWith(AbiCall.Encode(signature))) ?? "";
        Hash256 first = call.Data.Length >= 36 ? new Hash256(call.Data.AsSpan(4, 32)) : default;
        var loop = OfLoops.Contains(type) ? first : Hash256.Zero;
        ulong[] values = type == OfLoops[0] ? VectorOf(call.Data) : [];
        return new ProposedAct(
            type, loop, values, OfRules.Contains(type) ? first : Hash256.Zero,
            WordsOf(call, type, loop, values));
    }

    private static ulong[] VectorOf(byte[] data)
    {
        var reader = new AbiReader(data.AsSpan(4));
        reader.ReadHash();
        ulong[] values = reader.ReadUInt64Array();
        return reader.Failed ? [] : values;
    }

    private static string WordsOf(
        ProposedCall call, string type, in Hash256 loop, ulong[] values)
    {
        var text = new StringBuilder(CallWords.Words(call.Data));
        if (!loop.IsZero)
        {
            text.Append(CultureInfo.InvariantCulture, $" of {DecisionWords.LoopName(loop)}");
        }
        LoopWords words = SteeringLoops.Find(loop)?.Words ?? DecisionWords.Unknown;
        if (values.Length != 0)
        {
            text.Append(": ").AppendJoin(", ", values.Select((value, i) =>
            {
                Quantity field = DecisionWords.At(words.Fields, i, "field");
                return $"{field.Name} {value:N0} {field.Unit}".TrimEnd();
            }));
        }
        if (type.StartsWith("setMode", StringComparison.Ordinal) && call.Data.Length >= 68)
        {
            text.Append(CultureInfo.InvariantCulture, $" to {(LoopMode)call.Data[67]}");
        }
        if (type.StartsWith("upgradeToAndCall", StringComparison.Ordinal))
        {
            text.Clear().Append(CultureInfo.InvariantCulture,
                $"replace the code of {call.Target} by that of "
                + $"{new Address(call.Data.AsSpan(16, 20))}");
        }
        if (type.StartsWith("pay", StringComparison.Ordinal) && call.Data.Length >= 68)
        {
            text.Append(CultureInfo.InvariantCulture,
                $": {UInt256.FromBigEndian(call.Data.AsSpan(36, 32))} wei to "
                + $"{new Address(call.Data.AsSpan(16, 20))}");
        }
        return text.ToString();
    }
}
