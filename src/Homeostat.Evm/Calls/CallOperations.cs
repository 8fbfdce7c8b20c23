using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// CALL and its kin, CREATE and CREATE2: what they cost and what they ask of the new frame
/// (Yellow Paper, appendix H; EIP-150, 161, 214, 2929, 3860, 7702).
/// </summary>
internal static unsafe class CallOperations
{
    public static Halt Call(Machine m, UInt256* top, Instruction* ip)
    {
        if (m.Current.IsStatic && !Words.IsZero(top - 2))
        {
            return Halt.StaticViolation;
        }
        return Enter(m, top, ip, CallKind.Call, top[-2], top - 3);
    }

    public static Halt CallCode(Machine m, UInt256* top, Instruction* ip) =>
        Enter(m, top, ip, CallKind.CallCode, top[-2], top - 3);

    public static Halt DelegateCall(Machine m, UInt256* top, Instruction* ip) =>
        Enter(m, top, ip, CallKind.DelegateCall, UInt256.Zero, top - 2);

    public static Halt StaticCall(Machine m, UInt256* top, Instruction* ip) =>
        Enter(m, top, ip, CallKind.StaticCall, UInt256.Zero, top - 2);

    // "regions" is where the four words of input and output regions begin.
    private static Halt Enter(
        Machine m, UInt256* top, Instruction* ip, CallKind kind, in UInt256 value, UInt256* regions)
    {
        Frame caller = m.Current;
        Address target = Words.ToAddress(top - 1);
        if (!m.TryRegion(regions, regions - 1, out ulong inputStart, out int inputLength)
            || !m.TryRegion(regions - 2, regions - 3, out ulong outputStart, out int outputLength)
            || !m.Charge(CallCost(m, kind, target, value))
            || !AccessCode(m, target, out Code code)
            || !TryForwardGas(m, Words.Saturate(top), out long gas))
        {
            return Halt.OutOfGas;
        }
        if (!value.IsZero)
        {
            gas += (long)GasCosts.CallStipend;
        }
        UInt256* result = unchecked(top + ip->Argument);
        caller.StackHeight = (int)(result - m.Floor);
        caller.ReturnOffset = outputStart;
        caller.ReturnLength = (ulong)outputLength;
        bool runsAsCaller = kind is CallKind.CallCode or CallKind.DelegateCall;
        var setup = new CallSetup
        {
            Kind = kind,
            Depth = caller.Depth + 1,
            Caller = kind == CallKind.DelegateCall ? caller.Caller : caller.Self,
            Self = runsAsCaller ? caller.Self : target,
            CodeAddress = target,
            Code = code,
            Value = kind == CallKind.DelegateCall ? caller.Value : value,
            Gas = gas,
            InputStart = caller.MemoryStart + (int)inputStart,
            InputLength = inputLength,
            IsStatic = caller.IsStatic || kind == CallKind.StaticCall,
        };
        return FrameEntry.Call(m, setup, result);
    }

    private static long CallCost(Machine m, CallKind kind, in Address target, in UInt256 value)
    {
        long cost = 0;
        if (m.Rules.HasAccessSets && m.World.WarmAddress(target))
        {
            cost = (long)(GasCosts.ColdAccount - GasCosts.WarmAccess);
        }
        if (!value.IsZero)
        {
            cost += (long)GasCosts.CallValue;
        }
        if (kind == CallKind.Call)
        {
            bool makesAccount = m.Rules.ClearsEmptyAccounts
                ? !value.IsZero && m.World.IsDead(target)
                : !m.World.Exists(target);
            cost += makesAccount ? (long)GasCosts.NewAccount : 0;
        }
        return cost;
    }

    // A delegation is followed once, and its target's access is paid (EIP-7702).
    private static bool AccessCode(Machine m, in Address target, out Code code)
    {
        code = m.World.GetCode(target);
        if (!m.Rules.HasDelegations || !code.TryGetDelegation(out Address delegated))
        {
            return true;
        }
        bool isCold = m.World.WarmAddress(delegated);
        code = FrameEntry.DelegatedCode(m, delegated);
        return m.Charge((long)(isCold ? GasCosts.ColdAccount : GasCosts.WarmAccess));
    }

    private static bool TryForwardGas(Machine m, ulong requested, out long gas)
    {
        gas = m.Gas;
        if (m.Rules.ForwardsAllButOne64th)
        {
            gas -= gas / 64;
        }
        else if (requested > (ulong)gas)
        {
            return false;
        }
        gas = (long)Math.Min(requested, (ulong)gas);
        m.Gas -= gas;
        return true;
    }

    public static Halt Create(Machine m, UInt256* top, Instruction* ip) =>
        Create(m, top, ip, isSalted: false);

