using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>What a simulated block has that no real one can.</summary>
/// <param name="BlobBaseFee">Instead of what follows from the parent.</param>
internal sealed record SimulatedEnvironment(
    IBlockHashes Hashes, ITracer Tracer, PrecompileOverrides Precompiles, UInt256? BlobBaseFee);

public sealed partial class BlockExecution
{
    /// <summary>
    /// Begins a block that nobody will verify: no inputs, no transaction 0, unsigned calls.
    /// </summary>
    internal static BlockExecution StartSimulated(
        WorldSnapshot parentState, BlockHeader header, BlockRules rules, IEvmEngine engine,
        SimulatedEnvironment wanted)
    {
        BlockEnvironment environment = EnvironmentOf(header, rules, wanted.Hashes);
        if (wanted.BlobBaseFee is { } fee)
        {
            environment = environment with { BlobBaseFee = fee };
        }
        BlockExecution execution = Begin(
            parentState, header, rules, null, engine, environment, wanted.Tracer);
        execution._processor.MovedPrecompiles = wanted.Precompiles;
        return execution;
    }

    /// <summary>Null when the call was executed, else geth's text.</summary>
    internal string? TrySimulate(
        RecoveredTransaction transaction, TransactionChecks checks, out TransactionOutcome outcome)
    {
        outcome = default;
        if (_processor.Validate(transaction, checks) is { } error)
        {
            return error;
        }
        outcome = _processor.Execute(transaction);
        Include(transaction, outcome);
        return null;
    }
}
