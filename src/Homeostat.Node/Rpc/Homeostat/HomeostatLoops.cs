using System.Text.Json;
using Homeostat.Node.Explain;
using Homeostat.Steering;

namespace Homeostat.Node.Rpc;

/// <summary>
/// homeostat_loops: every loop this program knows and what its numbers mean, so that a client can
/// name the fields, readings and features of a Decision without a list of its own.
/// </summary>
internal static class HomeostatLoops
{
    public static void Register(RpcTable.Builder table) =>
        table.Add("homeostat_loops", (_, result) => Write(result));

    private static void Write(Utf8JsonWriter result)
    {
        result.WriteStartArray();
        foreach (ISteeringLoop loop in SteeringLoops.All)
        {
            result.WriteStartObject();
            result.WriteString("name"u8, DecisionWords.LoopName(loop.Name));
            result.Data("id"u8, loop.Name);
            Quantities(result, "fields", loop.Words.Fields);
            Quantities(result, "readings", loop.Words.Readings);
            result.WriteStartArray("features"u8);
            foreach (string feature in loop.Words.Features)
            {
                result.WriteStringValue(feature);
            }
            result.WriteEndArray();
            result.WritePropertyName("output"u8);
            WriteQuantity(result, loop.Words.Output);
            result.WriteEndObject();
        }
        result.WriteEndArray();
    }

    private static void Quantities(
        Utf8JsonWriter result, string name, IReadOnlyList<Quantity> quantities)
    {
        result.WriteStartArray(name);
        foreach (Quantity quantity in quantities)
        {
            WriteQuantity(result, quantity);
        }
        result.WriteEndArray();
    }

    private static void WriteQuantity(Utf8JsonWriter result, Quantity quantity)
    {
        result.WriteStartObject();
        result.WriteString("name"u8, quantity.Name);
        result.WriteString("unit"u8, quantity.Unit);
        result.WriteEndObject();
    }
}
