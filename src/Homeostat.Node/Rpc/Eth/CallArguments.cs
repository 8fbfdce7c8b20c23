using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// Reads transaction objects and overrides, with geth's rules of what may go together.
/// </summary>
internal static class CallArguments
{
    public static CallRequest Read(JsonElement value, string place, ChainId chainId)
    {
        JsonInput.Object(value, place);
        UInt256? gasPrice = Number(value, "gasPrice"u8, place);
        UInt256? maxFee = Number(value, "maxFeePerGas"u8, place);
        UInt256? tip = Number(value, "maxPriorityFeePerGas"u8, place);
        if (gasPrice is not null && (maxFee ?? tip) is not null)
        {
            throw RpcException.InvalidParams(
                "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified");
        }
        if (JsonInput.TryMember(value, "chainId"u8, out JsonElement chain)
            && JsonInput.UInt256(chain, place) is var id && id != chainId.Value)
        {
            throw RpcException.InvalidParams(
                $"chainId does not match node's (have={id}, want={chainId})");
        }
        return new CallRequest
        {
            From = Optional(value, "from"u8, place) ?? Address.Zero,
            To = Optional(value, "to"u8, place),
            Gas = Integer(value, "gas"u8, place),
            Nonce = Integer(value, "nonce"u8, place),
            GasPrice = gasPrice,
            MaxFee = maxFee,
            MaxPriorityFee = tip,
            MaxFeePerBlobGas = Number(value, "maxFeePerBlobGas"u8, place),
            Value = Number(value, "value"u8, place) ?? UInt256.Zero,
            Data = Input(value, place),
            AccessList = ReadAccessList(value, place),
            BlobHashes = ReadBlobHashes(value, place),
            Authorizations = ReadAuthorizations(value, place),
        };
    }

    /// <summary>
    /// State overrides: { address: { balance, nonce, code, state | stateDiff } }.
    /// </summary>
    public static List<KeyValuePair<Address, AccountOverride>> ReadOverrides(
        JsonElement value, string place)
    {
        var overrides = new SortedDictionary<Address, AccountOverride>();
        if (value.ValueKind == JsonValueKind.Undefined)
        {
            return [];
        }
        foreach (JsonProperty entry in JsonInput.Object(value, place).EnumerateObject())
        {
            if (entry.Name.Length != 42 || !Address.TryParse(entry.Name, out Address address))
            {
                throw JsonInput.Wrong(place, $"'{entry.Name}' is no address");
            }
            // Of an address given twice the last counts, as everywhere in JSON.
            overrides[address] = ReadOverride(JsonInput.Object(entry.Value, place), place);
        }
        return [.. overrides];
    }

    public static BlockOverrides? ReadBlockOverrides(JsonElement value, string place)
    {
        if (value.ValueKind == JsonValueKind.Undefined)
        {
            return null;
        }
        JsonInput.Object(value, place);
        UInt256? random = JsonInput.TryMember(value, "prevRandao"u8, out JsonElement word)
            || JsonInput.TryMember(value, "random"u8, out word)
                ? JsonInput.UInt256(word, place)
                : Number(value, "difficulty"u8, place);
        return new BlockOverrides
        {
            Number = Integer(value, "number"u8, place),
            Timestamp = Integer(value, "time"u8, place) ?? Integer(value, "timestamp"u8, place),
            GasLimit = Integer(value, "gasLimit"u8, place),
            Coinbase = Optional(value, "feeRecipient"u8, place)
                ?? Optional(value, "coinbase"u8, place),
            PrevRandao = random,
            BaseFee = Number(value, "baseFeePerGas"u8, place) ?? Number(value, "baseFee"u8, place),
            BlobBaseFee = Number(value, "blobBaseFee"u8, place),
            BeaconRoot = JsonInput.TryMember(value, "beaconRoot"u8, out JsonElement root)
                ? JsonInput.Hash(root, place)
                : null,
            Withdrawals = JsonInput.TryMember(value, "withdrawals"u8, out JsonElement list)
                ? [.. JsonInput.Array(list, place).EnumerateArray()
                    .Select(item => ReadWithdrawal(JsonInput.Object(item, place), place))]
                : null,
        };
    }

    private static Withdrawal ReadWithdrawal(JsonElement value, string place) => new(
        Integer(value, "index"u8, place) ?? 0,
        Integer(value, "validatorIndex"u8, place) ?? 0,
        Optional(value, "address"u8, place) ?? Address.Zero,
        Integer(value, "amount"u8, place) ?? 0);

    internal static ulong? Integer(JsonElement value, ReadOnlySpan<byte> name, string place) =>
        JsonInput.TryMember(value, name, out JsonElement member)
            ? JsonInput.UInt64(member, place)
            : null;

