using System.Buffers.Binary;
using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Node.Client;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Models;

/// <summary>Sends what it takes to put a model on the chain, one transaction after another.
/// </summary>
internal sealed class ModelRegistration(RpcClient rpc, Hash256 key)
{
    /// <summary>Bytes of one account's code (EIP-170), less the one that keeps it from running.
    /// </summary>
    private const int PartBytes = 24_575;

    private const int Attempts = 120;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Address _sender = Secp256k1.AddressOf(key);

    public async Task<Hash256> RegisterAsync(
        byte[] model, UInt256 bond, CancellationToken cancellation)
    {
        if (!ForecasterCoding.TryDecode(model, out _))
        {
            throw new InvalidDataException(
                "these are not the canonical bytes of a model: see `model inspect`");
        }
        // What decides lies in storage, at 22,100 gas a word; longer ones in code.
        if (model.Length <= ModelStorage.BudgetBytes)
        {
            await SendAsync(Call("register(bytes)", [.. Words(32, (ulong)model.Length),
                .. Padded(model)]), bond, cancellation);
            return Keccak.Hash(model);
        }
        var parts = new List<Address>();
        foreach (byte[] part in model.Chunk(PartBytes))
        {
            ulong nonce = await NonceOfAsync(PredeployAddresses.ModelRegistry, cancellation);
            await SendAsync(Call("upload(bytes)", [.. Words(32, (ulong)part.Length),
                .. Padded(part)]), UInt256.Zero, cancellation);
            parts.Add(ContractAddress.FromNonce(PredeployAddresses.ModelRegistry, nonce));
        }
        byte[] list = [.. Words(32, (ulong)parts.Count),
            .. parts.SelectMany(part => part.ToWord().ToBigEndian())];
        await SendAsync(Call("registerParts(address[])", list), bond, cancellation);
        return Keccak.Hash(model);
    }

    private async Task SendAsync(byte[] data, UInt256 value, CancellationToken cancellation)
    {
        ulong chain = RpcClient.Quantity(await rpc.CallAsync("eth_chainId", [], cancellation));
        ulong price = RpcClient.Quantity(await rpc.CallAsync("eth_gasPrice", [], cancellation));
        var transaction = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = chain,
            Nonce = await NonceOfAsync(_sender, cancellation),
            MaxFee = 2 * price,
            GasLimit = EthereumForks.OsakaMaxTransactionGas,
            To = PredeployAddresses.ModelRegistry,
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
                if (RpcClient.Quantity(receipt.GetProperty("status")) == 1)
                {
                    return;
                }
                throw new RpcException(0, $"the registry refused it ({hash}): the model is "
                    + "registered already, or the bond is too small");
            }
            await Task.Delay(Pause, cancellation);
        }
        throw new RpcException(0, $"{hash} is in no block after {Attempts * Pause.TotalSeconds} s");
    }

    private async Task<ulong> NonceOfAsync(Address account, CancellationToken cancellation) =>
        RpcClient.Quantity(await rpc.CallAsync(
            "eth_getTransactionCount", [account.ToString(), "latest"], cancellation));

    private static byte[] Call(string signature, byte[] arguments) =>
        [.. Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(signature)).Bytes[..4], .. arguments];

    private static byte[] Words(params ulong[] values)
    {
        byte[] bytes = new byte[32 * values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(32 * i + 24), values[i]);
        }
        return bytes;
    }

    private static byte[] Padded(byte[] bytes) =>
        [.. bytes, .. new byte[(32 - bytes.Length % 32) % 32]];
}
