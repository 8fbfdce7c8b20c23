using System.Globalization;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Benchmarks.Evm;

/// <summary>
/// The loops of the neutral client gas.mjs and others like them, without a network: nanoseconds
/// an iteration and Mgas/s. A loop is "PUSH4 n, JUMPDEST, body, n = n - 1, back if n".
/// </summary>
internal static class LoopBench
{
    private const string Tail = "600190038060055700";

    private static readonly (string Name, string Body, int Count)[] Loops =
    [
        ("count", "", 4_000_000),
        ("keccak64", "604060002050", 400_000),
        ("mulmod", "80800280017f" + Repeat("ff", 31) + "43900650", 1_000_000),
        ("memory", "8060005260005150", 1_500_000),
        ("mulmod256", "7f" + Repeat("fe", 32) + "7f" + Repeat("fd", 32) + "7f" + Repeat("ff", 31)
            + "430950", 1_000_000),
        ("div256", "73" + Repeat("12", 20) + "7f" + Repeat("fd", 32) + "0450", 1_000_000),
        ("sdiv", "600319600a900550", 1_000_000),
        ("exp", "62ffffff81900a50", 400_000),
        ("calldata", "60003560e01c50", 1_000_000),
        ("shifts", "8060e01b60e01c50", 1_000_000),
        ("dynamic-jump", "600b8050565b", 1_000_000),
        ("sload", "60005450", 400_000),
        ("caller-and", "3373" + Repeat("ff", 20) + "1650", 1_000_000),
    ];

    public static void Run(IEvmEngine engine, string only)
    {
        foreach (var (name, body, count) in Loops)
        {
            if (only.Length == 0 || name.Contains(only, StringComparison.Ordinal))
            {
                Measure(engine, name, body, count);
            }
        }
    }

    private static void Measure(IEvmEngine engine, string name, string body, int count)
    {
        byte[] code = Hex.Decode(
            "63" + count.ToString("x8", CultureInfo.InvariantCulture) + "5b" + body + Tail);
        var times = new List<double>();
        ulong used = 0;
        long allocated = 0;
        for (int run = 0; run < 9; run++)
        {
            var at = new Address("0x00000000000000000000000000000000c0de0001");
            var world = new MemoryWorld();
            world.SetCode(at, new Code(code));
            EvmContext context = Contexts.Latest(world);
            var message = new CallMessage(
                CallKind.Call, default, at, default, 20_000_000_000, default);
            long before = GC.GetAllocatedBytesForCurrentThread();
            double start = ThreadClock.NowMs();
            CallResult result = engine.Execute(context, message);
            times.Add(ThreadClock.NowMs() - start);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            used = 20_000_000_000 - result.GasLeft;
            Invariant.Require(result.IsSuccess);
        }
        times.Sort();
        double ms = times[2];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-14} {ms * 1e6 / count,9:F2} ns/iteration {used / ms / 1000,8:F0} Mgas/s")
            + $" {allocated,9} bytes allocated");
    }

    private static string Repeat(string text, int times) =>
        string.Concat(Enumerable.Repeat(text, times));
}

/// <summary>Contexts for executions outside a chain.</summary>
internal static class Contexts
{
    public static EvmContext Latest(IWorld world) => new(
        world,
        ForkRules.For(Fork.Osaka),
        new BlockEnvironment
        {
            Coinbase = default,
            Number = 1,
            Timestamp = 1,
            GasLimit = 30_000_000,
            ChainId = 1,
            BlockHashes = new NoBlockHashes(),
        },
        new TransactionEnvironment { Origin = default });

    private sealed class NoBlockHashes : IBlockHashes
    {
        public Hash256 Get(ulong number) => default;
    }
}
