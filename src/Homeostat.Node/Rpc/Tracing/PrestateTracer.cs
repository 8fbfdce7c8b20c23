using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// Geth's prestateTracer: every account and slot the execution touches, as it was before; in diff
/// mode also as it is afterwards, where that differs. Each is read when first named by an
/// instruction, before that instruction can change it.
/// </summary>
internal sealed class PrestateTracer(IAccountReader state, bool isDiff) : ITracer
{
    private readonly SortedDictionary<Address, Account> _before = [];

    public bool WantsSteps => true;

    public void Touch(in Address address) => Get(address);

    public void OnCallStart(in CallStart call)
    {
        Get(call.Caller);
        Get(call.Target);
        Get(call.CodeAddress);
    }

    public void OnCallEnd(in CallEnd end)
    {
    }

    public void OnStepStart(in StepStart step)
    {
        ReadOnlySpan<UInt256> stack = step.Stack;
        switch (step.Opcode)
        {
            case 0x54 or 0x55 when stack.Length >= 1: // SLOAD, SSTORE
                Account account = Get(step.Target);
                UInt256 slot = stack[^1];
                if (!account.Slots.ContainsKey(slot))
                {
                    account.Slots[slot] = state.Slot(step.Target, slot);
                }
                break;
            case 0x31 or 0x3b or 0x3c or 0x3f or 0xff when stack.Length >= 1:
                Get(Address.FromWord(stack[^1])); // BALANCE, EXTCODE…, SELFDESTRUCT
                break;
            case 0xf1 or 0xf2 or 0xf4 or 0xfa when stack.Length >= 2: // CALL and its like
                Get(Address.FromWord(stack[^2]));
                break;
        }
    }

    public void OnStepEnd(ulong gasCost, ExecutionStatus status)
    {
    }

    public void OnLog(Log log)
    {
    }

    public void OnSelfDestruct(
        in Address contract, in Address beneficiary, in UInt256 balance)
    {
    }

    /// <summary>
    /// Writes the result; in diff mode after the execution's changes are in the state.
    /// </summary>
    public void Write(Utf8JsonWriter result)
    {
        result.WriteStartObject();
        if (!isDiff)
        {
            WriteAll(result, _before);
            result.WriteEndObject();
            return;
        }
        var changed = new SortedDictionary<Address, Account>();
        var after = new SortedDictionary<Address, Account>();
        foreach ((Address address, Account before) in _before)
        {
            Account now = Read(address);
            foreach ((UInt256 slot, UInt256 value) in before.Slots.ToArray())
            {
                UInt256 newer = state.Slot(address, slot);
                if (newer == value)
                {
                    before.Slots.Remove(slot);
                }
                else
                {
                    now.Slots[slot] = newer;
                }
            }
            if (!now.SameAs(before) || now.Slots.Count > 0)
            {
                changed[address] = before;
                after[address] = now;
            }
        }
        result.WriteStartObject("post"u8);
        WriteAll(result, after);
        result.WriteEndObject();
        result.WriteStartObject("pre"u8);
        WriteAll(result, changed);
        result.WriteEndObject();
        result.WriteEndObject();
    }

    private static void WriteAll(
        Utf8JsonWriter result, SortedDictionary<Address, Account> accounts)
    {
        foreach ((Address address, Account account) in accounts)
        {
            result.WriteStartObject(address.ToString());
            result.Quantity("balance"u8, account.Balance);
            if (account.Nonce > 0)
            {
                result.WriteNumber("nonce"u8, account.Nonce);
            }
            if (account.Code.Length > 0)
            {
                result.Data("code"u8, account.Code);
            }
            if (account.Slots.Count > 0)
            {
                result.WriteStartObject("storage"u8);
                foreach ((UInt256 slot, UInt256 value) in account.Slots)
                {
                    result.WriteString(
                        slot.ToHash256().ToString(), value.ToHash256().ToString());
                }
                result.WriteEndObject();
            }
            result.WriteEndObject();
        }
    }

    private Account Get(in Address address)
    {
        if (!_before.TryGetValue(address, out Account? account))
        {
            _before[address] = account = Read(address);
        }
        return account;
    }

    private Account Read(in Address address) =>
        new(state.Balance(address), state.Nonce(address), state.Code(address));

    private sealed record Account(UInt256 Balance, ulong Nonce, byte[] Code)
    {
        public SortedDictionary<UInt256, UInt256> Slots { get; } = [];

        public bool SameAs(Account other) => Balance == other.Balance && Nonce == other.Nonce
            && Code.AsSpan().SequenceEqual(other.Code);
    }
}
