using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>The interpreter: an explicit stack of frames under one loop.</summary>
public sealed class EvmEngine : IEvmEngine
{
    private readonly Machine _machine = new();

    public CallResult Execute(EvmContext context, in CallMessage message)
    {
        Machine m = _machine;
        m.Begin(context);
        // Gas is counted in 63 bits; what is beyond them can't be used and is given back.
        long gas = (long)Math.Min(message.Gas, long.MaxValue);
        ulong beyond = message.Gas - (ulong)gas;
        ExecutionStatus status = message.Kind == CallKind.Create
            ? BeginCreate(m, message, ref gas, out bool hasFrame)
            : BeginCall(m, message, ref gas, out hasFrame);
        if (hasFrame)
        {
            status = Drive(m);
            gas = m.Current.Gas;
        }
        bool isSuccess = status == ExecutionStatus.Success;
        bool isCreated = isSuccess && message.Kind == CallKind.Create;
        bool keepsGas = isSuccess || status
            is ExecutionStatus.Revert or ExecutionStatus.InsufficientBalance;
        return new CallResult(
            status,
            keepsGas ? (ulong)gas + beyond : 0,
            isSuccess ? m.Refund : 0,
            isCreated ? [] : m.ReturnData.AsSpan(0, m.ReturnLength).ToArray(),
            isCreated ? message.Target : default);
    }

    private static ExecutionStatus Drive(Machine m)
    {
        while (true)
        {
            Halt halt = Interpreter.Run(m);
            if (halt == Halt.Entered)
            {
                continue;
            }
            ExecutionStatus status = FrameEntry.End(m, halt);
            if (m.Current.Depth == 0)
            {
                return status;
            }
            FrameEntry.Resume(m, status);
        }
    }

    private static ExecutionStatus BeginCall(
        Machine m, in CallMessage message, ref long gas, out bool hasFrame)
    {
        m.PlaceInput(message.Input.Span);
        Code code = m.World.GetCode(message.Target);
        if (m.Rules.HasDelegations && code.TryGetDelegation(out Address delegated))
        {
            m.World.WarmAddress(delegated);
            code = FrameEntry.DelegatedCode(m, delegated);
        }
        var setup = new CallSetup
        {
            Kind = message.Kind,
            Caller = message.Caller,
            Self = message.Target,
            CodeAddress = message.Target,
            Code = code,
            Value = message.Value,
            Gas = gas,
            InputLength = message.Input.Length,
            IsStatic = message.Kind == CallKind.StaticCall,
        };
        return FrameEntry.Begin(m, setup, ref gas, out hasFrame);
    }

    private static ExecutionStatus BeginCreate(
        Machine m, in CallMessage message, ref long gas, out bool hasFrame)
    {
        hasFrame = false;
        if (m.World.GetBalance(message.Caller) < message.Value)
        {
            return ExecutionStatus.InsufficientBalance;
        }
        var setup = new CallSetup
        {
            Kind = CallKind.Create,
            Caller = message.Caller,
            Self = message.Target,
            CodeAddress = message.Target,
            Code = new Code(message.Input.ToArray()),
            Value = message.Value,
            Gas = gas,
        };
        ExecutionStatus status = FrameEntry.BeginCreate(m, setup);
        hasFrame = status == ExecutionStatus.Success;
        return status;
    }
}
