using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>Storage, whose prices changed in almost every fork, and transient storage.</summary>
internal static unsafe class StorageOperations
{
    // EIP-2200: below this SSTORE fails, so that a stipend can never write.
    private const long Sentry = 2_300;

    public static Halt Load(Machine m, UInt256* top, Instruction* ip)
    {
        if (m.Rules.HasAccessSets && m.World.WarmSlot(m.Current.Self, *top)
            && !m.Charge((long)(GasCosts.ColdSlot - GasCosts.WarmAccess)))
        {
            return Halt.OutOfGas;
        }
        *top = m.World.GetStorage(m.Current.Self, *top);
        return Halt.None;
    }

    public static Halt Store(Machine m, UInt256* top, Instruction* ip)
    {
        Frame frame = m.Current;
        if (frame.IsStatic)
        {
            return Halt.StaticViolation;
        }
        if (m.Rules.IsIstanbul && m.Gas <= Sentry)
        {
            return Halt.OutOfGas;
        }
        IWorld world = m.World;
        bool isCold = m.Rules.HasAccessSets && world.WarmSlot(frame.Self, *top);
        UInt256 current = world.GetStorage(frame.Self, *top);
        long cost = isCold ? (long)GasCosts.ColdSlot : 0;
        cost += m.Rules.HasNetGasMetering
            ? NetCost(m, world.GetOriginalStorage(frame.Self, *top), current, top[-1])
            : GrossCost(m, current, top[-1]);
        if (!m.Charge(cost))
        {
            return Halt.OutOfGas;
        }
        if (current != top[-1])
        {
            world.SetStorage(frame.Self, *top, top[-1]);
        }
        return Halt.None;
    }

    private static long GrossCost(Machine m, in UInt256 current, in UInt256 value)
    {
        if (current.IsZero && !value.IsZero)
        {
            return (long)GasCosts.StorageSet;
        }
        m.Refund += !current.IsZero && value.IsZero ? m.Rules.ClearRefund : 0;
        return (long)GasCosts.StorageReset;
    }

    // EIP-1283, EIP-2200 and EIP-2929 are one rule with different prices of a slot already touched.
    private static long NetCost(
        Machine m, in UInt256 original, in UInt256 current, in UInt256 value)
    {
        long touched = m.Rules.IsIstanbul ? (long)m.Rules.SloadGas : 200;
        long reset = (long)GasCosts.StorageReset
            - (m.Rules.HasAccessSets ? (long)GasCosts.ColdSlot : 0);
        if (current == value)
        {
            return touched;
        }
        if (original == current)
        {
            if (original.IsZero)
            {
                return (long)GasCosts.StorageSet;
            }
            m.Refund += value.IsZero ? m.Rules.ClearRefund : 0;
            return reset;
        }
        if (!original.IsZero)
        {
            m.Refund += current.IsZero ? -m.Rules.ClearRefund
                : value.IsZero ? m.Rules.ClearRefund : 0;
        }
        if (original == value)
        {
            m.Refund += (original.IsZero ? (long)GasCosts.StorageSet : reset) - touched;
        }
        return touched;
    }

    public static Halt LoadTransient(Machine m, UInt256* top, Instruction* ip)
    {
        *top = m.World.GetTransient(m.Current.Self, *top);
        return Halt.None;
    }

    public static Halt StoreTransient(Machine m, UInt256* top, Instruction* ip)
    {
        if (m.Current.IsStatic)
        {
            return Halt.StaticViolation;
        }
        m.World.SetTransient(m.Current.Self, *top, top[-1]);
        return Halt.None;
    }
}
