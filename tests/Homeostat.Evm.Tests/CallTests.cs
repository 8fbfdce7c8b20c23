using Homeostat.Benchmarks.Evm;
using Homeostat.Primitives;

namespace Homeostat.Evm.Tests;

/// <summary>Frames: depth, forwarded gas, creation, static calls, delegation.</summary>
public sealed class CallTests
{
    private static readonly Address Other = new("0x00000000000000000000000000000000c0de0002");

    public static TheoryData<string> Engines => EngineUnderTest.Names;

    private static CallResult Execute(
        string engine, MemoryWorld world, ulong gas = 1_000_000, Fork fork = Fork.Osaka) =>
        EngineUnderTest.Create(engine).Execute(
            TestContext.For(fork, world),
            new CallMessage(
                CallKind.Call, TestContext.Sender, TestContext.Contract, default, gas, default));

    private static MemoryWorld With(string code, string other = "")
    {
        var world = new MemoryWorld();
        world.SetCode(TestContext.Contract, new Code(Hex.Decode(code)));
        world.SetCode(Other, new Code(Hex.Decode(other)));
        return world;
    }

    // Counts its calls in slot 0 and calls itself with all the gas it may.
    [Theory]
    [MemberData(nameof(Engines))]
    public void Calls_nest_1024_deep_on_a_small_native_stack(string engine)
    {
        CallResult result = default;
        MemoryWorld world = With("600160005401600055" + "60006000600060006000305af150");
        var thread = new Thread(
            () => result = Execute(engine, world, 1UL << 50, Fork.Osaka), maxStackSize: 256 << 10);
        thread.Start();
        thread.Join();
        Assert.Equal(ExecutionStatus.Success, result.Status);
        Assert.Equal<UInt256>(1025, world.GetStorage(TestContext.Contract, 0));
    }

    // Before EIP-150 all gas can be forwarded; the callee burns what it gets.
    [Theory]
    [MemberData(nameof(Engines))]
    public void A_call_keeps_one_64th_of_the_gas(string engine)
    {
        string call = "6000600060006000600073" + Other.ToString()[2..] + "5af1";
        MemoryWorld world = With(call, "fe");
        CallResult result = Execute(engine, world, 64_000);
        ulong before = 64_000 - 5 * 3 - 3 - 2 - 2_600;
        Assert.Equal(ExecutionStatus.Success, result.Status);
        Assert.Equal(before / 64, result.GasLeft);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_static_call_can_not_write(string engine)
    {
        // mstore(0, staticcall(...)); return(0, 32)
        string call = "600060006000600073" + Other.ToString()[2..] + "61fffffa60005260206000f3";
        CallResult writes = Execute(engine, With(call, "600160005500"));
        CallResult reads = Execute(engine, With(call, "60005400"));
        Assert.Equal(new byte[32], writes.Output);
        Assert.Equal(1, reads.Output[31]);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void Revert_data_comes_back_and_changes_are_undone(string engine)
    {
        // sstore(0, 1); mstore(0, 42); revert(0, 32)
        MemoryWorld world = With("6001600055602a60005260206000fd");
        CallResult result = Execute(engine, world);
        Assert.Equal(ExecutionStatus.Revert, result.Status);
        Assert.Equal(42, result.Output[31]);
        Assert.True(world.GetStorage(TestContext.Contract, 0).IsZero);
        Assert.True(result.GasLeft > 900_000);
        Assert.Equal(0, result.Refund);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_create_deploys_what_its_initcode_returns(string engine)
    {
        // The initcode returns one byte, 0x00: PUSH1 1 PUSH1 0 RETURN.
        var world = new MemoryWorld();
        world.AddBalance(TestContext.Sender, 100);
        Address target = ContractAddress.FromNonce(TestContext.Sender, 0);
        CallResult result = EngineUnderTest.Create(engine).Execute(
            TestContext.For(Fork.Osaka, world),
            new CallMessage(
                CallKind.Create, TestContext.Sender, target, 7, 100_000,
                Hex.Decode("60016000f3")));
        Assert.Equal(ExecutionStatus.Success, result.Status);
        Assert.Equal(target, result.CreatedAddress);
        Assert.Equal([0], world.GetCode(target).Bytes);
        Assert.Equal<UInt256>(7, world.GetBalance(target));
        Assert.Equal(1UL, world.GetNonce(target));
        Assert.Equal(100_000UL - 3 - 3 - 3 - 200, result.GasLeft);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_delegated_account_runs_the_other_code_on_its_own_storage(string engine)
    {
        var world = new MemoryWorld();
        world.SetCode(TestContext.Contract, Code.DelegationTo(Other));
        world.SetCode(Other, new Code(Hex.Decode("600960005500")));
        Assert.True(Execute(engine, world).IsSuccess);
        Assert.Equal<UInt256>(9, world.GetStorage(TestContext.Contract, 0));
        Assert.True(world.GetStorage(Other, 0).IsZero);
    }

    // EIP-1014, examples 1 and 5.
    [Theory]
    [InlineData("0x0000000000000000000000000000000000000000", 0, "00",
        "0x4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38")]
    [InlineData("0x00000000000000000000000000000000deadbeef", 0xcafebabe, "deadbeef",
        "0x60f3f640a8508fc6a86d45df051962668e1e8ac7")]
    public void Salted_addresses_are_those_of_the_specification(
        string sender, uint salt, string initcode, string expected) =>
        Assert.Equal(
            new Address(expected),
            ContractAddress.FromSalt(new Address(sender), salt, Hex.Decode(initcode)));

    [Fact]
    public void A_trace_shows_every_step_with_its_cost()
    {
        var recorder = new StepRecorder();
        MemoryWorld world = With("6001600201600052" + "6000600060006000600073"
            + Other.ToString()[2..] + "61ffff" + "f1", "600000");
        CallResult result = new EvmEngine().Execute(
            TestContext.For(Fork.Osaka, world) with { Tracer = recorder },
            new CallMessage(
                CallKind.Call, TestContext.Sender, TestContext.Contract, default, 100_000,
                default));
        Assert.True(result.IsSuccess);
        Assert.Equal(
            ["PUSH1 3 0", "PUSH1 3 0", "ADD 3 0", "PUSH1 3 0", "MSTORE 6 0"],
            recorder.Steps.Take(5).Select(Show));
        // The call's cost has the gas it gave; the callee's steps follow one level deeper.
        Assert.Equal(
            [$"CALL {2_600 + 65_535} 0", "PUSH1 3 1", "STOP 0 1", "STOP 0 0"],
            recorder.Steps.Skip(12).Select(Show));
        Assert.Equal(2, recorder.Starts.Count);
        Assert.Equal([3UL, 100_000 - result.GasLeft], recorder.Ends.Select(end => end.GasUsed));
    }

    private static string Show((int Pc, byte Opcode, ulong Gas, ulong Cost, int Depth) step) =>
        $"{OpcodeTable.NameOf(step.Opcode)} {step.Cost} {step.Depth}";
}
