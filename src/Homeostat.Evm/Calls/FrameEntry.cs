using System.Diagnostics.CodeAnalysis;
using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>A call or create that is paid for and about to begin.</summary>
internal ref struct CallSetup
{
    public CallKind Kind;
    public int Depth;
    public Address Caller;
    public Address Self;
    public Address CodeAddress;
    public Code Code;
    public UInt256 Value;
    public long Gas;
    public int InputStart;
    public int InputLength;
    public bool IsStatic;

    /// <summary>A call that moves value from the caller to the target.</summary>
    public readonly bool Transfers => Kind == CallKind.Call;
}

/// <summary>
/// Begins frames and ends them. A call that needs no frame (no code, a precompile, no balance, too
/// deep) is decided at once, with its result in the caller's stack.
/// </summary>
internal static unsafe class FrameEntry
{
    /// <summary>
    /// The code behind a delegation; precompiles count as having none (EIP-7702).
    /// </summary>
    public static Code DelegatedCode(Machine m, in Address delegated) =>
        TryGetPrecompile(m, delegated, out _)
            ? Code.Empty
            : m.World.GetCode(delegated);

    private static bool TryGetPrecompile(
        Machine m, in Address address, [NotNullWhen(true)] out IPrecompile? precompile) =>
        m.Context.MovedPrecompiles is { } moved
            ? moved.TryGet(address, out precompile)
            : Precompiles.TryGet(m.Rules.Fork, address, out precompile);

    /// <param name="result">Where the caller's success flag goes if it is known at once.</param>
    public static Halt Call(Machine m, in CallSetup setup, UInt256* result)
    {
        long left = setup.Gas;
        ExecutionStatus status = Begin(m, setup, ref left, out bool hasFrame);
        if (hasFrame)
        {
            return Halt.Entered;
        }
        m.Gas += left;
        Words.SetFlag(result, status == ExecutionStatus.Success);
        CopyOutput(m, m.Current);
        return Halt.None;
    }

    /// <inheritdoc cref="Call"/>
    public static Halt Create(Machine m, in CallSetup setup, UInt256* result)
    {
        if (BeginCreate(m, setup) == ExecutionStatus.Success)
        {
            return Halt.Entered;
        }
        Words.Set(result, 0);
        return Halt.None;
    }

    /// <summary>
    /// Starts a call. Without a frame the status is final and <paramref name="gas"/> what is left.
    /// </summary>
    public static ExecutionStatus Begin(
        Machine m, in CallSetup setup, ref long gas, out bool hasFrame)
    {
        hasFrame = false;
        m.ReturnLength = 0;
        m.Steps?.Close(m.Gas, ExecutionStatus.Success);
        TraceStart(m, setup);
        if (setup.Depth > Machine.MaxDepth)
        {
            return TraceEnd(m, setup, gas, ExecutionStatus.CallDepthExceeded);
        }
        bool movesValue = setup.Kind is CallKind.Call or CallKind.CallCode && !setup.Value.IsZero;
        Address payer = setup.Kind == CallKind.CallCode ? setup.Self : setup.Caller;
        if (movesValue && m.World.GetBalance(payer) < setup.Value)
        {
            return TraceEnd(m, setup, gas, ExecutionStatus.InsufficientBalance);
        }
        int snapshot = m.World.Snapshot();
        Transfer(m.World, setup);
        if (TryGetPrecompile(m, setup.CodeAddress, out IPrecompile? precompile))
        {
            ExecutionStatus status = RunPrecompile(m, precompile, setup, ref gas);
            if (status != ExecutionStatus.Success)
            {
                m.World.Revert(snapshot);
            }
            return TraceEnd(m, setup, gas, status);
        }
        if (m.Rules.Extension is { } extension && extension.Address == setup.CodeAddress)
        {
            ExecutionStatus status = RunExtension(m, extension, setup, ref gas);
            if (status != ExecutionStatus.Success)
            {
                m.World.Revert(snapshot);
            }
            return TraceEnd(m, setup, gas, status);
        }
        if (setup.Code.IsEmpty)
        {
            return TraceEnd(m, setup, gas, ExecutionStatus.Success);
        }
        Push(m, setup, snapshot);
        hasFrame = true;
        return ExecutionStatus.Success;
    }

