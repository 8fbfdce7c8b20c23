using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Homeostat.Node.Client;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat checkpoint`: the newest final block of a node one trusts.</summary>
internal static class CheckpointCommand
{
    public static Command Create()
    {
        var command = new Command(
            "checkpoint", "Print a node's newest final block, for --checkpoint of another");
        var rpc = new Option<Uri>("--rpc")
        {
            Description = "JSON-RPC address of a node you trust (default http://127.0.0.1:8545)",
            DefaultValueFactory = _ => new Uri("http://127.0.0.1:8545"),
        };
        command.Options.Add(rpc);
        command.SetAction((parsed, stop) => RunAsync(parsed.GetValue(rpc)!, stop));
        return command;
    }

    private static async Task<int> RunAsync(Uri address, CancellationToken stop)
    {
        try
        {
            using var rpc = new RpcClient(address);
            JsonElement block = await rpc.CallAsync(
                "eth_getBlockByNumber", ["finalized", false], stop).ConfigureAwait(false);
            ulong height = ulong.Parse(
                block.GetProperty("number").GetString()![2..], NumberStyles.HexNumber,
                CultureInfo.InvariantCulture);
            if (height == 0)
            {
                await Console.Error.WriteLineAsync(
                    "homeostat checkpoint: the chain has no block yet; a node without --checkpoint "
                    + "starts from genesis").ConfigureAwait(false);
                return ExitCode.Failed;
            }
            Console.WriteLine($"{height}:{block.GetProperty("hash").GetString()}");
            return ExitCode.Done;
        }
        catch (Exception error) when (error is RpcException or HttpRequestException)
        {
            await Console.Error.WriteLineAsync(
                $"homeostat checkpoint: {address}: {error.Message}").ConfigureAwait(false);
            return ExitCode.Failed;
        }
    }
}
