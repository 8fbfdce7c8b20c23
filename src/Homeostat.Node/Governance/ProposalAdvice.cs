using System.Globalization;
using System.Text;
using System.Text.Json;
using Homeostat.Node.Client;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>What those who vote are told of a proposal.</summary>
/// <param name="Changes">What it does, a line a call.</param>
/// <param name="DryRun">homeostat_dryRun.</param>
/// <param name="Replay">homeostat_simulateProposal; null where the chain is too short.</param>
/// <param name="Cohorts">Whom it affects.</param>
/// <param name="Validators">What it means for those who execute blocks.</param>
/// <param name="Precedents">What was done before, and what came of it.</param>
internal sealed record AdviceReport(
    UInt256 Subject, IReadOnlyList<string> Changes, JsonElement DryRun, JsonElement? Replay,
    IReadOnlyList<Cohort> Cohorts, string Validators, IReadOnlyList<string> Precedents)
{
    public string Words()
    {
        var text = new StringBuilder();
        text.AppendLine().AppendLine("What changes");
        Lines(text, Changes);
        text.Append(DryRunWords.Describe(DryRun));
        text.AppendLine().AppendLine("Whom it affects, by the recent blocks");
        foreach (Cohort c in Cohorts)
        {
            text.AppendLine($"  {c.Name}: {c.Senders} senders, {c.Transactions} transactions; "
                + $"fees {Gwei(c.Fees)} → {Gwei(c.FeesUnder)} gwei"
                + (c.LeftOut == 0 ? "" : $"; {c.LeftOut} would not have been included")
                + (c.Changed == 0 ? "" : $"; {c.Changed} would have ended otherwise"));
        }
        text.AppendLine($"  validators: {Validators}");
        text.AppendLine().AppendLine("What was done before");
        Lines(text, Precedents.Count == 0 ? ["nothing of the kind in the blocks looked through"]
            : Precedents);
        return text.ToString();
    }

    public static string Gwei(UInt256 wei) =>
        (wei / (UInt256)1_000_000_000UL).ToUInt64Saturating()
            .ToString("N0", CultureInfo.InvariantCulture);

    private static void Lines(StringBuilder text, IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            text.AppendLine($"  {line}");
        }
    }
}

/// <summary>
/// Puts advice together by code from chain data alone: what a proposal's calls do, whom of the
/// recent senders it affects, what its dry run says, what was done before and what came of that.
/// </summary>
internal sealed class ProposalAdvice(IRpcCaller rpc)
{
    private const int ReplayedBlocks = 32;

    private readonly GovernanceClient _client = new(rpc);

    public async Task<AdviceReport> ComposeAsync(
        UInt256 subject, CancellationToken cancellation)
    {
        IReadOnlyList<ProposedCall> calls = await _client.CallsOfAsync(subject, cancellation);
        ProposedAct[] acts = [.. calls.Select(ProposedAct.Of)];
        JsonElement dryRun = await _client.DryRunAsync(subject, cancellation);
        JsonElement? replay = await ReplayAsync(calls, cancellation);
        var precedents = new List<string>();
        foreach (ProposedAct act in acts)
        {
            precedents.AddRange(await new Precedents(_client, rpc).FindAsync(
                subject, act, await InForceAsync(act, cancellation), cancellation));
        }
        return new AdviceReport(
            subject, await ChangesAsync(acts, cancellation), dryRun, replay,
            replay is { } replayed
                ? await CohortsAsync(dryRun, replayed, cancellation)
                : [],
            await ValidatorsAsync(dryRun, cancellation), [.. precedents.Distinct()]);
    }

    private async Task<List<string>> ChangesAsync(
        ProposedAct[] acts, CancellationToken cancellation)
    {
        IReadOnlyList<string> loops = await _client.Rules.LoopNamesAsync(cancellation);
        var lines = new List<string>();
        foreach (ProposedAct act in acts)
        {
            lines.Add(act.Words);
            if (!act.Rule.IsZero
                && await _client.Rules.FindAsync(act.Rule, cancellation) is { } rule)
            {
                string when = RuleDescription.Of(
                    rule.Condition, i => i < loops.Count ? loops[i] : $"loop {i}");
                lines.Add($"  the rule: when {when}, in each of {rule.SustainBlocks} blocks, "
                    + $"{rule.Action.Describe()}; at most once in {rule.IntervalSeconds} s, "
                    + $"{rule.MaximumFirings} times, {rule.Budget} wei");
            }
        }
        return lines;
    }

    private async Task<ulong[]> InForceAsync(ProposedAct act, CancellationToken cancellation)
    {
        if (act.Loop.IsZero || act.Values.Count == 0)
        {
            return [];
        }
        byte[] returned = await _client.CallAsync(PredeployAddresses.Constitution,
            "ratified(bytes32)", new AbiTuple().Add(act.Loop), cancellation);
        return new AbiReader(returned).ReadUInt64Array();
    }

    private async Task<JsonElement?> ReplayAsync(
        IReadOnlyList<ProposedCall> calls, CancellationToken cancellation)
    {
        try
        {
            return await DryRunCommand.SimulateAsync(
                _client, calls, ReplayedBlocks, cancellation);
        }
        catch (RpcException)
        {
            return null; // Too few blocks, or their states are gone: advice does without.
        }
    }

    private async Task<List<Cohort>> CohortsAsync(
        JsonElement dryRun, JsonElement replay, CancellationToken cancellation)
    {
        List<RecentTransaction> recent = await Cohorts.ReadAsync(
            rpc, RpcClient.Quantity(replay.GetProperty("firstBlock")),
            RpcClient.Quantity(replay.GetProperty("lastBlock")), cancellation);
        HashSet<Hash256> leftOut =
        [
            .. replay.GetProperty("leftOut").EnumerateArray().Select(
                one => new Hash256(one.GetProperty("hash").GetString()!)),
        ];
        HashSet<Hash256> changed =
        [
            .. replay.GetProperty("changed").EnumerateArray().Select(
                one => new Hash256(one.GetString()!)),
        ];
        return Cohorts.Of(recent, FeeChange(dryRun, replay), leftOut, changed);
    }

    // The attested dry run's means where there is one, else the last blocks' replay.
    private static Int128 FeeChange(JsonElement dryRun, JsonElement replay)
    {
        static Int128 Fee(JsonElement of, string name) => UInt256.Parse(
            of.GetProperty(name).GetString()!).ToUInt64Saturating();
        if (dryRun.TryGetProperty("with", out JsonElement with))
        {
            return Fee(with, "meanBaseFee") - Fee(dryRun.GetProperty("without"), "meanBaseFee");
        }
        JsonElement fee = replay.GetProperty("baseFeePerGas");
        return Fee(fee, "replayed") - Fee(fee, "actual");
    }

    private async Task<string> ValidatorsAsync(
        JsonElement dryRun, CancellationToken cancellation)
    {
        JsonElement set = await rpc.CallAsync("homeostat_validators", ["latest"], cancellation);
        string count = $"{set.GetArrayLength()} of them";
        if (!dryRun.TryGetProperty("with", out JsonElement with))
        {
            return $"{count}; what they would execute is not known before the dry run";
        }
        ulong Gas(JsonElement side) => RpcClient.Quantity(side.GetProperty("includedGas"));
        return string.Create(CultureInfo.InvariantCulture,
            $"{count}, who would execute {Gas(dryRun.GetProperty("without")):N0} → "
            + $"{Gas(with):N0} gas of the recorded demand");
    }
}
