using Homeostat.Primitives;

namespace Homeostat.Evm.Tests;

/// <summary>The engines every EVM test runs over (STYLE.md 20); a JIT is one line here.</summary>
public static class EngineUnderTest
{
    public static TheoryData<string> Names { get; } = ["interpreter", "interpreter traced"];

    public static IEvmEngine Create(string name) => name switch
    {
        "interpreter" => new EvmEngine(),
        "interpreter traced" => new TracedEngine(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such engine"),
    };

    // With a tracer the engine runs programs decoded step by step, without fusion.
    private sealed class TracedEngine : IEvmEngine
    {
        private readonly EvmEngine _engine = new();

        public CallResult Execute(EvmContext context, in CallMessage message) =>
            _engine.Execute(
                context with { Tracer = context.Tracer ?? new StepRecorder() }, message);
    }
}

/// <summary>Keeps what a tracer sees.</summary>
public sealed class StepRecorder : ITracer
{
    public List<(int Pc, byte Opcode, ulong Gas, ulong Cost, int Depth)> Steps { get; } = [];

    public List<CallStart> Starts { get; } = [];

    public List<CallEnd> Ends { get; } = [];

    public bool WantsSteps => true;

    public void OnCallStart(in CallStart call) => Starts.Add(call);

    public void OnCallEnd(in CallEnd end) => Ends.Add(end);

    public void OnStepStart(in StepStart step) =>
        Steps.Add((step.ProgramCounter, step.Opcode, step.Gas, 0, step.Depth));

    public void OnStepEnd(ulong gasCost, ExecutionStatus status) =>
        Steps[^1] = Steps[^1] with { Cost = gasCost };

    public void OnLog(Log log)
    {
    }

    public void OnSelfDestruct(
        in Address contract, in Address beneficiary, in UInt256 balance)
    {
    }
}

/// <summary>A context with every field different, so that mixed-up opcodes show.</summary>
public static class TestContext
{
    public static readonly Address Contract = new("0x00000000000000000000000000000000c0de0001");
    public static readonly Address Sender = new("0x1000000000000000000000000000000000000002");

    public static EvmContext For(Fork fork, IWorld world) => new(
        world,
        ForkRules.For(fork),
        new BlockEnvironment
        {
            Coinbase = new Address("0x2000000000000000000000000000000000000003"),
            Number = 1000,
            Timestamp = 1_700_000_000,
            GasLimit = 30_000_000,
            BaseFee = 7,
            PrevRandao = new UInt256(0xfedcba9876543, 0, 1, 0x123456789abcdef),
            BlobBaseFee = 3,
            ChainId = 4242,
            BlockHashes = new NumberedHashes(),
        },
        new TransactionEnvironment
        {
            Origin = Sender,
            GasPrice = 11,
            BlobHashes = [new UInt256(99, 0, 0, 1UL << 56).ToHash256()],
        });

    private sealed class NumberedHashes : IBlockHashes
    {
        public Hash256 Get(ulong number) => new UInt256(number, 0, 0, 1).ToHash256();
    }
}
