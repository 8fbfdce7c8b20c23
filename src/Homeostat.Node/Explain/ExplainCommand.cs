using System.CommandLine;
using System.CommandLine.Parsing;
using Homeostat.Node.Client;
using Homeostat.Node.Commands;

namespace Homeostat.Node.Explain;

/// <summary>`homeostat explain ID`: what a decision saw, did and led to.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        Argument<string> id = DecisionArgument();
        Option<Uri> rpc = RpcOption();
        var command = new Command("explain", "Say in plain words why the chain decided so.")
        {
            id, rpc,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetRequiredValue(id), parsed.GetRequiredValue(rpc), cancellation));
        return command;
    }

    internal static Argument<string> DecisionArgument() => new("id")
    {
        Description = "number of the decision (homeostat_decisions lists them), or latest",
    };

    internal static Option<Uri> RpcOption() => new("--rpc")
    {
        Description = "JSON-RPC address of a node of the network",
        DefaultValueFactory = _ => new Uri("http://127.0.0.1:8545"),
        CustomParser = ParseEndpoint,
    };

    internal static Uri? ParseEndpoint(ArgumentResult result)
    {
        if (Uri.TryCreate(result.Tokens.Single().Value, UriKind.Absolute, out Uri? endpoint)
            && (endpoint.Scheme is "http" or "https"))
        {
            return endpoint;
        }
        result.AddError("--rpc must be an http address such as http://127.0.0.1:8545");
        return null;
    }

    private static async Task<int> RunAsync(
        string id, Uri endpoint, CancellationToken cancellation)
    {
        try
        {
            using var rpc = new RpcClient(endpoint);
            Console.Out.Write(await new DecisionFinder(rpc).ExplainAsync(id, cancellation));
            return ExitCode.Done;
        }
        catch (RpcException e)
        {
            await Console.Error.WriteLineAsync($"explain: {e.Message}");
            return ExitCode.Usage;
        }
    }
}
