using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// eth_fillTransaction: completes a transaction object with nonce, gas and fees, and gives it with
/// its unsigned encoding. viem asks for it first.
/// </summary>
internal sealed class EthFill(RpcContext context, EthFees fees)
{
    public void Register(RpcTable.Builder table) =>
        table.AddAsync("eth_fillTransaction", FillAsync);

    private async ValueTask FillAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        CallRequest request = CallArguments.Read(
            arguments.Required(0), RpcParams.At(0), context.Node.ChainId);
        RpcView view = context.Chain.View;
        ulong nonce = request.Nonce ?? NextNonce(view, request.From);
        ulong gas = request.Gas ?? await EstimateAsync(view, request).ConfigureAwait(false);
        Transaction filled = Fill(request, nonce, gas, view.Finalized.BaseFee);
        result.WriteStartObject();
        result.Data("raw"u8, filled.Encoded);
        result.WriteStartObject("tx"u8);
        EthJson.Fields(result, filled, request.From, filled.MaxFee);
        result.WriteEndObject();
        result.WriteEndObject();
    }

    private static ulong NextNonce(RpcView view, in Address sender)
    {
        ulong nonce = view.Pending.State?.GetAccount(sender)?.Nonce ?? 0;
        return view.Pool.Sender(sender) is { } pooled
            ? Math.Max(nonce, pooled.NextNonce)
            : nonce;
    }

    private async ValueTask<ulong> EstimateAsync(RpcView view, CallRequest request)
    {
        RpcBlock block = view.Finalized;
        var call = new CallContext
        {
            State = block.State!,
            Header = block.Header,
            GasCap = context.Limits.GasCap,
        };
        (bool isFound, ulong gas, CallOutcome outcome) = await context.Gate.RunAsync(engine =>
        {
            bool succeeded = new CallSimulator(context.Rules, engine)
                .TryEstimateGas(call, request, out ulong least, out CallOutcome last);
            return (succeeded, least, last);
        }).ConfigureAwait(false);
        if (!isFound)
        {
            EthCalls.ThrowUnlessSucceeded(outcome);
        }
        return gas;
    }

    private Transaction Fill(CallRequest request, ulong nonce, ulong gas, in UInt256 baseFee)
    {
        bool isLegacy = request.GasPrice is not null;
        UInt256 tip = request.MaxPriorityFee
            ?? UInt256.Min(fees.SuggestedTip, request.MaxFee ?? UInt256.MaxValue);
        UInt256 maxFee = request.MaxFee ?? tip + baseFee + baseFee;
        TransactionType type = request.Authorizations.Length > 0 ? TransactionType.SetCode
            : !isLegacy ? TransactionType.DynamicFee
            : request.AccessList.Length > 0 ? TransactionType.AccessList
            : TransactionType.Legacy;
        return new Transaction
        {
            Type = type,
            ChainId = context.Node.ChainId.Value,
            Nonce = nonce,
            GasLimit = gas,
            To = request.To,
            Value = request.Value,
            Data = request.Data,
            AccessList = request.AccessList,
            Authorizations = request.Authorizations,
            MaxFee = request.GasPrice ?? maxFee,
            MaxPriorityFee = request.GasPrice ?? tip,
        };
    }
}
