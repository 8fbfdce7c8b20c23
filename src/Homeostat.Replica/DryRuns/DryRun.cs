using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// What a proposal would do to fees and steering, computed alike by every validator on the state of
/// the block of its request (docs/spec/governance.md, "Dry run"). Twice, with the proposal's calls
/// made first and without them, the demand of the recorded blocks comes again: in each block
/// transaction 0 is composed anew and the contracts in force carry it out, the price follows, and
/// what finds no place waits. It decides no block's validity.
/// </summary>
public static class DryRun
{
    /// <summary>Recorded blocks that come again, at most.</summary>
    public const int MaximumBlocks = 512;

    /// <summary>Gas of all transactions 0 of one side, at most: a deterministic time limit.
    /// </summary>
    public const ulong MaximumGas = 400_000_000;

    /// <summary>Gas of one of the proposal's calls: Osaka's largest transaction.</summary>
    public const ulong CallGas = 16_777_216;

    /// <summary>Gas of all of them.</summary>
    public const ulong MaximumCallsGas = 8 * CallGas;

    /// <param name="state">After the block of the request.</param>
    /// <param name="header">Of that block.</param>
    /// <param name="steeringGas">Gas of its transaction 0.</param>
    /// <param name="rules">Of that block.</param>
    /// <param name="most">Recorded blocks, fewer than <see cref="MaximumBlocks"/> for advice.
    /// </param>
    /// <param name="answer">How users answer to the price; what validators attest has none.
    /// </param>
    public static DryRunResult Run(
        WorldSnapshot state, BlockHeader header, ulong steeringGas, BlockRules rules,
        IEvmEngine engine, DryRunRequest request, int most = MaximumBlocks,
        DemandAnswer? answer = null)
    {
        answer ??= DemandAnswer.None;
        var parent = new ReplayParent(header, steeringGas);
        var world = new WorldState(state);
        List<RecordedBlock> blocks = RecordedBlock.Read(new WorldStorage(world), most);
        var without = new SteeringReplay(world, parent, rules, engine, answer);
        DryRunVerdict verdict = without.Run(blocks) ? DryRunVerdict.Passed : default;
        var other = new WorldState(state);
        bool isCalled = TryCalls(other, header, rules, engine, request.Calls, out int failed);
        var with = new SteeringReplay(other, parent, rules, engine, answer);
        bool isDone = with.Run(blocks);
        DryRunSide before = without.Side();
        DryRunSide after = with.Side();
        verdict = !isCalled ? DryRunVerdict.CallReverts
            : !isDone ? DryRunVerdict.OverBudget
            : after.FailedSteps > before.FailedSteps ? DryRunVerdict.SteeringFails
            : after.Unruled > before.Unruled ? DryRunVerdict.NothingRules
            : DryRunVerdict.Passed;
        return new DryRunResult(
            verdict, request.Subject, request.Height, isCalled ? 0 : (ulong)failed,
            (ulong)blocks.Count, before, after);
    }

    /// <summary>
    /// The timelock's calls, all or none. Those to the Governor only change how people vote, and it
    /// takes them only in the course of its own `execute`: they are not made here.
    /// </summary>
    private static bool TryCalls(
        WorldState world, BlockHeader header, BlockRules rules, IEvmEngine engine,
        IReadOnlyList<ProposedCall> calls, out int failed)
    {
        int mark = world.Snapshot();
        ulong left = MaximumCallsGas;
        for (failed = 0; failed < calls.Count; failed++)
        {
            ProposedCall call = calls[failed];
            if (call.Target == PredeployAddresses.Governor)
            {
                continue;
            }
            var context = new EvmContext(
                world, rules.Evm,
                BlockExecution.EnvironmentOf(header, rules, NoBlockHashes.Instance),
                new TransactionEnvironment { Origin = PredeployAddresses.Timelock });
            ulong given = Math.Min(CallGas, left);
            CallResult result = engine.Execute(context, new CallMessage(
                CallKind.Call, PredeployAddresses.Timelock, call.Target, call.Value, given,
                call.Data));
            left -= given - result.GasLeft;
            if (!result.IsSuccess)
            {
                world.Revert(mark);
                world.EndTransaction(clearsEmptyAccounts: true);
                return false;
            }
        }
        world.EndTransaction(clearsEmptyAccounts: true);
        return true;
    }
}

/// <summary>What the first replayed block follows.</summary>
internal readonly record struct ReplayParent(BlockHeader Header, ulong SteeringGas);

/// <summary>Steering's one way to read the chain, over a state that is being changed.</summary>
internal sealed class WorldStorage(WorldState world) : IStorageReader
{
    public UInt256 Read(in Address contract, in UInt256 slot) => world.GetStorage(contract, slot);
}

/// <summary>Blocks that never were have no hashes.</summary>
internal sealed class NoBlockHashes : IBlockHashes
{
    public static readonly NoBlockHashes Instance = new();

    public Hash256 Get(ulong number) => Hash256.Zero;
}
