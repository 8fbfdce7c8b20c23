using System.CommandLine;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Commands;

/// <summary>
/// `homeostat recover`: an operator's word that the chain goes on after an agreed block without
/// validators that are gone for good.
/// </summary>
internal static class RecoverCommand
{
    public static Command Create()
    {
        var command = new Command(
            "recover",
            "Go on without validators that are gone for good (on every remaining node, stopped)");
        var folder = new Option<string>("--datadir")
        {
            Description = "Data folder of the stopped node", Required = true,
        };
        var genesis = new Option<string>("--genesis")
        {
            Description = "The network's genesis.json", Required = true,
        };
        var block = new Option<string>("--block")
        {
            Description = "Highest final block that operators agreed on, as HEIGHT:0xHASH; "
                + "without it only this node's is printed",
        };
        var without = new Option<string>("--without")
        {
            Description = "Addresses of the validators that are gone, separated by commas",
        };
        foreach (Option option in (Option[])[folder, genesis, block, without])
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, _) => Task.FromResult(Run(
            parsed.GetValue(folder)!, parsed.GetValue(genesis)!, parsed.GetValue(block),
            parsed.GetValue(without))));
        return command;
    }

    private static int Run(string folder, string genesis, string? block, string? without)
    {
        try
        {
            if (!GenesisDocument.TryParse(
                File.ReadAllBytes(genesis), out GenesisDocument? document, out string? error))
            {
                return Refuse($"{genesis}: {error}");
            }
            using var store = new NodeStore(
                folder, document!.Config.ChainId, GenesisIdentity.HashOf(document), 0,
                failure => throw failure, NullLogger.Instance);
            Height last = store.Last ?? Height.Genesis;
            string own = store.TryGetBlock(last, out FinalizedBlock stored)
                ? $"{last}:{stored.Hash}"
                : "none";
            Console.WriteLine($"highest final block of this node: {own}");
            return block is null && without is null
                ? ExitCode.Done
                : Record(folder, store, last, block, without);
        }
        catch (Exception error) when (error is StoreException or IOException
            or UnauthorizedAccessException)
        {
            return Refuse(error.Message);
        }
    }

    private static int Record(
        string folder, NodeStore store, Height last, string? block, string? without)
    {
        if (!TrustedCheckpoint.TryParse(block ?? "", out TrustedCheckpoint? agreed))
        {
            return Refuse("--block: write HEIGHT:0xHASH of the block that operators agreed on");
        }
        var gone = new List<Address>();
        foreach (string text in (without ?? "").Split(
            ',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!Address.TryParse(text, out Address address))
            {
                return Refuse($"--without: '{text}' is no address");
            }
            gone.Add(address);
        }
        if (gone.Count == 0)
        {
            return Refuse("--without: name the validators that are gone for good");
        }
        if (last > agreed!.Height)
        {
            return Refuse(
                $"block {last} is final here, above {agreed.Height}: the agreed block must be the "
                + "highest that is final on any remaining node");
        }
        if (store.TryGetBlock(agreed.Height, out FinalizedBlock own) && own.Hash != agreed.Hash)
        {
            return Refuse($"block {agreed.Height} is final here as {own.Hash}");
        }
        var recoveries = RecoveryFile.Read(folder).Where(x => x.Height < agreed.Height).Append(
            new ValidatorRecovery(agreed.Height, agreed.Hash, [.. gone.Distinct().Order()]))
            .ToList();
        RecoveryFile.Write(folder, recoveries);
        Console.WriteLine($"wrote {RecoveryFile.PathIn(folder)}");
        Console.WriteLine($"record {RecoveryFile.RecordOf(recoveries)}, the same on all nodes");
        if (last < agreed.Height)
        {
            Console.WriteLine($"this node fetches blocks to {agreed.Height} from the others first");
        }
        return ExitCode.Done;
    }

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine($"homeostat recover: {reason}");
        return ExitCode.Usage;
    }
}