    /// <summary>Starts a create; a collision takes its gas.</summary>
    public static ExecutionStatus BeginCreate(Machine m, in CallSetup setup)
    {
        IWorld world = m.World;
        m.ReturnLength = 0;
        m.Steps?.Close(m.Gas, ExecutionStatus.Success);
        TraceStart(m, setup);
        if (m.Rules.HasAccessSets)
        {
            world.WarmAddress(setup.Self);
        }
        Hash256 codeHash = world.GetCodeHash(setup.Self);
        bool hasCode = !codeHash.IsZero && codeHash != Keccak.Empty;
        if (hasCode || world.GetNonce(setup.Self) != 0 || world.HasStorage(setup.Self))
        {
            return TraceEnd(m, setup, 0, ExecutionStatus.AddressCollision);
        }
        int snapshot = world.Snapshot();
        world.CreateContract(setup.Self);
        if (m.Rules.ClearsEmptyAccounts)
        {
            world.SetNonce(setup.Self, 1);
        }
        if (!setup.Value.IsZero)
        {
            world.SubtractBalance(setup.Caller, setup.Value);
            world.AddBalance(setup.Self, setup.Value);
        }
        Push(m, setup, snapshot);
        return ExecutionStatus.Success;
    }

    private static void Transfer(IWorld world, in CallSetup setup)
    {
        if (setup.Kind is CallKind.StaticCall || (setup.Transfers && setup.Value.IsZero))
        {
            world.Touch(setup.Self);
        }
        else if (setup.Transfers)
        {
            world.SubtractBalance(setup.Caller, setup.Value);
            world.AddBalance(setup.Self, setup.Value);
        }
    }

    private static void Push(Machine m, in CallSetup setup, int snapshot)
    {
        int inputEnd = setup.InputStart + setup.InputLength;
        Frame frame = m.Push(setup.Depth, inputEnd);
        frame.Kind = setup.Kind;
        frame.IsStatic = setup.IsStatic;
        frame.Self = setup.Self;
        frame.Caller = setup.Caller;
        frame.Value = setup.Value;
        frame.Code = setup.Code;
        frame.Program = setup.Code.ProgramFor(m.Rules, m.Steps is not null);
        frame.InputStart = setup.InputStart;
        frame.InputLength = setup.InputLength;
        frame.Gas = setup.Gas;
        frame.GasGiven = setup.Gas;
        frame.Snapshot = snapshot;
        frame.RefundBefore = m.Refund;
    }

    private static ExecutionStatus RunPrecompile(
        Machine m, IPrecompile precompile, in CallSetup setup, ref long gas)
    {
        var input = new ReadOnlySpan<byte>(m.BufferStart + setup.InputStart, setup.InputLength);
        ulong cost = precompile.GasCost(input, m.Rules.Fork);
        if (cost > (ulong)gas)
        {
            gas = 0;
            return ExecutionStatus.OutOfGas;
        }
        gas -= (long)cost;
        if (!precompile.TryRun(input, out byte[] output))
        {
            gas = 0;
            return ExecutionStatus.PrecompileFailure;
        }
        m.SetReturnData(output);
        return ExecutionStatus.Success;
    }

    private static ExecutionStatus RunExtension(
        Machine m, IStatefulPrecompile extension, in CallSetup setup, ref long gas)
    {
        var input = new ReadOnlySpan<byte>(m.BufferStart + setup.InputStart, setup.InputLength);
        bool isDone = extension.TryRun(
            input, (ulong)gas, m.World, out ulong cost, out byte[] output);
        if (!isDone || cost > (ulong)gas)
        {
            ExecutionStatus status = cost > (ulong)gas
                ? ExecutionStatus.OutOfGas
                : ExecutionStatus.PrecompileFailure;
            gas = 0;
            return status;
        }
        gas -= (long)cost;
        m.SetReturnData(output);
        return ExecutionStatus.Success;
    }

    /// <summary>
    /// Ends the current frame: code deposit, undoing, gas back to the frame above.
    /// </summary>
    public static ExecutionStatus End(Machine m, Halt halt)
    {
        Frame frame = m.Current;
        ExecutionStatus status = StatusOf(halt);
        m.Steps?.Close(m.Gas, status);
        if (status == ExecutionStatus.Success && frame.IsCreate)
        {
            status = Deploy(m, frame);
        }
        if (status is not ExecutionStatus.Success)
        {
            m.World.Revert(frame.Snapshot);
            m.Refund = frame.RefundBefore;
            if (status != ExecutionStatus.Revert)
            {
                frame.Gas = 0;
                m.ReturnLength = 0;
            }
        }
        TraceEnd(m, frame, status);
        return status;
    }

