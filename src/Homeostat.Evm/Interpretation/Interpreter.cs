using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// The loop over decoded instructions. What is executed most stands in the switch; the rest are
/// functions in a table by opcode (<see cref="Operations"/>). Gas, the top of the stack and the
/// instruction are locals of the loop, so that they live in registers; a function out of the loop
/// finds the gas in the machine.
/// </summary>
internal static unsafe class Interpreter
{
    private interface IWatch
    {
        static abstract bool WantsPulse { get; }
    }

    /// <summary>Runs the machine's current frame until it ends or enters another.</summary>
    public static Halt Run(Machine machine)
    {
        Frame frame = machine.Current;
        fixed (Instruction* first = frame.Program.Instructions)
        fixed (UInt256* constants = frame.Program.Constants)
        {
            UInt256* floor = machine.StackFloor;
            UInt256* top = floor + frame.StackHeight;
            Instruction* ip = first + frame.Next;
            machine.Gas = frame.Gas;
            machine.Floor = floor;
            machine.First = first;
            Halt halt = machine.Pulse == null
                ? Loop<Unwatched>(machine, constants, ref ip, ref top)
                : Loop<Watched>(machine, constants, ref ip, ref top);
            frame.Gas = machine.Gas;
            frame.Next = (int)(ip - first) + 1;
            frame.StackHeight = (int)(top - floor);
            return halt;
        }
    }

