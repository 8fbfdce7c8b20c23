namespace Homeostat.Evm;

/// <summary>
/// Sequences that one operation replaces. All come from what Solidity and Vyper emit in every
/// contract (selectors, loops, masks, memory at constants), none from one program. Gas and stack
/// bounds are the block head's, so a fused operation only has to do what its parts do.
/// </summary>
internal static class Fusion
{
    /// <summary>
    /// How many instructions at the block's end are replaced, together with the next one, by
    /// the fused instruction; 0 when nothing fits.
    /// </summary>
    public static int Match(
        ReadOnlySpan<Instruction> block,
        in Instruction next,
        in JumpTable jumps,
        out Instruction fused)
    {
        fused = default;
        if (block.IsEmpty)
        {
            return 0;
        }
        ref readonly Instruction last = ref block[^1];
        return next.Operation switch
        {
            Op.Jump or Op.JumpI => MatchJump(block, next.Operation, jumps, out fused),
            Op.Sub => MatchSub(block, out fused),
            _ => last.Operation switch
            {
                Fast.PushSmall => MatchConstant(last, next, out fused),
                Fast.Dup or Fast.Swap or Op.Pop => MatchMove(last, next, out fused),
                _ => 0,
            },
        };
    }

    private static int MatchJump(
        ReadOnlySpan<Instruction> block, ushort jump, in JumpTable jumps, out Instruction fused)
    {
        fused = default;
        ref readonly Instruction push = ref block[^1];
        if (push.Operation != Fast.PushSmall || !jumps.Contains(push.Constant))
        {
            return 0;
        }
        fused.Index = (int)push.Constant;
        fused.Operation = Fast.PushJump;
        if (jump == Op.Jump)
        {
            return 1;
        }
        ushort test = block.Length > 1 ? block[^2].Operation : Op.Invalid;
        ushort before = block.Length > 2 ? block[^3].Operation : Op.Invalid;
        (fused.Operation, int replaced) = (before, test) switch
        {
            (Op.Lt, Op.IsZero) => (Fast.LtIsZeroPushJumpI, 3),
            (Op.Gt, Op.IsZero) => (Fast.GtIsZeroPushJumpI, 3),
            (_, Op.IsZero) => (Fast.IsZeroPushJumpI, 2),
            (_, Op.Eq) => (Fast.EqPushJumpI, 2),
            (_, Op.Lt) => (Fast.LtPushJumpI, 2),
            (_, Op.Gt) => (Fast.GtPushJumpI, 2),
            (_, Fast.Dup) => (Fast.DupPushJumpI, 2),
            _ => (Fast.PushJumpI, 1),
        };
        fused.Argument = fused.Operation == Fast.DupPushJumpI ? block[^2].Argument : (short)0;
        return replaced;
    }

    // PUSH c, SWAP1, SUB is how "n - c" compiles; SWAP1, SUB alone is "second - first".
    private static int MatchSub(ReadOnlySpan<Instruction> block, out Instruction fused)
    {
        fused = default;
        if (block[^1] is not { Operation: Fast.Swap, Argument: -1 })
        {
            return 0;
        }
        if (block.Length > 1 && block[^2].Operation == Fast.PushSmall)
        {
            fused = new Instruction
            {
                Operation = Fast.PushSwapSub,
                Constant = block[^2].Constant,
            };
            return 2;
        }
        fused = new Instruction { Operation = Fast.SwapSub };
        return 1;
    }

    private static int MatchConstant(
        in Instruction push, in Instruction next, out Instruction fused)
    {
        ushort operation = next.Operation switch
        {
            Op.Add => Fast.PushAdd,
            Op.And => Fast.PushAnd,
            Op.Shl => Fast.PushShl,
            Op.Shr => Fast.PushShr,
            Op.Eq => Fast.PushEq,
            Op.MLoad => Fast.PushMLoad,
            Op.MStore => Fast.PushMStore,
            _ => Op.Stop,
        };
        fused = new Instruction { Operation = operation, Constant = push.Constant };
        return operation == Op.Stop ? 0 : 1;
    }

    private static int MatchMove(
        in Instruction last, in Instruction next, out Instruction fused)
    {
        ushort operation = (last.Operation, next.Operation) switch
        {
            (Fast.Swap, Op.Pop) => Fast.SwapPop,
            (Op.Pop, Op.Pop) => Fast.PopPop,
            (Fast.Dup, Fast.Dup) => Fast.DupDup,
            (Fast.Dup, Op.Add) => Fast.DupAdd,
            (Fast.Dup, Op.MLoad) => Fast.DupMLoad,
            _ => Op.Stop,
        };
        fused = new Instruction { Operation = operation, Argument = last.Argument };
        fused.Index = next.Argument;
        return operation == Op.Stop ? 0 : 1;
    }
}
