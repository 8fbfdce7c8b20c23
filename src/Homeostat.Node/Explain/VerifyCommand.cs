using System.CommandLine;
using Homeostat.Node.Client;
using Homeostat.Node.Commands;

namespace Homeostat.Node.Explain;

/// <summary>
/// `homeostat verify ID`: recomputes a decision from headers and proofs; needs no node's word but
/// for the block's hash. Ends with 0 for agree, 1 for differ, 2 when it could not be done.
/// </summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        Argument<string> id = ExplainCommand.DecisionArgument();
        id.Arity = ArgumentArity.ZeroOrOne;
        Option<Uri> rpc = ExplainCommand.RpcOption();
        var save = new Option<FileInfo>("--save")
        {
            Description = "write the evidence to a file, to verify it when its state is gone",
        };
        var from = new Option<FileInfo>("--from")
        {
            Description = "verify the evidence in a file, without any node",
        };
        var command = new Command("verify", "Recompute a decision from headers and proofs.")
        {
            id, rpc, save, from,
        };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(id) is null) == (result.GetValue(from) is null))
            {
                result.AddError("name a decision, or a file with --from");
            }
        });
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(id), parsed.GetRequiredValue(rpc), parsed.GetValue(save),
            parsed.GetValue(from), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        string? id, Uri endpoint, FileInfo? save, FileInfo? from, CancellationToken cancellation)
    {
        try
        {
            DecisionEvidence evidence = from is not null
                ? DecisionEvidence.FromJson(
                    await File.ReadAllTextAsync(from.FullName, cancellation))
                : await CollectAsync(id!, endpoint, cancellation);
            if (save is not null)
            {
                await File.WriteAllTextAsync(save.FullName, evidence.ToJson(), cancellation);
            }
            return Print(evidence, DecisionVerifier.Verify(evidence));
        }
        catch (Exception e) when (
            e is RpcException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"verify: {e.Message}");
            return ExitCode.Usage;
        }
    }

    private static async Task<DecisionEvidence> CollectAsync(
        string id, Uri endpoint, CancellationToken cancellation)
    {
        using var rpc = new RpcClient(endpoint);
        FoundDecision found = await new DecisionFinder(rpc).FindAsync(id, cancellation);
        return await new EvidenceCollector(rpc).CollectAsync(found, cancellation);
    }

    private static int Print(DecisionEvidence evidence, Verification result)
    {
        Console.Out.WriteLine(
            $"{(result.Agrees ? "agree" : "differ")}: decision {evidence.Id} in block "
            + $"{result.Height} ({evidence.BlockHash})");
        foreach (string input in result.Inputs)
        {
            Console.Out.WriteLine($"  input differs: {input}");
        }
        foreach (string output in result.Outputs)
        {
            Console.Out.WriteLine($"  result differs: {output}");
        }
        if (result.Agrees)
        {
            int slots = evidence.Proofs.Sum(proof => proof.Slots.Count);
            Console.Out.WriteLine(
                $"  recomputed, the Constitution's ruling included, from {slots} proven storage "
                + "words, 2 headers and the payload");
            Console.Out.WriteLine(
                "  final by a certificate of the validators in the proven state, in the network "
                + $"of chain id {evidence.ChainId.Value} and genesis {evidence.GenesisHash}");
        }
        return result.Agrees ? ExitCode.Done : ExitCode.Failed;
    }
}