    public static Halt Create2(Machine m, UInt256* top, Instruction* ip) =>
        Create(m, top, ip, isSalted: true);

    private static Halt Create(Machine m, UInt256* top, Instruction* ip, bool isSalted)
    {
        Frame caller = m.Current;
        if (caller.IsStatic)
        {
            return Halt.StaticViolation;
        }
        if (Words.Saturate(top - 2) > (ulong)m.Rules.MaxInitcodeSize)
        {
            return m.Rules.InitcodeWordGas == 0 ? Halt.OutOfGas : Halt.InitcodeSizeExceeded;
        }
        if (!m.TryRegion(top - 1, top - 2, out ulong start, out int length))
        {
            return Halt.OutOfGas;
        }
        long words = (length + 31) / 32;
        ulong wordGas = m.Rules.InitcodeWordGas + (isSalted ? GasCosts.KeccakWord : 0);
        if (!m.Charge(words * (long)wordGas))
        {
            return Halt.OutOfGas;
        }
        UInt256* result = unchecked(top + ip->Argument);
        UInt256 value = *top;
        m.ReturnLength = 0;
        ulong nonce = m.World.GetNonce(caller.Self);
        if (caller.Depth >= Machine.MaxDepth || !m.Context.Transaction.MayCreate
            || m.World.GetBalance(caller.Self) < value || nonce == ulong.MaxValue)
        {
            Words.Set(result, 0);
            return Halt.None;
        }
        long gas = m.Rules.ForwardsAllButOne64th ? m.Gas - m.Gas / 64 : m.Gas;
        m.Gas -= gas;
        m.World.SetNonce(caller.Self, nonce + 1);
        byte[] initcode = m.MemorySpan(start, length).ToArray();
        Address created = isSalted
            ? ContractAddress.FromSalt(caller.Self, top[-3], initcode)
            : ContractAddress.FromNonce(caller.Self, nonce);
        caller.StackHeight = (int)(result - m.Floor);
        caller.ReturnLength = 0;
        var setup = new CallSetup
        {
            Kind = isSalted ? CallKind.Create2 : CallKind.Create,
            Depth = caller.Depth + 1,
            Caller = caller.Self,
            Self = created,
            CodeAddress = created,
            Code = new Code(initcode),
            Value = value,
            Gas = gas,
        };
        return FrameEntry.Create(m, setup, result);
    }

    public static Halt Return(Machine m, UInt256* top, Instruction* ip) =>
        SetOutput(m, top) ? Halt.Done : Halt.OutOfGas;

    public static Halt Revert(Machine m, UInt256* top, Instruction* ip) =>
        SetOutput(m, top) ? Halt.Reverted : Halt.OutOfGas;

    private static bool SetOutput(Machine m, UInt256* top)
    {
        if (!m.TryRegion(top, top - 1, out ulong start, out int length))
        {
            return false;
        }
        m.SetReturnData(m.MemorySpan(start, length));
        return true;
    }

    /// <summary>Moves the balance; EIP-6780 limits what is deleted to new contracts.</summary>
    public static Halt SelfDestruct(Machine m, UInt256* top, Instruction* ip)
    {
        Frame frame = m.Current;
        if (frame.IsStatic)
        {
            return Halt.StaticViolation;
        }
        IWorld world = m.World;
        Address heir = Words.ToAddress(top);
        UInt256 balance = world.GetBalance(frame.Self);
        long cost = m.Rules.HasAccessSets && world.WarmAddress(heir)
            ? (long)GasCosts.ColdAccount
            : 0;
        bool makesAccount = m.Rules.ClearsEmptyAccounts
            ? !balance.IsZero && world.IsDead(heir)
            : m.Rules.ForwardsAllButOne64th && !world.Exists(heir);
        if (!m.Charge(cost + (makesAccount ? (long)GasCosts.NewAccount : 0)))
        {
            return Halt.OutOfGas;
        }
        m.Context.Tracer?.OnSelfDestruct(frame.Self, heir, balance);
        bool isDeleted = !m.Rules.IsCancun || world.WasCreatedInTransaction(frame.Self);
        if (isDeleted && !world.HasSelfDestructed(frame.Self))
        {
            m.Refund += m.Rules.SelfDestructRefund;
        }
        MoveBalance(world, frame.Self, heir, balance, isDeleted);
        if (isDeleted)
        {
            world.SelfDestruct(frame.Self);
        }
        m.ReturnLength = 0;
        return Halt.Done;
    }

    // To itself: burned with a deleted account, otherwise nothing moves.
    private static void MoveBalance(
        IWorld world, in Address from, in Address to, in UInt256 balance, bool isDeleted)
    {
        if (from != to)
        {
            world.AddBalance(to, balance);
        }
        if (from != to || isDeleted)
        {
            world.SubtractBalance(from, balance);
        }
    }
}
