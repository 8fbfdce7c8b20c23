using System.CommandLine;
using Homeostat.Node.Client;
using Homeostat.Node.Explain;
using Homeostat.Node.Operating;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat doctor`: this machine, a running node, or a stopped node's folder.</summary>
internal static class DoctorCommand
{
    private const int RetryMs = 1_000;

    // A network on one machine takes these first.
    private static readonly int[] Ports = [8545, 30303];

    public static Command Create()
    {
        var rpc = new Option<Uri>("--rpc")
        {
            Description = "JSON-RPC address of a running node, to look at that too",
            CustomParser = ExplainCommand.ParseEndpoint,
        };
        var folder = new Option<string>("--datadir")
        {
            Description = "Data folder of a stopped node: look at every block",
        };
        var wait = new Option<int>("--wait")
        {
            Description = "Seconds to wait until the node is well",
        };
        var command = new Command("doctor", "Check this machine, a node, or its data folder")
        {
            rpc, folder, wait,
        };
        command.SetAction((parsed, stop) => RunAsync(
            parsed.GetValue(rpc), parsed.GetValue(folder), parsed.GetValue(wait), stop));
        return command;
    }

    private static async Task<int> RunAsync(
        Uri? rpc, string? folder, int waitSeconds, CancellationToken stop)
    {
        long giveUp = Environment.TickCount64 + waitSeconds * 1_000L;
        while (true)
        {
            // While it waits nothing is said; what is printed is the last look.
            using var text = new StringWriter();
            var findings = new Findings(text);
            await CheckAsync(findings, rpc, folder, stop);
            if (findings.AllGood || Environment.TickCount64 >= giveUp)
            {
                await Console.Out.WriteAsync(text.ToString());
                return findings.AllGood ? ExitCode.Done : ExitCode.Failed;
            }
            await Task.Delay(RetryMs, stop);
        }
    }

    private static async Task CheckAsync(
        Findings findings, Uri? rpc, string? folder, CancellationToken stop)
    {
        if (rpc is not null)
        {
            using var client = new RpcClient(rpc);
            try
            {
                await new NodeDoctor(client, rpc, findings).CheckAsync(stop);
            }
            catch (RpcException error)
            {
                findings.Add(false, "the node stopped answering", error.Message);
            }
        }
        if (folder is not null)
        {
            FolderDoctor.Check(findings, folder);
        }
        MachineDoctor.Check(findings, rpc is null && folder is null ? Ports : []);
    }
}