    /// <summary>
    /// Gives a nested frame's result to the one that made it, which is current again.
    /// </summary>
    public static void Resume(Machine m, ExecutionStatus status)
    {
        Frame ended = m.Current;
        Frame caller = m.Pop();
        caller.Gas += ended.Gas;
        UInt256* result = m.StackFloor + caller.StackHeight;
        bool isSuccess = status == ExecutionStatus.Success;
        if (!ended.IsCreate)
        {
            Words.SetFlag(result, isSuccess);
            CopyOutput(m, caller);
        }
        else if (isSuccess)
        {
            Words.SetAddress(result, ended.Self);
            m.ReturnLength = 0;
        }
        else
        {
            Words.Set(result, 0);
        }
    }

    // EIP-2, 170, 3541. Frontier keeps a contract without code when the deposit can't be paid.
    private static ExecutionStatus Deploy(Machine m, Frame frame)
    {
        ReadOnlySpan<byte> code = m.ReturnData.AsSpan(0, m.ReturnLength);
        if (code.Length > m.Rules.MaxCodeSize)
        {
            return ExecutionStatus.CodeSizeExceeded;
        }
        if (m.Rules.IsLondon && code.Length > 0 && code[0] == 0xef)
        {
            return ExecutionStatus.InvalidCodePrefix;
        }
        long deposit = code.Length * (long)GasCosts.CodeDepositByte;
        if (deposit > frame.Gas)
        {
            return m.Rules.IsHomestead ? ExecutionStatus.OutOfGas : ExecutionStatus.Success;
        }
        frame.Gas -= deposit;
        m.World.SetCode(frame.Self, new Code(code.ToArray()));
        return ExecutionStatus.Success;
    }

    private static void CopyOutput(Machine m, Frame caller)
    {
        int length = (int)Math.Min((ulong)m.ReturnLength, caller.ReturnLength);
        if (length > 0)
        {
            m.ReturnData.AsSpan(0, length)
                .CopyTo(m.MemorySpan(caller.ReturnOffset, length));
        }
    }

    private static ExecutionStatus StatusOf(Halt halt) => halt switch
    {
        Halt.Done => ExecutionStatus.Success,
        Halt.Reverted => ExecutionStatus.Revert,
        Halt.OutOfGas => ExecutionStatus.OutOfGas,
        Halt.StackUnderflow => ExecutionStatus.StackUnderflow,
        Halt.StackOverflow => ExecutionStatus.StackOverflow,
        Halt.InvalidOpcode => ExecutionStatus.InvalidOpcode,
        Halt.InvalidJump => ExecutionStatus.InvalidJump,
        Halt.StaticViolation => ExecutionStatus.StaticViolation,
        Halt.ReturnDataOutOfBounds => ExecutionStatus.ReturnDataOutOfBounds,
        Halt.InitcodeSizeExceeded => ExecutionStatus.InitcodeSizeExceeded,
        _ => throw new InvariantViolation($"no frame ends with {halt}"),
    };

    private static void TraceStart(Machine m, in CallSetup setup)
    {
        if (m.Context.Tracer is { } tracer)
        {
            bool isCreate = setup.Kind is CallKind.Create or CallKind.Create2;
            byte[] input = isCreate
                ? setup.Code.Bytes
                : new ReadOnlySpan<byte>(m.BufferStart + setup.InputStart, setup.InputLength)
                    .ToArray();
            tracer.OnCallStart(new CallStart(
                setup.Kind, setup.Depth, setup.Caller, setup.Self, setup.CodeAddress,
                setup.Value, (ulong)setup.Gas, input));
        }
    }

    private static ExecutionStatus TraceEnd(
        Machine m, in CallSetup setup, long gas, ExecutionStatus status)
    {
        TraceEnd(m, setup.Gas - gas, status);
        return status;
    }

    private static void TraceEnd(Machine m, Frame frame, ExecutionStatus status) =>
        TraceEnd(m, frame.GasGiven - frame.Gas, status);

    private static void TraceEnd(Machine m, long gasUsed, ExecutionStatus status) =>
        m.Context.Tracer?.OnCallEnd(new CallEnd(
            status, (ulong)gasUsed, m.ReturnData.AsSpan(0, m.ReturnLength).ToArray()));
}
