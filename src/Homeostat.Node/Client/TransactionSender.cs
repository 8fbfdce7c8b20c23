using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Client;

/// <summary>Signs a call, sends it to a node and waits for the block it is in.</summary>
internal sealed class TransactionSender(IRpcCaller rpc)
{
    /// <summary>A minute: an idle network makes a block at once.</summary>
    private const int Attempts = 240;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <param name="gas">The gas limit; null: half more than the node's estimate.</param>
    /// <exception cref="RpcException">The node's error, or that the call reverted.</exception>
    public async Task<Hash256> SendAsync(
        Hash256 key, Address to, byte[] data, UInt256 value, ulong? gas,
        CancellationToken cancellation)
    {
        Address sender = Secp256k1.AddressOf(key);
        ulong limit = gas ?? await EstimateAsync(sender, to, data, value, cancellation);
        var transaction = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = RpcClient.Quantity(await rpc.CallAsync("eth_chainId", [], cancellation)),
            Nonce = await NonceAsync(sender, cancellation),
            MaxFee = 2 * RpcClient.Quantity(
                await rpc.CallAsync("eth_gasPrice", [], cancellation)),
            GasLimit = Math.Min(EthereumForks.OsakaMaxTransactionGas, limit),
            To = to,
            Value = value,
            Data = data,
        };
        string raw = Hex.Encode(transaction.Sign(key).Encoded);
        string hash = (await rpc.CallAsync("eth_sendRawTransaction", [raw], cancellation))
            .GetString()!;
        for (int i = 0; i < Attempts; i++)
        {
            JsonElement receipt = await rpc.CallAsync(
                "eth_getTransactionReceipt", [hash], cancellation);
            if (receipt.ValueKind == JsonValueKind.Object)
            {
                return RpcClient.Quantity(receipt.GetProperty("status")) == 1
                    ? new Hash256(hash)
                    : throw new RpcException(0, $"{hash} was included and reverted");
            }
            await Task.Delay(Pause, cancellation);
        }
        throw new RpcException(0, $"{hash} is in no block after {Attempts * Pause.TotalSeconds} s");
    }

    /// <summary>The nonce of an account's next transaction.</summary>
    public async Task<ulong> NonceAsync(Address account, CancellationToken cancellation) =>
        RpcClient.Quantity(await rpc.CallAsync(
            "eth_getTransactionCount", [account.ToString(), "latest"], cancellation));

    private async Task<ulong> EstimateAsync(
        Address sender, Address to, byte[] data, UInt256 value, CancellationToken cancellation)
    {
        ulong gas = RpcClient.Quantity(await rpc.CallAsync("eth_estimateGas", [new JsonObject
        {
            ["from"] = sender.ToString(),
            ["to"] = to.ToString(),
            ["data"] = Hex.Encode(data),
            ["value"] = value.ToQuantity(),
        }], cancellation));
        return gas + gas / 2;
    }
}
