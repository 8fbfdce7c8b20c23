using System.CommandLine;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>
/// `homeostat governance propose`: a standing rule (written down under its bond first), or calls.
/// </summary>
internal static class ProposeCommand
{
    private const ulong SecondsPerDay = 86_400;

    private static readonly Option<string?> When = new("--when")
    {
        Description = "a rule's condition: \"median(executionMicros, 8) > 50000\"",
    };

    private static readonly Option<string?> Action = new("--do")
    {
        Description = "its action: \"scale capacity 0 9000 hold 400\"",
    };

    private static readonly Option<uint> Sustain = Number(
        "--sustain", "blocks the condition must have held", 1);

    private static readonly Option<uint> Interval = Number(
        "--interval", "least seconds between two firings", 3_600);

    private static readonly Option<uint> Firings = Number("--firings", "most firings", 1_000);

    private static readonly Option<uint> Days = Number("--days", "days it stays in force", 30);

    private static readonly Option<string> Budget = new("--budget")
    {
        Description = "wei it may spend in all",
        DefaultValueFactory = _ => "0",
    };

    private static readonly Option<string[]> Calls = new("--call")
    {
        Description = "in place of a rule: ADDRESS,WEI,DATA that the timelock calls; repeatable",
    };

    private static readonly Option<string> Why = new("--why")
    {
        Description = "why, for those who vote",
        Required = true,
    };

    private static readonly Option<bool> Optimistic = new("--optimistic")
    {
        Description = "a rule passes unless enough stake objects, under a bond",
    };

    public static Command Create(Option<Uri> rpc, Option<FileInfo> key)
    {
        var command = new Command(
            "propose", "Put a standing rule, calls, or a protocol revision to the vote.")
        {
            When, Action, Sustain, Interval, Firings, Days, Budget, Calls, Why, Optimistic, rpc,
            key,
        };
        RevisionOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            bool isRule = result.GetValue(When) is not null && result.GetValue(Action) is not null;
            bool isCall = result.GetValue(Calls) is { Length: > 0 };
            bool isRevision = RevisionOptions.AreGiven(result);
            if ((isRule ? 1 : 0) + (isCall ? 1 : 0) + (isRevision ? 1 : 0) != 1)
            {
                result.AddError("give --when and --do for a rule, or --call, or --revision or "
                    + "--withdraw: one of them");
            }
        });
        command.SetAction((parsed, cancellation) => GovernanceCommand.RunAsync(
            parsed, client => RevisionOptions.AreGiven(parsed)
                ? RevisionAsync(client, parsed, cancellation)
                : parsed.GetValue(Calls) is { Length: > 0 } calls
                ? VoteAsync(client, parsed, [.. calls.Select(CallOf)], cancellation)
                : RuleAsync(client, parsed, cancellation)));
        return command;
    }

    private static async Task RuleAsync(
        GovernanceClient client, ParseResult parsed, CancellationToken cancellation)
    {
        IReadOnlyList<string> loops = await client.Rules.LoopNamesAsync(cancellation);
        int? PlaceOf(string name) => loops.ToList().IndexOf(name) is >= 0 and var i ? i : null;
        ulong now = await client.NowAsync(cancellation);
        var rule = new StandingRule(
            RuleText.Parse(parsed.GetValue(When)!, PlaceOf),
            ActionText.Parse(parsed.GetValue(Action)!), parsed.GetValue(Sustain),
            parsed.GetValue(Interval), parsed.GetValue(Firings),
            now + parsed.GetValue(Days) * SecondsPerDay,
            ActionText.WeiOf(parsed.GetValue(Budget)!), parsed.GetValue(Why)!);
        if (rule.CostProblem is { } problem)
        {
            throw new FormatException(problem);
        }
        await GovernanceCommand.SendAsync(client, parsed, PredeployAddresses.RuleBook,
            rule.Write(), StandingRule.Bond, cancellation);
        Console.Out.WriteLine($"rule {rule.Id}");
        if (!parsed.GetValue(Optimistic))
        {
            await VoteAsync(client, parsed, [rule.Adoption()], cancellation);
            return;
        }
        byte[] call = AbiCall.Encode("propose(uint8,bytes,string)", new AbiTuple()
            .Add(UInt256.Zero).AddBytes(rule.Id.ToArray())
            .AddBytes(System.Text.Encoding.UTF8.GetBytes(rule.Purpose)));
        await GovernanceCommand.SendAsync(client, parsed,
            PredeployAddresses.OptimisticProposals, call, StandingRule.Bond, cancellation);
        UInt256 count = await client.WordAsync(
            PredeployAddresses.OptimisticProposals, "count()", null, cancellation);
        Console.Out.WriteLine($"optimistic proposal {count}");
    }

    private static async Task RevisionAsync(
        GovernanceClient client, ParseResult parsed, CancellationToken cancellation) =>
        await VoteAsync(client, parsed,
            [RevisionOptions.Read(parsed, await client.NowAsync(cancellation))], cancellation);

    private static async Task VoteAsync(
        GovernanceClient client, ParseResult parsed, IReadOnlyList<ProposedCall> calls,
        CancellationToken cancellation)
    {
        var proposal = new Proposal(calls, parsed.GetValue(Why)!);
        await GovernanceCommand.SendAsync(client, parsed, PredeployAddresses.Governor,
            GovernorCalls.Propose(proposal), UInt256.Zero, cancellation);
        Console.Out.WriteLine($"proposal {proposal.Id}");
    }

    private static ProposedCall CallOf(string text)
    {
        string[] parts = text.Split(',');
        return parts.Length == 3
            ? new ProposedCall(ActionText.AddressOf(parts[0]), ActionText.WeiOf(parts[1]),
                Hex.Decode(parts[2]))
            : throw new FormatException($"'{text}' is not ADDRESS,WEI,DATA");
    }

    private static Option<uint> Number(string name, string description, uint value) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => value,
    };
}
