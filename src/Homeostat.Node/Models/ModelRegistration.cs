using System.Buffers.Binary;
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

    private readonly TransactionSender _transactions = new(rpc);

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
            ulong nonce = await _transactions.NonceAsync(
                PredeployAddresses.ModelRegistry, cancellation);
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
        try
        {
            await _transactions.SendAsync(
                key, PredeployAddresses.ModelRegistry, data, value,
                EthereumForks.OsakaMaxTransactionGas, cancellation);
        }
        catch (RpcException e) when (e.Message.Contains("reverted", StringComparison.Ordinal))
        {
            throw new RpcException(0, $"the registry refused it ({e.Message}): the model is "
                + "registered already, or the bond is too small");
        }
    }

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
