using System.Globalization;
using System.Text;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>What the governance contracts hold, in words.</summary>
internal sealed class GovernanceReport(GovernanceClient client)
{
    private const int VotesShown = 10;

    public async Task<string> RulesAsync(CancellationToken cancellation)
    {
        IReadOnlyList<string> loops = await client.Rules.LoopNamesAsync(cancellation);
        byte[] active = await client.CallAsync(
            PredeployAddresses.RuleBook, "active()", null, cancellation);
        Hash256[] ids = new AbiReader(active).ReadHashArray();
        var text = new StringBuilder();
        text.AppendLine($"{ids.Length} rules in force");
        foreach (Hash256 id in ids)
        {
            StandingRule? rule = await client.Rules.FindAsync(id, cancellation);
            byte[] state = await client.CallAsync(PredeployAddresses.RuleBook,
                "stateOf(bytes32)", new AbiTuple().Add(id), cancellation);
            var reader = new AbiReader(state);
            Address bonder = Address.FromWord(reader.ReadWord());
            reader.ReadUInt64();
            ulong failures = reader.ReadUInt64();
            ulong firings = reader.ReadUInt64();
            reader.ReadWord();
            UInt256 spent = reader.ReadWord();
            ulong lastFired = reader.ReadUInt64();
            ulong armedAt = reader.ReadUInt64();
            text.AppendLine().AppendLine($"{id}");
            if (rule is null)
            {
                continue;
            }
            text.AppendLine($"  {rule.Purpose}");
            string condition = RuleDescription.Of(
                rule.Condition, place => place < loops.Count ? loops[place] : $"loop {place}");
            text.AppendLine($"  when {condition}, in each of {rule.SustainBlocks} blocks");
            text.AppendLine($"  then {rule.Action.Describe()}");
            text.AppendLine($"  at most once in {rule.IntervalSeconds} s, {rule.MaximumFirings} "
                + $"times, until {Time(rule.ExpirySeconds)}; bonded by {bonder}");
            text.AppendLine($"  fired {firings} times"
                + (lastFired == 0 ? "" : $", last at {Time(lastFired)}")
                + (failures == 0 ? "" : $", {failures} failures in a row")
                + (armedAt == 0 ? "" : $", armed since block {armedAt}")
                + $"; spent {spent} of {rule.Budget} wei");
        }
        return text.ToString();
    }

    public async Task<string> StatusAsync(CancellationToken cancellation)
    {
        async Task<UInt256> GovernorAsync(string signature) => await client.WordAsync(
            PredeployAddresses.Governor, signature, null, cancellation);
        var text = new StringBuilder();
        text.AppendLine($"votes   {await GovernorAsync("votingDelay()")} s of notice, "
            + $"{await GovernorAsync("votingPeriod()")} s of voting, "
            + $"{await client.WordAsync(
                PredeployAddresses.Timelock, "getMinDelay()", null, cancellation)} s of timelock; "
            + $"quorum {await GovernorAsync("quorumNumerator()")} %");
        UInt256 stake = await client.WordAsync(
            PredeployAddresses.StakeVotes, "totalSupply()", null, cancellation);
        text.AppendLine($"stake   {Coins(stake)} coins bonded");
        text.Append(RevisionReport.Words(await client.AskAsync(
            "homeostat_revisions", ["latest"], cancellation)));
        UInt256 open = await client.WordAsync(
            PredeployAddresses.OptimisticProposals, "open()", null, cancellation);
        text.AppendLine($"open    {open} optimistic proposals");
        foreach (VoteStatus vote in await client.VotesAsync(VotesShown, cancellation))
        {
            text.AppendLine().Append(Words(vote));
        }
        return text.ToString();
    }

    /// <summary>A vote, and what those who vote are told of it, or of an optimistic proposal.
    /// </summary>
    public async Task<string> VoteAsync(UInt256 id, CancellationToken cancellation) =>
        (id.IsUInt64 ? "" : Words(await client.VoteAsync(id, cancellation)))
        + (await client.AskAsync("homeostat_advice", [id.ToQuantity()], cancellation))
            .GetProperty("text").GetString();

    public static string Words(VoteStatus vote)
    {
        var text = new StringBuilder();
        text.AppendLine($"{vote.Id}");
        text.AppendLine($"  {vote.State}: for {Coins(vote.For)}, against {Coins(vote.Against)}, "
            + $"abstain {Coins(vote.Abstain)}; quorum {Coins(vote.Quorum)}; voting until "
            + Time(vote.Deadline) + (vote.Eta == 0 ? "" : $"; may run from {Time(vote.Eta)}"));
        foreach (ProposedCall call in vote.Calls)
        {
            text.AppendLine($"  calls {CallWords.Describe(call)}");
        }
        return text.ToString();
    }

    public static string Time(ulong seconds) => DateTimeOffset
        .FromUnixTimeSeconds((long)Math.Min(seconds, 253_402_300_799))
        .ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Coins(UInt256 wei)
    {
        UInt256 milli = wei / (UInt256)1_000_000_000_000_000UL;
        return $"{milli / 1_000}.{(milli % (UInt256)1_000).U0:D3}";
    }
}
