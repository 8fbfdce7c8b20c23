using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>World states as fixtures list them.</summary>
internal static class FixtureState
{
    public static WorldSnapshot Build(JsonElement accounts)
    {
        var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
        foreach (JsonProperty property in accounts.EnumerateObject())
        {
            Address address = Json.AddressFrom(property.Name);
            JsonElement account = property.Value;
            world.AddBalance(address, account.UInt256Of("balance"));
            world.SetNonce(address, account.UInt64Of("nonce"));
            byte[] code = Json.Bytes(account.TextOf("code") ?? "0x");
            if (code.Length > 0)
            {
                world.SetCode(address, new Code(code));
            }
            foreach (JsonProperty slot in account.GetProperty("storage").EnumerateObject())
            {
                world.SetStorage(
                    address, Json.Number(slot.Name), Json.Number(slot.Value.GetString()!));
            }
        }
        world.EndTransaction(clearsEmptyAccounts: false);
        return world.Commit().State;
    }

    /// <summary>
    /// The first field in which a state is not the expected one; null when none is.
    /// </summary>
    public static string? Difference(WorldSnapshot state, JsonElement expected)
    {
        foreach (JsonProperty property in expected.EnumerateObject())
        {
            Address address = Json.AddressFrom(property.Name);
            if (AccountDifference(state, address, property.Value) is { } difference)
            {
                return $"{address}: {difference}";
            }
        }
        WorldSnapshot wanted = Build(expected);
        return wanted.Root == state.Root
            ? null
            : $"state root {state.Root}, want {wanted.Root}: an account or slot too many";
    }

    private static string? AccountDifference(
        WorldSnapshot state, in Address address, JsonElement expected)
    {
        if (state.GetAccount(address) is not { } account)
        {
            return "absent";
        }
        ulong nonce = expected.UInt64Of("nonce");
        if (account.Nonce != nonce)
        {
            return $"nonce {account.Nonce}, want {nonce}";
        }
        UInt256 balance = expected.UInt256Of("balance");
        if (account.Balance != balance)
        {
            return $"balance {account.Balance}, want {balance}";
        }
        byte[] code = Json.Bytes(expected.TextOf("code") ?? "0x");
        if (!state.GetCode(address).Bytes.AsSpan().SequenceEqual(code))
        {
            return $"code {Hex.Encode(state.GetCode(address).Bytes)}, want {Hex.Encode(code)}";
        }
        foreach (JsonProperty slot in expected.GetProperty("storage").EnumerateObject())
        {
            UInt256 value = state.GetStorage(address, Json.Number(slot.Name));
            UInt256 wanted = Json.Number(slot.Value.GetString()!);
            if (value != wanted)
            {
                return $"slot {slot.Name} is {value.ToQuantity()}, want {wanted.ToQuantity()}";
            }
        }
        return null;
    }
}
