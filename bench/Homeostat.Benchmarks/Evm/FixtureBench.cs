using System.Globalization;
using System.Text.Json.Nodes;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Benchmarks.Evm;

/// <summary>
/// The fixtures' workloads (benchmarks/evm-benchmarks, revmc, evm-bench-gpl3): each call's gas,
/// best processor time of several runs, Mgas/s and bytes allocated; the gas and output are
/// checked against the EXPECTED table where it lists them.
/// </summary>
internal static class FixtureBench
{
    // Enough for the JIT's last tier, and to find a quiet moment on a busy machine.
    private const int LeastRuns = 5;
    private const int MostRuns = 400;
    private const double EnoughMs = 800;

    public static int Run(IEvmEngine engine, string folder, string only)
    {
        Dictionary<string, string> expected = ReadExpected(folder);
        int wrong = 0;
        foreach (string file in Files(folder, only))
        {
            foreach (Workload workload in ReadFile(file))
            {
                string key = $"{Path.GetRelativePath(folder, file)}\t{workload.Name}";
                wrong += Measure(engine, workload, expected.GetValueOrDefault(key)) ? 0 : 1;
            }
        }
        return wrong;
    }

    private static bool Measure(IEvmEngine engine, Workload workload, string? wanted)
    {
        double best = double.MaxValue;
        CallResult result = default;
        long allocated = 0;
        double spent = 0;
        for (int run = 0; run < LeastRuns || (run < MostRuns && spent < EnoughMs); run++)
        {
            MemoryWorld world = workload.Prepare(engine);
            long before = GC.GetAllocatedBytesForCurrentThread();
            double start = ThreadClock.NowMs();
            result = engine.Execute(Contexts.Latest(world), workload.Message);
            double ms = ThreadClock.NowMs() - start;
            best = Math.Min(best, ms);
            spent += ms;
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        ulong gas = workload.Message.Gas - result.GasLeft;
        string seen = $"{gas}\t{Keccak.Hash(result.Output)}";
        string verdict = wanted is null ? "not listed"
            : wanted == seen ? "as expected" : $"WRONG: want {wanted}";
        string name = workload.Name.Replace('\t', ' ');
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {gas:N0} | {best:F3} | {gas / best / 1000:F0} | {allocated:N0} |")
            + $" {result.Status}, {verdict} |");
        return !verdict.StartsWith("WRONG", StringComparison.Ordinal);
    }

    /// <summary>All workloads of a folder, in the order of its files.</summary>
    public static IEnumerable<Workload> Load(string folder) =>
        Files(folder, "").SelectMany(ReadFile);

    private static IEnumerable<string> Files(string folder, string only) =>
        Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories)
            .Where(path => !path.Contains("eest-", StringComparison.Ordinal)
                && path.Contains(only, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<Workload> ReadFile(string file)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(file))!;
        return root["creationBytecode"] is null ? FromStateTest(root) : FromContract(root);
    }

    private static IEnumerable<Workload> FromStateTest(JsonNode root)
    {
        foreach (var (name, test) in root.AsObject())
        {
            JsonNode transaction = test!["transaction"]!;
            List<JsonNode> calls = transaction is JsonArray list
                ? [.. list.Select(call => call!)]
                : [.. transaction["data"]!.AsArray().Select(data => With(transaction, data!))];
            for (int i = 0; i < calls.Count; i++)
            {
                // Decoded code is kept between calls, as a node keeps it.
                var codes = test["pre"]!.AsObject().ToDictionary(
                    entry => entry.Key,
                    entry => new Code(Hex.Decode(entry.Value!["code"]!.GetValue<string>())));
                yield return new Workload(
                    $"{name}\t{i}", Message(calls[i]), _ => Preset(test["pre"]!, codes));
            }
        }
    }

    private static JsonObject With(JsonNode transaction, JsonNode data) => new()
    {
        ["data"] = data.GetValue<string>(),
        ["to"] = transaction["to"]!.GetValue<string>(),
        ["sender"] = transaction["sender"]?.GetValue<string>()
            ?? "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b",
        ["value"] = transaction["value"]![0]!.GetValue<string>(),
    };

    private static CallMessage Message(JsonNode call) => new(
        CallKind.Call,
        new Address(call["sender"]!.GetValue<string>()),
        new Address(call["to"]!.GetValue<string>()),
        UInt256.Parse(call["value"]!.GetValue<string>()),
        long.MaxValue / 4,
        Hex.Decode(call["data"]!.GetValue<string>()));

    private static MemoryWorld Preset(JsonNode pre, Dictionary<string, Code> codes)
    {
        var world = new MemoryWorld();
        foreach (var (key, account) in pre.AsObject())
        {
            var address = new Address(key);
            world.AddBalance(address, UInt256.Parse(account!["balance"]!.GetValue<string>()));
            world.SetNonce(
                address, (ulong)UInt256.Parse(account["nonce"]?.GetValue<string>() ?? "0x0"));
            world.SetCode(address, codes[key]);
            foreach (var (slot, value) in account["storage"]!.AsObject())
            {
                world.PresetStorage(
                    address, UInt256.Parse(slot), UInt256.Parse(value!.GetValue<string>()));
            }
        }
        return world;
    }

    private static IEnumerable<Workload> FromContract(JsonNode root)
    {
        var at = new Address("0x00000000000000000000000000000000c0de0001");
        var sender = new Address("0x1000000000000000000000000000000000000002");
        byte[] creation = Hex.Decode(root["creationBytecode"]!.GetValue<string>());
        yield return new Workload(
            $"{root["name"]}\t0",
            new CallMessage(
                CallKind.Call, sender, at, default, long.MaxValue / 4,
                Hex.Decode(root["calldata"]!.GetValue<string>())),
            engine =>
            {
                var deployed = new MemoryWorld();
                CallResult made = engine.Execute(
                    Contexts.Latest(deployed),
                    new CallMessage(CallKind.Create, sender, at, default, 1 << 30, creation));
                Invariant.Require(made.IsSuccess);
                return deployed.NextTransaction();
            });
    }

    private static Dictionary<string, string> ReadExpected(string folder) =>
        Directory.GetFiles(folder, "EXPECTED-*.tsv")
            .SelectMany(File.ReadLines)
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split('\t'))
            .Where(cells => cells.Length > 4)
            .ToDictionary(
                cells => $"{cells[^1]}\t{cells[0]}\t{cells[1]}",
                cells => $"{cells[2]}\t{cells[4]}");

    internal sealed record Workload(
        string Name, CallMessage Message, Func<IEvmEngine, MemoryWorld> Prepare);
}
