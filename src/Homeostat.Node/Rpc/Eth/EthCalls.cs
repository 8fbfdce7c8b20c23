using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;

namespace Homeostat.Node.Rpc;

/// <summary>Calls that change nothing: they run on request threads over snapshots.</summary>
internal sealed class EthCalls(RpcContext context)
{
    public void Register(RpcTable.Builder table)
    {
        table.AddAsync("eth_call", CallAsync);
        table.AddAsync("eth_estimateGas", EstimateGasAsync);
        table.AddAsync("eth_createAccessList", CreateAccessListAsync);
    }

    private async ValueTask CallAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        CallRequest request = ReadRequest(arguments);
        CallContext call = ReadContext(arguments, BlockSelector.Latest);
        CallOutcome outcome = await context.Gate
            .RunAsync(engine => Simulator(engine).Call(call, request)).ConfigureAwait(false);
        ThrowUnlessSucceeded(outcome);
        result.Data(outcome.Output);
    }

    private async ValueTask EstimateGasAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        CallRequest request = ReadRequest(arguments);
        CallContext call = ReadContext(arguments, BlockSelector.Latest);
        (bool isFound, ulong gas, CallOutcome outcome) = await context.Gate.RunAsync(engine =>
        {
            bool succeeded = Simulator(engine).TryEstimateGas(
                call, request, out ulong least, out CallOutcome last);
            return (succeeded, least, last);
        }).ConfigureAwait(false);
        if (!isFound)
        {
            ThrowUnlessSucceeded(outcome);
            throw RpcException.Server(
                $"gas required exceeds allowance ({request.Gas ?? call.GasCap})");
        }
        result.Quantity(gas);
    }

    private async ValueTask CreateAccessListAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        CallRequest request = ReadRequest(arguments);
        CallContext call = ReadContext(arguments, BlockSelector.Latest);
        (AccessListEntry[] list, CallOutcome outcome) = await context.Gate.RunAsync(engine =>
        {
            CallOutcome last = Simulator(engine).CreateAccessList(
                call, request, out AccessListEntry[] accessList);
            return (accessList, last);
        }).ConfigureAwait(false);
        if (outcome.Error is { } error)
        {
            throw RpcException.Server(error);
        }
        result.WriteStartObject();
        result.WritePropertyName("accessList"u8);
        EthJson.AccessList(result, list);
        if (!outcome.Succeeded)
        {
            result.WriteString("error"u8, ErrorText(outcome));
        }
        result.Quantity("gasUsed"u8, outcome.GasUsed);
        result.WriteEndObject();
    }

    private CallSimulator Simulator(IEvmEngine engine) => new(context.Rules, engine);

    private CallRequest ReadRequest(RpcParams arguments) => CallArguments.Read(
        arguments.Required(0), RpcParams.At(0), context.Node.ChainId);

    private CallContext ReadContext(RpcParams arguments, BlockSelector otherwise)
    {
        RpcBlock block = context.Chain.WithState(
            arguments.Has(1) ? arguments.Block(1) : otherwise);
        return new CallContext
        {
            State = block.State!,
            Header = block.Header,
            Accounts = CallArguments.ReadOverrides(arguments.Optional(2), RpcParams.At(2)),
            Block = CallArguments.ReadBlockOverrides(arguments.Optional(3), RpcParams.At(3)),
            GasCap = context.Limits.GasCap,
            Tracer = new DeadlineTracer(context.Limits.CallMs),
        };
    }

    /// <summary>Throws geth's error for a call that did not succeed.</summary>
    public static void ThrowUnlessSucceeded(CallOutcome outcome)
    {
        if (outcome.Error is { } error)
        {
            throw RpcException.Server(error);
        }
        if (outcome.Status == ExecutionStatus.Revert)
        {
            throw RpcException.Reverted(outcome.Output);
        }
        if (outcome.Status != ExecutionStatus.Success)
        {
            throw RpcException.Server(ExecutionText.Of(outcome.Status));
        }
    }

    private static string ErrorText(CallOutcome outcome) =>
        outcome.Status == ExecutionStatus.Revert
            ? RevertReason.Describe(outcome.Output)
            : ExecutionText.Of(outcome.Status);
}

/// <summary>Geth's texts for executions that failed.</summary>
internal static class ExecutionText
{
    public static string Of(ExecutionStatus status) => status switch
    {
        ExecutionStatus.Success => "",
        ExecutionStatus.Revert => "execution reverted",
        ExecutionStatus.OutOfGas => "out of gas",
        ExecutionStatus.StackUnderflow => "stack underflow",
        ExecutionStatus.StackOverflow => "stack limit reached 1024",
        ExecutionStatus.InvalidOpcode => "invalid opcode",
        ExecutionStatus.InvalidJump => "invalid jump destination",
        ExecutionStatus.StaticViolation => "write protection",
        ExecutionStatus.ReturnDataOutOfBounds => "return data out of bounds",
        ExecutionStatus.CallDepthExceeded => "max call depth exceeded",
        ExecutionStatus.InsufficientBalance => "insufficient balance for transfer",
        ExecutionStatus.NonceOverflow => "nonce uint64 overflow",
        ExecutionStatus.AddressCollision => "contract address collision",
        ExecutionStatus.CodeSizeExceeded => "max code size exceeded",
        ExecutionStatus.InitcodeSizeExceeded => "max initcode size exceeded",
        ExecutionStatus.InvalidCodePrefix =>
            "invalid code: must not begin with 0xef",
        ExecutionStatus.PrecompileFailure => "precompile failed",
        _ => "execution failed",
    };
}
