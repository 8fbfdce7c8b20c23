using System.Globalization;
using System.Text;
using System.Text.Json;
using Homeostat.Node.Client;
using Homeostat.Node.Explain;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>The attested dry run (homeostat_dryRun) in words.</summary>
internal static class DryRunWords
{
    public static string Describe(JsonElement run)
    {
        var text = new StringBuilder();
        text.AppendLine().AppendLine("Attested dry run");
        string status = run.GetProperty("status").GetString()!;
        if (!run.TryGetProperty("result", out _))
        {
            text.AppendLine("  none yet: anyone may request it under a bond of 1 coin");
            return text.ToString();
        }
        text.AppendLine($"  {Verdict(run)}");
        // Once it is published validators attest it no longer.
        string weight = status == "open"
            ? $"; attested by {Number(run, "attestedWeight")} of {Number(run, "totalWeight")} of "
                + "weight"
            : "";
        text.AppendLine(
            $"  {StatusText(status)}{weight} ({run.GetProperty("digest").GetString()})");
        text.AppendLine(
            $"  {Number(run, "blocks")} recorded blocks again after block "
            + $"{Number(run, "requestedAt")}, without the proposal → with it");
        JsonElement without = run.GetProperty("without");
        JsonElement with = run.GetProperty("with");
        foreach ((string field, string name, string unit) in (
            (string, string, string)[])
        [
            ("meanBaseFee", "mean base fee", "wei"), ("lastBaseFee", "base fee at the end", "wei"),
            ("meanDelayMs", "mean wait for a place", "ms"),
            ("mostDelayMs", "longest wait for a place", "ms"),
            ("includedGas", "gas included", ""), ("decisions", "decisions of loops", ""),
            ("refused", "of these refused", ""), ("firings", "firings of rules", ""),
        ])
        {
            string now = Amount(without, field);
            string then = Amount(with, field);
            text.AppendLine($"    {name,-26} {now} → {then} {unit}".TrimEnd());
        }
        Loops(text, without, with);
        return text.ToString();
    }

    private static string Verdict(JsonElement run) => run.GetProperty("verdict").GetString() switch
    {
        "Passed" => "passed: it can be carried out, and steering goes on under it",
        "CallReverts" => $"failed: its call {Number(run, "call")} would revert",
        "SteeringFails" => "failed: transaction 0 would fail under it",
        "NothingRules" => "failed: the Constitution could not rule under it",
        "OverBudget" => "failed: steering under it is over the dry run's budget of gas",
        _ => "failed",
    };

    private static string StatusText(string status) => status switch
    {
        "open" => "not published yet",
        "replaced" => "another run took its place before enough attested it",
        _ => $"published: {status}",
    };

    private static void Loops(StringBuilder text, JsonElement without, JsonElement with)
    {
        var before = without.GetProperty("loops").EnumerateArray().ToDictionary(
            loop => loop.GetProperty("loop").GetString()!);
        foreach (JsonElement loop in with.GetProperty("loops").EnumerateArray())
        {
            string key = loop.GetProperty("loop").GetString()!;
            if (!before.TryGetValue(key, out JsonElement was))
            {
                text.AppendLine($"    {DecisionWords.LoopName(new Hash256(key))}: a new loop");
                continue;
            }
            Loop(text, new Hash256(key), was, loop);
        }
    }

    private static void Loop(
        StringBuilder text, in Hash256 name, JsonElement was, JsonElement now)
    {
        string title = DecisionWords.LoopName(name);
        LoopWords words = SteeringLoops.Find(name)?.Words ?? DecisionWords.Unknown;
        string mode = now.GetProperty("mode").GetString()!;
        if (was.GetProperty("mode").GetString() != mode)
        {
            text.AppendLine($"    {title}: mode {was.GetProperty("mode").GetString()} → {mode}");
        }
        foreach ((string field, string kind) in ((string, string)[])
            [("inForce", "in force at the end"), ("ratified", "ratified")])
        {
            JsonElement[] from = [.. was.GetProperty(field).EnumerateArray()];
            JsonElement[] to = [.. now.GetProperty(field).EnumerateArray()];
            for (int i = 0; i < Math.Min(from.Length, to.Length); i++)
            {
                (ulong a, ulong b) = (RpcClient.Quantity(from[i]), RpcClient.Quantity(to[i]));
                if (a != b)
                {
                    Quantity quantity = DecisionWords.At(words.Fields, i, "field");
                    text.AppendLine($"    {title}: {quantity.Name} {kind} {a:N0} → {b:N0} "
                        + quantity.Unit);
                }
            }
        }
    }

    private static string Amount(JsonElement side, string name) =>
        UInt256.Parse(side.GetProperty(name).GetString()!).ToUInt64Saturating()
            .ToString("N0", CultureInfo.InvariantCulture);

    private static ulong Number(JsonElement element, string name) =>
        RpcClient.Quantity(element.GetProperty(name));
}
