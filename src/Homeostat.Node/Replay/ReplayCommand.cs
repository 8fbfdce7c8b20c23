using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Node.Client;
using Homeostat.Node.Progress;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;
using Spectre.Console;

namespace Homeostat.Node.Replay;

/// <summary>How a trace is played.</summary>
/// <param name="Speed">How many recorded seconds pass in one.</param>
/// <param name="DeadlineSeconds">How long a transaction waits, from when it is due.</param>
internal sealed record ReplayOptions(
    FileInfo Trace, Uri Rpc, double Speed, int Limit, double DeadlineSeconds, bool Json);

/// <summary>
/// `homeostat replay`: recorded Ethereum traffic into a running development network.
/// </summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var trace = new Option<FileInfo>("--trace")
        {
            Description =
                "CSV (or .csv.gz) of whole consecutive blocks, as ethereum-etl exports it",
            Required = true,
        };
        var rpc = new Option<Uri>("--rpc")
        {
            Description = "JSON-RPC address of a node of the network",
            DefaultValueFactory = _ => new Uri("http://127.0.0.1:8545"),
            CustomParser = ParseEndpoint,
        };
        var speed = Positive("--speed", "recorded seconds played in one second", 100);
        var deadline = Positive(
            "--deadline", "seconds a transaction waits to become affordable", 60);
        var limit = new Option<int>("--limit")
        {
            Description = "play only the first N transactions",
            DefaultValueFactory = _ => int.MaxValue,
        };
        var json = new Option<bool>("--json") { Description = "print one line of JSON at the end" };
        var command = new Command("replay", "Play recorded Ethereum traffic into the network.")
        {
            trace, rpc, speed, limit, deadline, json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            new ReplayOptions(
                parsed.GetRequiredValue(trace), parsed.GetRequiredValue(rpc),
                parsed.GetValue(speed), parsed.GetValue(limit), parsed.GetValue(deadline),
                parsed.GetValue(json)),
            cancellation));
        return command;
    }

    private static Uri? ParseEndpoint(ArgumentResult result)
    {
        if (Uri.TryCreate(result.Tokens.Single().Value, UriKind.Absolute, out Uri? endpoint)
            && (endpoint.Scheme is "http" or "https"))
        {
            return endpoint;
        }
        result.AddError("--rpc must be an http address such as http://127.0.0.1:8545");
        return null;
    }

    private static Option<double> Positive(string name, string description, double value)
    {
        var option = new Option<double>(name)
        {
            Description = description,
            DefaultValueFactory = _ => value,
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and < 1e9))
            {
                result.AddError($"{name} must be a number above 0");
            }
        });
        return option;
    }

    private static async Task<int> RunAsync(
        ReplayOptions options, CancellationToken cancellation)
    {
        try
        {
            List<RecordedTransaction> trace = Trace.Read(options.Trace.FullName, options.Limit);
            using var rpc = new RpcClient(options.Rpc);
            ReplayReport report = await PlayAsync(rpc, options, trace, cancellation);
            if (options.Json)
            {
                Console.Out.WriteLine(report.ToJson());
            }
            else
            {
                report.Print(AnsiConsole.Console);
            }
            return report.Holds ? 0 : 1;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or RpcException)
        {
            await Console.Error.WriteLineAsync($"replay: {e.Message}");
            return 2;
        }
    }

    private static async Task<ReplayReport> PlayAsync(
        RpcClient rpc, ReplayOptions options, List<RecordedTransaction> trace,
        CancellationToken cancellation)
    {
        ulong chainId = RpcClient.Quantity(await rpc.CallAsync("eth_chainId", [], cancellation));
        var accounts = new ReplayAccounts(trace);
        var run = new ReplayRun(rpc, options);
        ProgressLines lines = ProgressLines.Of(options.Json);
        await accounts.FundAsync(
            rpc, chainId, DevelopmentNetwork.FundedAccounts.Select(a => a.PrivateKey).ToList(),
            new Reporter(lines, "funding", accounts.Count, "accounts"), cancellation);
        run.Prepare(trace, accounts, chainId);
        await run.PlayAsync(
            new Reporter(lines, "playing", trace.Count, "transactions"), cancellation);
        (int all, int applied) = await DecisionsAsync(rpc, run, cancellation);
        return ReplayReport.From(run, all, applied);
    }

    private static async Task<(int All, int Applied)> DecisionsAsync(
        RpcClient rpc, ReplayRun run, CancellationToken cancellation)
    {
        JsonElement logs = await rpc.CallAsync("eth_getLogs", [new JsonObject
        {
            ["address"] = PredeployAddresses.Steering.ToString(),
            ["fromBlock"] = $"0x{run.FirstBlock:x}",
            ["toBlock"] = $"0x{run.LastBlock:x}",
            ["topics"] = new JsonArray(DecisionEvent.Topic.ToString()),
        }], cancellation);
        List<DecisionEvent> decisions = logs.EnumerateArray().Select(Decode).ToList();
        return (decisions.Count, decisions.Count(d => d.Ruling == RulingKind.Applied));
    }

    private static DecisionEvent Decode(JsonElement log)
    {
        List<Hash256> topics = log.GetProperty("topics").EnumerateArray()
            .Select(topic => new Hash256(topic.GetString()!)).ToList();
        byte[] data = Hex.Decode(log.GetProperty("data").GetString());
        return DecisionEvent.TryDecode(topics, data, out DecisionEvent? decision)
            ? decision!
            : throw new RpcException(0, "the node's Decision event is of another version");
    }

    private sealed class Reporter(ProgressLines lines, string stage, int all, string unit)
        : IProgress<int>
    {
        public void Report(int value) => lines.Tell(stage, value, all, unit);
    }
}