    // A line or a few an operation; what it does to the words is in Words. Operations that end
    // alike go on at a label behind the switch. The method is longer than a screen because one
    // jump table over locals is what makes it fast (docs/performance.md).
    // Compiled once for each watch, so that the pulse costs nothing where nobody wants it.
    private static Halt Loop<TWatch>(
        Machine machine, UInt256* constants, ref Instruction* next, ref UInt256* highest)
        where TWatch : struct, IWatch
    {
        Instruction* ip = next;
        UInt256* top = highest;
        long gas = machine.Gas;
        Halt halt;
        byte* at;
        nuint height;
        unchecked
        {
            for (; ; ip++)
            {
                switch (ip->Operation)
                {
                    case Fast.Block: goto Enter;
                    case Fast.TracedBlock: machine.TraceStep(ip, top, gas); goto Enter;
                    case Fast.PushSmall: Words.Set(++top, ip->Constant); continue;
                    case Fast.PushLarge: Words.Copy(constants + ip->Index, ++top); continue;
                    case Fast.Dup: Words.Copy(top + ip->Argument, top + 1); top++; continue;
                    case Fast.Swap: Words.Swap(top + ip->Argument, top); continue;
                    case Fast.Add: Words.Add(top, top - 1); top--; continue;
                    case Fast.Sub: Words.Subtract(top, top - 1, top - 1); top--; continue;
                    case Fast.Mul: Words.Multiply(top, top - 1); top--; continue;
                    case Fast.Lt: top--; Words.SetFlag(top, Words.IsLess(top + 1, top)); continue;
                    case Fast.Gt: top--; Words.SetFlag(top, Words.IsLess(top, top + 1)); continue;
                    case Fast.Slt: top--; Words.SetSignedLess(top + 1, top, top); continue;
                    case Fast.Sgt: top--; Words.SetSignedLess(top, top + 1, top); continue;
                    case Fast.Eq: top--; Words.SetFlag(top, Words.AreEqual(top, top + 1)); continue;
                    case Fast.IsZero: Words.SetFlag(top, Words.IsZero(top)); continue;
                    case Fast.And: Words.And(top, top - 1); top--; continue;
                    case Fast.Or: Words.Or(top, top - 1); top--; continue;
                    case Fast.Xor: Words.Xor(top, top - 1); top--; continue;
                    case Fast.Not: Words.Not(top); continue;
                    case Fast.Shl: Words.ShiftLeft(Words.Saturate(top), top - 1); top--; continue;
                    case Fast.Shr: Words.ShiftRight(Words.Saturate(top), top - 1); top--; continue;
                    case Fast.Pop: top--; continue;
                    case Fast.MLoad: at = machine.Word(Words.Saturate(top), ref gas); goto Load;
                    case Fast.MStore: at = machine.Word(Words.Saturate(top--), ref gas); goto Store;
                    case Fast.Jump: ip = machine.Target(top--); goto Land;
                    case Fast.JumpI:
                        top -= 2;
                        if (Words.IsZero(top + 1)) continue;
                        ip = machine.Target(top + 2);
                        goto Land;
                    case Fast.PushJump: goto Jump;
                    case Fast.PushJumpI: if (!Words.IsZero(top--)) goto Jump; continue;
                    case Fast.IsZeroPushJumpI: if (Words.IsZero(top--)) goto Jump; continue;
                    case Fast.DupPushJumpI:
                        if (!Words.IsZero(top + ip->Argument)) goto Jump;
                        continue;
                    case Fast.EqPushJumpI:
                        top -= 2;
                        if (Words.AreEqual(top + 2, top + 1)) goto Jump;
                        continue;
                    case Fast.LtPushJumpI:
                        top -= 2;
                        if (Words.IsLess(top + 2, top + 1)) goto Jump;
                        continue;
                    case Fast.GtPushJumpI:
                        top -= 2;
                        if (Words.IsLess(top + 1, top + 2)) goto Jump;
                        continue;
                    case Fast.LtIsZeroPushJumpI:
                        top -= 2;
                        if (!Words.IsLess(top + 2, top + 1)) goto Jump;
                        continue;
                    case Fast.GtIsZeroPushJumpI:
                        top -= 2;
                        if (!Words.IsLess(top + 1, top + 2)) goto Jump;
                        continue;
                    case Fast.PushAdd: Words.AddSmall(top, ip->Constant); continue;
                    case Fast.PushSwapSub: Words.SubtractSmall(top, ip->Constant); continue;
                    case Fast.PushAnd: Words.Set(top, top->U0 & ip->Constant); continue;
                    case Fast.PushShl: Words.ShiftLeft(ip->Constant, top); continue;
                    case Fast.PushShr: Words.ShiftRight(ip->Constant, top); continue;
                    case Fast.PushEq:
                        Words.SetFlag(top, Words.IsSmall(top, ip->Constant));
                        continue;
                    case Fast.PushMLoad: at = machine.Word(ip->Constant, ref gas); top++; goto Load;
                    case Fast.PushMStore: at = machine.Word(ip->Constant, ref gas); goto Store;
                    case Fast.SwapPop: Words.Copy(top, top + ip->Argument); top--; continue;
                    case Fast.PopPop: top -= 2; continue;
                    case Fast.DupDup:
                        Words.DupDup(top, ip->Argument, ip->Index);
                        top += 2;
                        continue;
                    case Fast.DupAdd: Words.Add(top + ip->Argument, top); continue;
                    case Fast.SwapSub: Words.Subtract(top - 1, top, top - 1); top--; continue;
                    case Fast.DupMLoad:
                        at = machine.Word(Words.Saturate(top + ip->Argument), ref gas);
                        top++;
                        goto Load;
                    default:
                        machine.Gas = gas;
                        halt = Operations.Table[ip->Operation](machine, top, ip);
                        gas = machine.Gas;
                        top += ip->Argument;
                        if (halt == Halt.None) continue;
                        goto Exit;
                }
            Load:
                if (at == null) goto OutOfGas;
                Words.Load(at, top);
                continue;
            Store:
                if (at == null) goto OutOfGas;
                Words.Store(top--, at);
                continue;
            Jump:
                ip = machine.First + ip->Index;
                goto Enter;
            Land:
                if (ip == null) goto NoTarget;
                if (ip->Operation == Fast.TracedBlock) machine.TraceStep(ip, top, gas);
            Enter:
                gas -= ip->Gas;
                height = (nuint)((byte*)top - (byte*)machine.Floor);
                if (gas < 0) goto OutOfGas;
                if (height - ip->RequiredBytes > ip->SlackBytes) goto BadStack;
                if (TWatch.WantsPulse && --machine.BlocksToPulse < 0) machine.Beat();
            }
        }
    OutOfGas:
        halt = Halt.OutOfGas;
        goto Exit;
    NoTarget:
        ip = machine.First;
        halt = Halt.InvalidJump;
        goto Exit;
    BadStack:
        halt = height < ip->RequiredBytes ? Halt.StackUnderflow : Halt.StackOverflow;
    Exit:
        machine.Gas = gas;
        next = ip;
        highest = top;
        return halt;
    }

    private readonly struct Unwatched : IWatch
    {
        public static bool WantsPulse => false;
    }

    private readonly struct Watched : IWatch
    {
        public static bool WantsPulse => true;
    }
}
