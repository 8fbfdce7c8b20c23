using System.CommandLine;
using Homeostat.Node.Client;
using Homeostat.Node.Commands;
using Homeostat.Node.Explain;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>`homeostat governance`: votes, standing rules, objections.</summary>
internal static class GovernanceCommand
{
    private static readonly Option<Uri> Rpc = ExplainCommand.RpcOption();

    private static readonly Option<FileInfo> Key = new("--key")
    {
        Description = "file whose first line is the sender's private key in hex",
        Required = true,
    };

    public static Command Create() => new(
        "governance", "Vote, write standing rules, object, and see where proposals stand.")
    {
        ProposeCommand.Create(Rpc, Key), CreateVote(), CreateVeto(), CreateCarry(),
        CreateDelegate(), CreateRules(), DryRunCommand.Create(Rpc, Key), CreateStatus(),
    };

    private static Command CreateVote()
    {
        Argument<string> id = IdArgument();
        var support = new Argument<string>("support") { Description = "for, against or abstain" };
        support.AcceptOnlyFromAmong("for", "against", "abstain");
        var command = new Command("vote", "Vote with all votes the key's account has.")
        {
            id, support, Rpc, Key,
        };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, async client =>
        {
            VoteSupport side = Enum.Parse<VoteSupport>(parsed.GetValue(support)!, true);
            await SendAsync(client, parsed, PredeployAddresses.Governor,
                GovernorCalls.Vote(IdOf(parsed.GetValue(id)!), side), UInt256.Zero, cancellation);
        }));
        return command;
    }

    private static Command CreateVeto()
    {
        var id = new Argument<string>("id") { Description = "number of the optimistic proposal" };
        var command = new Command("veto",
            "Object to an optimistic proposal; the first who does puts down a bond of 1 coin.")
        {
            id, Rpc, Key,
        };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, async client =>
        {
            UInt256 number = IdOf(parsed.GetValue(id)!);
            byte[] proposal = await client.CallAsync(PredeployAddresses.OptimisticProposals,
                "proposal(uint256)", new AbiTuple().Add(number), cancellation);
            bool isFirst = UInt256.FromBigEndian(proposal.AsSpan(6 * 32, 32)).IsZero;
            await SendAsync(client, parsed, PredeployAddresses.OptimisticProposals,
                AbiCall.Encode("object(uint256)", new AbiTuple().Add(number)),
                isFirst ? StandingRule.Bond : UInt256.Zero, cancellation);
        }));
        return command;
    }

    private static Command CreateCarry()
    {
        Argument<string> id = IdArgument();
        var optimistic = new Option<bool>("--optimistic")
        {
            Description = "ID is an optimistic proposal's: schedule it, or settle its vote",
        };
        var command = new Command("carry",
            "Queue what has passed its vote, or execute what has waited out the timelock.")
        {
            id, optimistic, Rpc, Key,
        };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, async client =>
        {
            UInt256 number = IdOf(parsed.GetValue(id)!);
            if (parsed.GetValue(optimistic))
            {
                await CarryOptimisticAsync(client, parsed, number, cancellation);
                return;
            }
            VoteStatus vote = await client.VoteAsync(number, cancellation);
            if (vote.State == ProposalState.Succeeded)
            {
                await DryRunCommand.ConcludeAsync(
                    client, parsed, number, vote.Calls, cancellation);
            }
            byte[] call = vote.State switch
            {
                ProposalState.Succeeded => GovernorCalls.Queue(number),
                ProposalState.Queued => GovernorCalls.Execute(number),
                _ => throw new RpcException(0,
                    $"the proposal is {vote.State}: only Succeeded and Queued ones go on"),
            };
            await SendAsync(client, parsed, PredeployAddresses.Governor, call, UInt256.Zero,
                cancellation);
        }));
        return command;
    }

    private static async Task CarryOptimisticAsync(
        GovernanceClient client, ParseResult parsed, UInt256 number,
        CancellationToken cancellation)
    {
        byte[] proposal = await client.CallAsync(PredeployAddresses.OptimisticProposals,
            "proposal(uint256)", new AbiTuple().Add(number), cancellation);
        bool isVoted = UInt256.FromBigEndian(proposal.AsSpan(3 * 32, 32)) == 3;
        if (!isVoted)
        {
            await DryRunCommand.ConcludeAsync(client, parsed, number,
                await client.OptimisticCallAsync(proposal, cancellation), cancellation);
        }
        await SendAsync(client, parsed, PredeployAddresses.OptimisticProposals,
            AbiCall.Encode(isVoted ? "settle(uint256)" : "schedule(uint256)",
                new AbiTuple().Add(number)),
            UInt256.Zero, cancellation);
    }

    private static Command CreateDelegate()
    {
        var to = new Argument<string>("account") { Description = "who votes with the key's stake" };
        var command = new Command("delegate", "Let another account vote with one's stake.")
        {
            to, Rpc, Key,
        };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, async client =>
            await SendAsync(client, parsed, PredeployAddresses.StakeVotes,
                AbiCall.Encode("delegate(address)",
                    new AbiTuple().Add(ActionText.AddressOf(parsed.GetValue(to)!))),
                UInt256.Zero, cancellation)));
        return command;
    }

    private static Command CreateRules()
    {
        var command = new Command("rules", "The standing rules in force, in words.") { Rpc };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, async client =>
            Console.Out.Write(await new GovernanceReport(client).RulesAsync(cancellation))));
        return command;
    }

    private static Command CreateStatus()
    {
        var id = new Argument<string?>("id")
        {
            Description = "a proposal's number; without it, the last ten",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("status", "Where proposals stand, and how the network votes.")
        {
            id, Rpc,
        };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, async client =>
        {
            var report = new GovernanceReport(client);
            Console.Out.Write(parsed.GetValue(id) is { } number
                ? await report.VoteAsync(IdOf(number), cancellation)
                : await report.StatusAsync(cancellation));
        }));
        return command;
    }

    internal static Argument<string> IdArgument() => new("id")
    {
        Description = "the proposal's number, as propose and status print it",
    };

    internal static UInt256 IdOf(string text) => UInt256.TryParse(text, out UInt256 id)
        ? id
        : throw new FormatException($"'{text}' is no proposal's number");

    internal static async Task<Hash256> SendAsync(
        GovernanceClient client, ParseResult parsed, Address to, byte[] data, UInt256 value,
        CancellationToken cancellation)
    {
        Hash256 hash = await client.SendAsync(
            await ReadKeyAsync(parsed.GetRequiredValue(Key), cancellation), to, data, value,
            cancellation);
        Console.Out.WriteLine($"included: {hash}");
        return hash;
    }

    internal static FileInfo KeyOf(ParseResult parsed) => parsed.GetRequiredValue(Key);

    internal static async Task<Hash256> ReadKeyAsync(
        FileInfo file, CancellationToken cancellation)
    {
        string line = (await File.ReadAllLinesAsync(file.FullName, cancellation))
            .FirstOrDefault()?.Trim() ?? "";
        return line.Length is 64 or 66
            ? new Hash256(line)
            : throw new FormatException(
                $"the first line of {file.Name} is no private key in hex");
    }

    internal static async Task<int> RunAsync(
        ParseResult parsed, Func<GovernanceClient, Task> action)
    {
        try
        {
            using var rpc = new RpcClient(parsed.GetValue(Rpc)!);
            await action(new GovernanceClient(rpc));
            return ExitCode.Done;
        }
        catch (Exception e) when (e is RpcException or FormatException or IOException)
        {
            await Console.Error.WriteLineAsync($"governance: {e.Message}");
            return ExitCode.Failed;
        }
    }
}
