using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>Accounts, code, storage and proofs of them.</summary>
internal sealed class EthAccounts(RpcContext context)
{
    private readonly ChainReader _chain = context.Chain;
    private readonly RpcLimits _limits = context.Limits;

    public void Register(RpcTable.Builder table)
    {
        table.Add("eth_getBalance", (arguments, result) =>
            result.Quantity(Account(arguments).Balance));
        table.Add("eth_getTransactionCount", GetTransactionCount);
        table.Add("eth_getCode", GetCode);
        table.Add("eth_getStorageAt", GetStorageAt);
        table.Add("eth_getStorageValues", GetStorageValues);
        table.Add("eth_getProof", GetProof);
        table.Add("eth_getAccountInfo", GetAccountInfo);
        table.Add("eth_getAccount", GetAccount);
        table.Add("eth_accounts", (_, result) =>
        {
            result.WriteStartArray();
            result.WriteEndArray();
        });
    }

    private AccountState Account(RpcParams arguments)
    {
        Address address = arguments.Address(0);
        return _chain.StateAt(arguments.Block(1)).GetAccount(address) ?? AccountState.Empty;
    }

    private void GetTransactionCount(RpcParams arguments, Utf8JsonWriter result)
    {
        Address address = arguments.Address(0);
        BlockSelector block = arguments.Block(1);
        ulong nonce = _chain.StateAt(block).GetAccount(address)?.Nonce ?? 0;
        if (block.Tag == BlockTag.Pending
            && _chain.View.Pool.Sender(address) is { } pooled)
        {
            nonce = Math.Max(nonce, pooled.NextNonce);
        }
        result.Quantity(nonce);
    }

    private void GetCode(RpcParams arguments, Utf8JsonWriter result)
    {
        Address address = arguments.Address(0);
        result.Data(_chain.StateAt(arguments.Block(1)).GetCode(address).Bytes);
    }

    private void GetStorageAt(RpcParams arguments, Utf8JsonWriter result)
    {
        Address address = arguments.Address(0);
        UInt256 slot = StorageKey(arguments.Text(1));
        result.Word(_chain.StateAt(arguments.Block(2)).GetStorage(address, slot));
    }

    /// <summary>Up to 32 bytes of hex, with geth's texts for what is not.</summary>
    private static UInt256 StorageKey(string text)
    {
        string digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? text[2..]
            : text;
        if (digits.Length > 2 * Hash256.Size)
        {
            throw RpcException.InvalidParams(
                $"storage key too long (want at most 32 bytes): \"{text}\"");
        }
        return Hex.TryDecode(digits.PadLeft(2 * Hash256.Size, '0'), out byte[] bytes)
            ? UInt256.FromBigEndian(bytes)
            : throw RpcException.InvalidParams($"invalid hex in storage key: \"{text}\"");
    }

    /// <summary>
    /// Many slots of many accounts: { address: [slot, …] } → { address: [word, …] }.
    /// </summary>
    private void GetStorageValues(RpcParams arguments, Utf8JsonWriter result)
    {
        JsonElement wanted = JsonInput.Object(arguments.Required(0), RpcParams.At(0));
        WorldSnapshot state = _chain.StateAt(arguments.Block(1));
        int count = 0;
        if (!wanted.EnumerateObject().Any())
        {
            throw RpcException.InvalidParams("empty request");
        }
        result.WriteStartObject();
        foreach (JsonProperty entry in wanted.EnumerateObject())
        {
            if (!Address.TryParse(entry.Name, out Address address) || entry.Name.Length != 42)
            {
                throw JsonInput.Wrong(RpcParams.At(0), $"'{entry.Name}' is no address");
            }
            result.WriteStartArray(entry.Name);
            foreach (JsonElement slot in
                JsonInput.Array(entry.Value, RpcParams.At(0)).EnumerateArray())
            {
                CheckSlots(++count);
                result.Word(state.GetStorage(
                    address, JsonInput.UInt256(slot, RpcParams.At(0))));
            }
            result.WriteEndArray();
        }
        result.WriteEndObject();
    }

    private void CheckSlots(int count)
    {
        if (count > _limits.ProofSlots)
        {
            throw RpcException.InvalidParams($"too many slots (max {_limits.ProofSlots})");
        }
    }

    private void GetProof(RpcParams arguments, Utf8JsonWriter result)
    {
        Address address = arguments.Address(0);
        var slots = new List<UInt256>();
        var keys = new List<string>();
        foreach (JsonElement key in
            JsonInput.Array(arguments.Required(1), RpcParams.At(1)).EnumerateArray())
        {
            CheckSlots(slots.Count + 1);
            slots.Add(JsonInput.UInt256(key, RpcParams.At(1)));
            keys.Add(key.GetString()!);
        }
        AccountProof proof = _chain.StateAt(arguments.Block(2)).Prove(address, slots);
        AccountState account = proof.Account ?? AccountState.Empty;
        result.WriteStartObject();
        result.Data("address"u8, address);
        Nodes(result, "accountProof"u8, proof.Nodes);
        result.Quantity("balance"u8, account.Balance);
        result.Data("codeHash"u8, account.CodeHash);
        result.Quantity("nonce"u8, account.Nonce);
        result.Data("storageHash"u8, account.StorageRoot);
        result.WriteStartArray("storageProof"u8);
        for (int i = 0; i < proof.Slots.Count; i++)
        {
            result.WriteStartObject();
            result.WriteString("key"u8, keys[i]);
            result.Quantity("value"u8, proof.Slots[i].Value);
            Nodes(result, "proof"u8, proof.Slots[i].Nodes);
            result.WriteEndObject();
        }
        result.WriteEndArray();
        result.WriteEndObject();
    }

    private void GetAccountInfo(RpcParams arguments, Utf8JsonWriter result)
    {
        Address address = arguments.Address(0);
        WorldSnapshot state = _chain.StateAt(arguments.Block(1));
        AccountState account = state.GetAccount(address) ?? AccountState.Empty;
        result.WriteStartObject();
        result.Quantity("balance"u8, account.Balance);
        result.Quantity("nonce"u8, account.Nonce);
        result.Data("code"u8, state.GetCode(address).Bytes);
        result.WriteEndObject();
    }

    private void GetAccount(RpcParams arguments, Utf8JsonWriter result)
    {
        AccountState account = Account(arguments);
        result.WriteStartObject();
        result.Quantity("balance"u8, account.Balance);
        result.Quantity("nonce"u8, account.Nonce);
        result.Data("codeHash"u8, account.CodeHash);
        result.Data("storageRoot"u8, account.StorageRoot);
        result.WriteEndObject();
    }

    private static void Nodes(
        Utf8JsonWriter result, ReadOnlySpan<byte> name, IReadOnlyList<byte[]> nodes)
    {
        result.WriteStartArray(name);
        foreach (byte[] node in nodes)
        {
            result.Data(node);
        }
        result.WriteEndArray();
    }
}
