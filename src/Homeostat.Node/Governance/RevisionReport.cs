using System.Globalization;
using System.Text;
using System.Text.Json;
using Homeostat.Node.Client;
using Homeostat.Primitives;

namespace Homeostat.Node.Governance;

/// <summary>What `homeostat_revisions` says, in words.</summary>
internal static class RevisionReport
{
    public static string Words(JsonElement revisions)
    {
        var text = new StringBuilder();
        JsonElement[] history = [.. revisions.GetProperty("history").EnumerateArray()];
        if (history.Length > 0)
        {
            JsonElement active = history[^1];
            text.AppendLine($"rules   protocol revision {Number(active)}, from block "
                + $"{RpcClient.Quantity(active.GetProperty("firstBlock"))} on");
        }
        if (revisions.GetProperty("proposed") is { ValueKind: JsonValueKind.Object } proposed)
        {
            Describe(text, revisions, proposed);
        }
        return text.ToString();
    }

    /// <summary>Of a hundred, with one digit.</summary>
    public static string Share(JsonElement revisions)
    {
        ulong ready = RpcClient.Quantity(revisions.GetProperty("readyWeight"));
        ulong total = RpcClient.Quantity(revisions.GetProperty("totalWeight"));
        UInt128 perMille = total == 0 ? 0 : (UInt128)ready * 1_000 / total;
        return string.Create(
            CultureInfo.InvariantCulture, $"{perMille / 10}.{perMille % 10} %");
    }

    private static void Describe(
        StringBuilder text, JsonElement revisions, JsonElement proposed)
    {
        string spec = proposed.GetProperty("spec").GetString()!;
        string stage = proposed.GetProperty("lockedAt") is { ValueKind: JsonValueKind.String } at
            ? $"locked in since block {RpcClient.Quantity(at)}"
            : "proposed; over two thirds lock it in";
        text.AppendLine($"        revision {Number(proposed)} is {stage}");
        text.AppendLine($"        specification {spec}");
        text.AppendLine(
            $"        needs version {proposed.GetProperty("version").GetString()} or later; "
            + $"{Share(revisions)} of the weight signals it");
        text.AppendLine("        it comes with the epoch after five sixths do, or after "
            + GovernanceReport.Time(RpcClient.Quantity(proposed.GetProperty("deadline")))
            + " with over two thirds");
        foreach (JsonElement validator in revisions.GetProperty("validators").EnumerateArray())
        {
            string signal = validator.GetProperty("signals").GetString()!;
            string says = signal == spec ? "ready"
                : validator.GetProperty("revision") is { ValueKind: JsonValueKind.String } known
                    ? $"not ready: knows revision {RpcClient.Quantity(known)}"
                : signal == Hash256.Zero.ToString() ? "not ready: has signalled nothing"
                : $"not ready: signals {signal}";
            text.AppendLine($"        {validator.GetProperty("address").GetString()} of weight "
                + $"{RpcClient.Quantity(validator.GetProperty("weight"))}: {says}");
        }
        if (!revisions.GetProperty("node").GetProperty("knowsProposed").GetBoolean())
        {
            text.AppendLine("        the node that was asked does not know it");
        }
    }

    private static ulong Number(JsonElement revision) =>
        RpcClient.Quantity(revision.GetProperty("number"));
}
