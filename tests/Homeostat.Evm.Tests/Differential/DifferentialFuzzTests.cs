using System.Globalization;
using Homeostat.Benchmarks.Evm;
using Homeostat.Primitives;

namespace Homeostat.Evm.Tests;

/// <summary>
/// Engines against the plain evaluator on random bytecode: status, gas, refund, output, storage
/// and logs. HOMEOSTAT_FUZZ_CASES sets the number (the full run is a million),
/// HOMEOSTAT_FUZZ_SEED the first seed; a difference prints the seed that shows it.
/// </summary>
public sealed class DifferentialFuzzTests
{
    private static readonly Fork[] Forks = Enum.GetValues<Fork>();

    [Theory]
    [MemberData(nameof(EngineUnderTest.Names), MemberType = typeof(EngineUnderTest))]
    public void Engines_agree_with_the_plain_evaluator(string name)
    {
        IEvmEngine engine = EngineUnderTest.Create(name);
        ulong cases = Setting("HOMEOSTAT_FUZZ_CASES", 20_000);
        ulong first = Setting("HOMEOSTAT_FUZZ_SEED", 1);
        for (ulong seed = first; seed < first + cases; seed++)
        {
            Compare(engine, seed);
        }
    }

    private static ulong Setting(string variable, ulong otherwise) =>
        ulong.TryParse(
            Environment.GetEnvironmentVariable(variable),
            CultureInfo.InvariantCulture,
            out ulong value)
            ? value
            : otherwise;

    private static void Compare(IEvmEngine engine, ulong seed)
    {
        var random = new SeededRandom(seed);
        Fork fork = Forks[random.NextBelow(Forks.Length)];
        byte[] code = new BytecodeGenerator(random).Next();
        byte[] input = new byte[random.NextBelow(100)];
        random.Fill(input);
        long gas = random.Chance(1, 2) ? random.NextBelow(3_000) : random.NextBelow(60_000);

        MemoryWorld plainWorld = WorldWith(code);
        var plain = new PlainEvaluator(TestContext.For(fork, plainWorld), code, input, gas);
        plain.Run();
        if (plain.MetCall)
        {
            return;
        }

        MemoryWorld world = WorldWith(code);
        CallResult result = engine.Execute(
            TestContext.For(fork, world),
            new CallMessage(
                CallKind.Call, TestContext.Sender, TestContext.Contract, default, (ulong)gas,
                input));

        string where = $"seed {seed}, {fork}, gas {gas}, code {Hex.Encode(code)}: {result.Status}";
        bool isRevert = result.Status == ExecutionStatus.Revert;
        Assert.True(plain.Status == ExecutionStatus.Success == result.IsSuccess, where);
        Assert.True(plain.Status == ExecutionStatus.Revert == isRevert, where);
        Assert.True(
            (ulong)plain.GasLeft == result.GasLeft,
            $"{where}: gas {plain.GasLeft} by the plain evaluator, {result.GasLeft}");
        Assert.True(plain.Refund == result.Refund, where);
        Assert.True(plain.Output.AsSpan().SequenceEqual(result.Output), where);
        Assert.True(Describe(plainWorld) == Describe(world), where);
    }

    private static MemoryWorld WorldWith(byte[] code)
    {
        var world = new MemoryWorld();
        world.SetCode(TestContext.Contract, new Code(code));
        world.AddBalance(TestContext.Contract, 12_345);
        world.AddBalance(TestContext.Sender, UInt256.MaxValue >> 1);
        for (ulong slot = 0; slot < 4; slot++)
        {
            world.PresetStorage(TestContext.Contract, slot, slot * 3);
        }
        return world;
    }

    private static string Describe(MemoryWorld world) => string.Join(
        '\n',
        [
            .. world.StorageOf(TestContext.Contract),
            .. world.Logs.Select(log =>
                $"{log.Address} {string.Join(' ', log.Topics)} {Hex.Encode(log.Data)}"),
        ]);
}
