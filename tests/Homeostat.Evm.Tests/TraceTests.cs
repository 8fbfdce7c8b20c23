using Homeostat.Benchmarks.Evm;
using Homeostat.Primitives;

namespace Homeostat.Evm.Tests;

/// <summary>What a tracer sees of each opcode: every one once, with its own gas.</summary>
public sealed class TraceTests
{
    [Fact]
    public void A_taken_jump_shows_its_destination_as_a_step()
    {
        // 0: push1 4; 2: jump; 4: jumpdest; 5: push1 1; 7: push1 11; 9: jumpi;
        // 11: jumpdest; 12: stop
        var world = new MemoryWorld();
        world.SetCode(TestContext.Contract, new Code(Hex.Decode("600456fe5b6001600b57fe5b00")));
        var recorder = new StepRecorder();
        new EvmEngine().Execute(
            TestContext.For(Fork.Osaka, world) with { Tracer = recorder },
            new CallMessage(
                CallKind.Call, TestContext.Sender, TestContext.Contract, default, 100, default));
        Assert.Equal(
            [(0, 3), (2, 8), (4, 1), (5, 3), (7, 3), (9, 10), (11, 1), (12, 0)],
            recorder.Steps.Select(step => (step.Pc, (int)step.Cost)));
        Assert.Equal(100ul - 29, recorder.Steps[^1].Gas);
    }
}
