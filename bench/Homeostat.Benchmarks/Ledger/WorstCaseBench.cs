using System.Globalization;
using System.Text.Json;
using Homeostat.Benchmarks.Evm;
using Homeostat.Conformance;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Benchmarks.Ledger;

/// <summary>
/// The worst-case blocks of the execution-spec benchmarks through BlockProcessor: checking the
/// block (its signatures too), executing it and sealing its state, slowest first.
/// </summary>
/// <remarks>
/// Each run decodes the block and builds the state anew, so no sender, hash or decoded bytecode is
/// kept from the run before: what is warm is the JIT alone. The figure is the best run after the
/// first, in processor time of the executing thread; the first is shown next to it.
/// </remarks>
internal static class WorstCaseBench
{
    private const int MostRuns = 4;
    private const double EnoughMs = 4_000;
    private const double LeastMgasPerSecond = 20;

    /// <summary>The number of blocks that were refused: 0 where all is well.</summary>
    public static int Run(string archive, string filter)
    {
        var measured = new List<Measured>();
        int refused = 0;
        foreach (FixtureFile file in new Archive(archive).Read(path => IsWanted(path)))
        {
            using JsonDocument document = Json.Parse(file);
            foreach (JsonProperty test in document.RootElement.EnumerateObject())
            {
                if (!ShortName(test.Name).Contains(filter, StringComparison.Ordinal))
                {
                    continue;
                }
                if (Measure(test) is { } result)
                {
                    measured.Add(result);
                    Console.Error.WriteLine(result);
                }
                else
                {
                    refused++;
                }
            }
        }
        Report(measured);
        return refused;
    }

    private static bool IsWanted(string path) =>
        path.Contains("eest-benchmark", StringComparison.Ordinal)
        && path.EndsWith(".json", StringComparison.Ordinal);

    private static void Report(List<Measured> measured)
    {
        measured.Sort((a, b) => a.MgasPerSecond.CompareTo(b.MgasPerSecond));
        Console.WriteLine("| block | gas | first ms | ms | Mgas/s |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        foreach (Measured result in measured)
        {
            Console.WriteLine(result);
        }
        int slow = measured.Count(result => result.MgasPerSecond < LeastMgasPerSecond);
        Console.WriteLine($"{measured.Count} blocks, {slow} below {LeastMgasPerSecond} Mgas/s");
    }

    private static Measured? Measure(JsonProperty test)
    {
        double first = 0;
        double best = double.MaxValue;
        double spent = 0;
        ulong gas = 0;
        for (int run = 0; run < 2 || (run < MostRuns && spent < EnoughMs); run++)
        {
            double ms = 0;
            if (!TryRunOnce(test.Value, ref ms, ref gas, out string reason))
            {
                Console.WriteLine($"REFUSED {test.Name}: {reason}");
                return null;
            }
            first = run == 0 ? ms : first;
            best = run == 0 ? best : Math.Min(best, ms);
            spent += ms;
        }
        return new Measured(ShortName(test.Name), gas, first, best);
    }

    private static bool TryRunOnce(
        JsonElement test, ref double ms, ref ulong gas, out string reason)
    {
        JsonElement config = test.GetProperty("config");
        ChainRules rules = Networks.RulesFor(test.TextOf("network")!, config)!;
        var processor = new BlockProcessor(rules, new EvmEngine());
        WorldSnapshot state = FixtureState.Build(test.GetProperty("pre"));
        Block.TryDecode(Json.Bytes(test.TextOf("genesisRLP")!), out Block parent, out reason);
        gas = 0;
        foreach (JsonElement item in test.GetProperty("blocks").EnumerateArray())
        {
            byte[] rlp = Json.Bytes(item.TextOf("rlp")!);
            double start = ThreadClock.NowMs();
            Block.TryDecode(rlp, out Block block, out reason);
            if (!processor.TryCheck(
                    block, parent.Header, null, out CheckedBlock? good, out BlockRefusal? refusal)
                || !processor.TryExecute(
                    good, state, null, new Hashes(parent), out ExecutedBlock? done, out refusal))
            {
                reason = refusal.Reason;
                return false;
            }
            ms += ThreadClock.NowMs() - start;
            gas += block.Header.GasUsed;
            (parent, state) = (block, done.State);
        }
        return true;
    }

    /// <summary>The file's last part and the parameters, without what all have in common.</summary>
    private static string ShortName(string name)
    {
        string text = name[(name.LastIndexOf("::", StringComparison.Ordinal) + 2)..];
        return text
            .Replace("fork_Osaka-", "", StringComparison.Ordinal)
            .Replace("benchmark-gas-value_", "", StringComparison.Ordinal)
            .Replace("blockchain_test", "", StringComparison.Ordinal)
            .Replace("|", "/", StringComparison.Ordinal);
    }

    private sealed record Measured(string Name, ulong Gas, double FirstMs, double Ms)
    {
        public double MgasPerSecond => Gas / Ms / 1_000;

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"| {Name} | {Gas:N0} | {FirstMs:F1} | {Ms:F1} | {MgasPerSecond:F1} |");
    }

    /// <summary>These chains have one block on genesis; nothing older is asked for.</summary>
    private sealed class Hashes(Block parent) : IBlockHashes
    {
        public Hash256 Get(ulong number) =>
            number == parent.Header.Number.Value ? parent.Hash : default;
    }
}