    internal static UInt256? Number(JsonElement value, ReadOnlySpan<byte> name, string place) =>
        JsonInput.TryMember(value, name, out JsonElement member)
            ? JsonInput.UInt256(member, place)
            : null;

    private static Address? Optional(JsonElement value, ReadOnlySpan<byte> name, string place) =>
        JsonInput.TryMember(value, name, out JsonElement member)
            ? JsonInput.Address(member, place)
            : null;

    private static byte[] Input(JsonElement value, string place)
    {
        bool hasInput = JsonInput.TryMember(value, "input"u8, out JsonElement input);
        bool hasData = JsonInput.TryMember(value, "data"u8, out JsonElement data);
        if (!hasInput && !hasData)
        {
            return [];
        }
        byte[] bytes = JsonInput.Data(hasInput ? input : data, place);
        if (hasInput && hasData && !bytes.AsSpan().SequenceEqual(JsonInput.Data(data, place)))
        {
            throw RpcException.InvalidParams(
                "both \"data\" and \"input\" are set and not equal. "
                + "Please use \"input\" to pass transaction call data");
        }
        return bytes;
    }

    private static AccessListEntry[] ReadAccessList(JsonElement value, string place)
    {
        if (!JsonInput.TryMember(value, "accessList"u8, out JsonElement list))
        {
            return [];
        }
        var entries = new List<AccessListEntry>();
        foreach (JsonElement item in JsonInput.Array(list, place).EnumerateArray())
        {
            JsonInput.Object(item, place);
            var slots = new List<UInt256>();
            if (JsonInput.TryMember(item, "storageKeys"u8, out JsonElement keys))
            {
                foreach (JsonElement key in JsonInput.Array(keys, place).EnumerateArray())
                {
                    slots.Add(JsonInput.UInt256(key, place));
                }
            }
            Address address = Optional(item, "address"u8, place)
                ?? throw JsonInput.Wrong(place, "access list entry without an address");
            entries.Add(new AccessListEntry(address, [.. slots]));
        }
        return [.. entries];
    }

    private static Hash256[] ReadBlobHashes(JsonElement value, string place) =>
        JsonInput.TryMember(value, "blobVersionedHashes"u8, out JsonElement list)
            ? [.. JsonInput.Array(list, place).EnumerateArray()
                .Select(item => JsonInput.Hash(item, place))]
            : [];

    private static Authorization[] ReadAuthorizations(JsonElement value, string place)
    {
        if (!JsonInput.TryMember(value, "authorizationList"u8, out JsonElement list))
        {
            return [];
        }
        var authorizations = new List<Authorization>();
        foreach (JsonElement item in JsonInput.Array(list, place).EnumerateArray())
        {
            JsonInput.Object(item, place);
            authorizations.Add(new Authorization(
                Number(item, "chainId"u8, place) ?? UInt256.Zero,
                Optional(item, "address"u8, place) ?? Address.Zero,
                Integer(item, "nonce"u8, place) ?? 0,
                (byte)Math.Min(Integer(item, "yParity"u8, place) ?? 0, byte.MaxValue),
                Number(item, "r"u8, place) ?? UInt256.Zero,
                Number(item, "s"u8, place) ?? UInt256.Zero));
        }
        return [.. authorizations];
    }

    private static AccountOverride ReadOverride(JsonElement value, string place)
    {
        bool hasState = JsonInput.TryMember(value, "state"u8, out JsonElement state);
        bool hasDiff = JsonInput.TryMember(value, "stateDiff"u8, out JsonElement diff);
        if (hasState && hasDiff)
        {
            throw RpcException.InvalidParams("account has both 'state' and 'stateDiff'");
        }
        return new AccountOverride
        {
            Nonce = Integer(value, "nonce"u8, place),
            Balance = Number(value, "balance"u8, place),
            Code = JsonInput.TryMember(value, "code"u8, out JsonElement code)
                ? JsonInput.Data(code, place)
                : null,
            State = hasState ? ReadSlots(state, place) : null,
            StateDiff = hasDiff ? ReadSlots(diff, place) : null,
            MovePrecompileTo = Optional(value, "movePrecompileToAddress"u8, place),
        };
    }

    private static List<KeyValuePair<UInt256, UInt256>> ReadSlots(JsonElement value, string place)
    {
        var slots = new List<KeyValuePair<UInt256, UInt256>>();
        foreach (JsonProperty entry in JsonInput.Object(value, place).EnumerateObject())
        {
            if (!entry.Name.StartsWith("0x", StringComparison.Ordinal)
                || !UInt256.TryParse(entry.Name, out UInt256 slot))
            {
                throw JsonInput.Wrong(place, $"'{entry.Name}' is no storage slot");
            }
            slots.Add(new(slot, JsonInput.UInt256(entry.Value, place)));
        }
        return slots;
    }
}
