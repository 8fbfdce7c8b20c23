using System.Numerics;
using System.Text.Json;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>RLP vectors: what is given encodes to `out`; invalid bytes are refused.</summary>
internal sealed class RlpSuite : ISuite
{
    public string Name => "rlp";

    public bool Accepts(string path) =>
        path.EndsWith(".json", StringComparison.Ordinal)
        && path.Contains("rlp/ethereum-tests/", StringComparison.Ordinal);

    public IEnumerable<CaseResult> Run(FixtureFile file, SuiteContext context)
    {
        using JsonDocument document = Json.Parse(file);
        foreach (JsonProperty test in document.RootElement.EnumerateObject())
        {
            if (context.Wants(file, test.Name, "-"))
            {
                yield return CaseResult.Of("-", test.Name, Check(test.Value));
            }
        }
    }

    private static string? Check(JsonElement test)
    {
        byte[] encoded = Json.Bytes(test.GetProperty("out").GetString()!);
        JsonElement input = test.GetProperty("in");
        if (input.ValueKind == JsonValueKind.String && input.GetString() is "INVALID" or "VALID")
        {
            bool wanted = input.GetString() == "VALID";
            return IsWellFormed(encoded) == wanted ? null : wanted ? "refused" : "accepted";
        }
        var writer = new RlpWriter();
        Write(writer, input);
        if (!writer.WrittenSpan.SequenceEqual(encoded))
        {
            return $"encoded {Hex.Encode(writer.WrittenSpan)}, want {Hex.Encode(encoded)}";
        }
        return IsWellFormed(encoded) ? null : "own encoding refused";
    }

    private static bool IsWellFormed(byte[] encoded)
    {
        var reader = new RlpReader(encoded);
        ReadItem(ref reader);
        return reader.Finished;
    }

    private static void ReadItem(ref RlpReader reader)
    {
        if (!reader.NextIsList)
        {
            reader.ReadBytes();
            return;
        }
        RlpReader list = reader.ReadList();
        while (list.HasMore)
        {
            ReadItem(ref list);
        }
        reader.Close(list);
    }

    private static void Write(RlpWriter writer, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            int list = writer.StartList();
            foreach (JsonElement item in value.EnumerateArray())
            {
                Write(writer, item);
            }
            writer.EndList(list);
        }
        else if (value.ValueKind == JsonValueKind.Number)
        {
            WriteNumber(writer, BigInteger.Parse(value.GetRawText(), null));
        }
        else if (value.GetString() is ['#', .. string digits])
        {
            WriteNumber(writer, BigInteger.Parse(digits, null));
        }
        else
        {
            writer.Write([.. value.GetString()!.Select(character => (byte)character)]);
        }
    }

    private static void WriteNumber(RlpWriter writer, BigInteger number) =>
        writer.Write(number.IsZero ? [] : number.ToByteArray(isUnsigned: true, isBigEndian: true));
}
