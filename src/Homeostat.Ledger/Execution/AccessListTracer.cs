using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Notes the accounts and slots that instructions touch. Calls and pulses go on to the watch.
/// </summary>
internal sealed class AccessListTracer : ITracer
{
    private const byte Balance = 0x31;
    private const byte ExtCodeSize = 0x3b;
    private const byte ExtCodeCopy = 0x3c;
    private const byte ExtCodeHash = 0x3f;
    private const byte Sload = 0x54;
    private const byte Sstore = 0x55;
    private const byte Call = 0xf1;
    private const byte CallCode = 0xf2;
    private const byte DelegateCall = 0xf4;
    private const byte StaticCall = 0xfa;
    private const byte SelfDestruct = 0xff;

    private readonly LookupSet<Address> _excluded = new();
    private readonly SortedDictionary<Address, SortedSet<UInt256>> _touched = [];

    private readonly ITracer? _watch;

    public AccessListTracer(
        IReadOnlyList<Address> excluded, AccessListEntry[] known, ITracer? watch)
    {
        _watch = watch;
        foreach (Address address in excluded)
        {
            _excluded.Add(address);
        }
        foreach (AccessListEntry entry in known)
        {
            foreach (UInt256 slot in entry.Slots)
            {
                AddSlot(entry.Address, slot);
            }
            AddAddress(entry.Address);
        }
    }

    public bool WantsSteps => true;

    public bool WantsPulse => _watch?.WantsPulse ?? false;

    public AccessListEntry[] ToAccessList() =>
        [.. _touched.Select(pair => new AccessListEntry(pair.Key, [.. pair.Value]))];

    public static bool Same(AccessListEntry[] a, AccessListEntry[] b)
    {
        if (a.Length != b.Length)
        {
            return false;
        }
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i].Address != b[i].Address || !a[i].Slots.AsSpan().SequenceEqual(b[i].Slots))
            {
                return false;
            }
        }
        return true;
    }

    public void OnStepStart(in StepStart step)
    {
        ReadOnlySpan<UInt256> stack = step.Stack;
        switch (step.Opcode)
        {
            case Sload or Sstore when stack.Length >= 1:
                AddSlot(step.Target, stack[^1]);
                break;
            case Balance or ExtCodeSize or ExtCodeCopy or ExtCodeHash or SelfDestruct
                when stack.Length >= 1:
                AddAddress(Address.FromWord(stack[^1]));
                break;
            case Call or CallCode or DelegateCall or StaticCall when stack.Length >= 5:
                AddAddress(Address.FromWord(stack[^2]));
                break;
        }
    }

    private void AddAddress(in Address address)
    {
        if (!_excluded.Contains(address) && !_touched.ContainsKey(address))
        {
            _touched.Add(address, []);
        }
    }

    private void AddSlot(in Address address, in UInt256 slot)
    {
        if (!_touched.TryGetValue(address, out SortedSet<UInt256>? slots))
        {
            slots = [];
            _touched.Add(address, slots);
        }
        slots.Add(slot);
    }

    public void OnCallStart(in CallStart call) => _watch?.OnCallStart(call);

    public void OnPulse() => _watch?.OnPulse();

    public void OnCallEnd(in CallEnd end)
    {
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
}
