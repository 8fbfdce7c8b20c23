using System.Text.Json;
using Homeostat.Replica;

namespace Homeostat.Node.Rpc;

/// <summary>Signed transactions into the pool.</summary>
internal sealed class EthSubmission(RpcContext context, SubscriptionHub hub)
{
    public void Register(RpcTable.Builder table)
    {
        table.AddAsync(RpcProcessor.SendRaw, SendAsync);
        table.AddAsync("eth_sendRawTransactionSync", SendSyncAsync);
    }

    private async ValueTask SendAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        SubmitResult submitted = await SubmitAsync(arguments.Data(0)).ConfigureAwait(false);
        result.Data(submitted.Hash.Bytes);
    }

    private async ValueTask<SubmitResult> SubmitAsync(byte[] raw)
    {
        IReadOnlyList<SubmitResult> results =
            await context.Node.Submit([raw]).ConfigureAwait(false);
        return results[0].Error is { } error ? throw RpcException.Server(error) : results[0];
    }

    /// <summary>EIP-7966: answers with the receipt once the transaction is final.</summary>
    private async ValueTask SendSyncAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        byte[] raw = arguments.Data(0);
        RpcLimits limits = context.Limits;
        int waitMs = limits.SyncDefaultWaitMs;
        if (arguments.Has(1))
        {
            ulong wanted = JsonInput.UInt64OrNumber(arguments.Required(1), RpcParams.At(1));
            waitMs = (int)Math.Clamp(wanted, 1, (ulong)limits.SyncWaitMs);
        }
        using HeadWaiter waiter = hub.WatchHeads(); // Before it is sent, so that no head is missed.
        SubmitResult submitted = await SubmitAsync(raw).ConfigureAwait(false);
        using var deadline = new CancellationTokenSource(waitMs);
        while (true)
        {
            if (context.Chain.FindTransaction(submitted.Hash) is var (block, index))
            {
                EthJson.Receipt(result, block, index, context.BlobPriceIn(block));
                return;
            }
            if (!await waiter.NextAsync(deadline.Token).ConfigureAwait(false))
            {
                throw new RpcException(
                    RpcException.SyncTimeoutCode,
                    "The transaction was added to the transaction pool but wasn't processed in "
                        + $"{waitMs} ms.",
                    submitted.Hash.ToString());
            }
        }
    }
}
