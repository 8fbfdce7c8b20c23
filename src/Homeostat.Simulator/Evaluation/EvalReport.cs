using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Homeostat.Simulator;

/// <summary>One policy's numbers, in the order they are to be shown.</summary>
public sealed record EvalRow(string Policy, IReadOnlyList<KeyValuePair<string, double>> Metrics);

/// <summary>A bar and what was measured against it.</summary>
/// <param name="AtLeast">True: the value must reach the bound; false: not exceed it.</param>
public sealed record EvalBar(string Name, double Value, double Bound, bool AtLeast)
{
    public bool Holds => AtLeast ? Value >= Bound : Value <= Bound;
}

/// <summary>What an `eval` found. Bars decide the exit code.</summary>
public sealed record EvalReport(
    string Loop, IReadOnlyList<EvalRow> Rows, IReadOnlyList<EvalBar> Bars)
{
    public bool Holds => Bars.All(bar => bar.Holds);

    /// <summary>
    /// {"loop":…,"rows":[{"policy":…,"metrics":{…}}],"bars":[{"name":…,"value":…,…}]}
    /// </summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("loop", Loop);
            writer.WriteStartArray("rows");
            foreach (EvalRow row in Rows)
            {
                writer.WriteStartObject();
                writer.WriteString("policy", row.Policy);
                writer.WriteStartObject("metrics");
                foreach ((string name, double value) in row.Metrics)
                {
                    writer.WriteNumber(name, Finite(value));
                }
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteStartArray("bars");
            foreach (EvalBar bar in Bars)
            {
                writer.WriteStartObject();
                writer.WriteString("name", bar.Name);
                writer.WriteNumber("value", Finite(bar.Value));
                writer.WriteNumber("bound", Finite(bar.Bound));
                writer.WriteBoolean("holds", bar.Holds);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>The same for people.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (EvalRow row in Rows)
        {
            text.AppendLine(row.Policy);
            foreach ((string name, double value) in row.Metrics)
            {
                text.AppendLine(
                    CultureInfo.InvariantCulture, $"    {name,-42} {value,14:0.####}");
            }
        }
        foreach (EvalBar bar in Bars)
        {
            string sign = bar.AtLeast ? ">=" : "<=";
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{(bar.Holds ? "holds " : "MISSED")} {bar.Name}: {bar.Value:0.####} "
                + $"{sign} {bar.Bound:0.####}");
        }
        return text.ToString();
    }

    private static double Finite(double value) =>
        double.IsFinite(value) ? Math.Round(value, 6) : -1;
}
