namespace Homeostat.Evm;

/// <summary>
/// The EVM's opcodes. The decoded form has them as operations too, but for those the loop runs
/// itself (<see cref="Fast"/>).
/// </summary>
internal static class Op
{
    public const ushort
        Stop = 0x00,
        Add = 0x01,
        Mul = 0x02,
        Sub = 0x03,
        Div = 0x04,
        SDiv = 0x05,
        Mod = 0x06,
        SMod = 0x07,
        AddMod = 0x08,
        MulMod = 0x09,
        Exp = 0x0a,
        SignExtend = 0x0b,
        Lt = 0x10,
        Gt = 0x11,
        Slt = 0x12,
        Sgt = 0x13,
        Eq = 0x14,
        IsZero = 0x15,
        And = 0x16,
        Or = 0x17,
        Xor = 0x18,
        Not = 0x19,
        Byte = 0x1a,
        Shl = 0x1b,
        Shr = 0x1c,
        Sar = 0x1d,
        Clz = 0x1e,
        Keccak256 = 0x20,
        Address = 0x30,
        Balance = 0x31,
        Origin = 0x32,
        Caller = 0x33,
        CallValue = 0x34,
        CallDataLoad = 0x35,
        CallDataSize = 0x36,
        CallDataCopy = 0x37,
        CodeSize = 0x38,
        CodeCopy = 0x39,
        GasPrice = 0x3a,
        ExtCodeSize = 0x3b,
        ExtCodeCopy = 0x3c,
        ReturnDataSize = 0x3d,
        ReturnDataCopy = 0x3e,
        ExtCodeHash = 0x3f,
        BlockHash = 0x40,
        Coinbase = 0x41,
        Timestamp = 0x42,
        Number = 0x43,
        PrevRandao = 0x44,
        GasLimit = 0x45,
        ChainId = 0x46,
        SelfBalance = 0x47,
        BaseFee = 0x48,
        BlobHash = 0x49,
        BlobBaseFee = 0x4a,
        Pop = 0x50,
        MLoad = 0x51,
        MStore = 0x52,
        MStore8 = 0x53,
        Sload = 0x54,
        Sstore = 0x55,
        Jump = 0x56,
        JumpI = 0x57,
        Pc = 0x58,
        MSize = 0x59,
        Gas = 0x5a,
        JumpDest = 0x5b,
        TLoad = 0x5c,
        TStore = 0x5d,
        MCopy = 0x5e,
        Push0 = 0x5f,
        Push1 = 0x60,
        Push32 = 0x7f,
        Dup1 = 0x80,
        Dup16 = 0x8f,
        Swap1 = 0x90,
        Swap16 = 0x9f,
        Log0 = 0xa0,
        Log1 = 0xa1,
        Log2 = 0xa2,
        Log3 = 0xa3,
        Log4 = 0xa4,
        Create = 0xf0,
        Call = 0xf1,
        CallCode = 0xf2,
        Return = 0xf3,
        DelegateCall = 0xf4,
        Create2 = 0xf5,
        StaticCall = 0xfa,
        Revert = 0xfd,
        Invalid = 0xfe,
        SelfDestruct = 0xff;
}

/// <summary>
/// Operations the loop runs itself: block heads, the opcodes executed most, and fused sequences.
/// They are numbered without gaps, for one jump table.
/// </summary>
internal static class Fast
{
    // Heads of basic blocks: gas and stack bounds of the whole block are checked here.
    public const ushort
        Block = 0x100,
        TracedBlock = 0x101;

    // Constants of one limb (in the instruction) and more (in the program); all DUPs and SWAPs.
    public const ushort
        PushSmall = 0x102,
        PushLarge = 0x103,
        Dup = 0x104,
        Swap = 0x105;

    // Opcodes as they are.
    public const ushort
        Add = 0x106,
        Sub = 0x107,
        Mul = 0x108,
        Lt = 0x109,
        Gt = 0x10a,
        Slt = 0x10b,
        Sgt = 0x10c,
        Eq = 0x10d,
        IsZero = 0x10e,
        And = 0x10f,
        Or = 0x110,
        Xor = 0x111,
        Not = 0x112,
        Shl = 0x113,
        Shr = 0x114,
        Pop = 0x115,
        MLoad = 0x116,
        MStore = 0x117,
        Jump = 0x118,
        JumpI = 0x119;

    // Jumps to a target that is known and valid; the names read as the bytecode does.
    public const ushort
        PushJump = 0x11a,
        PushJumpI = 0x11b,
        IsZeroPushJumpI = 0x11c,
        DupPushJumpI = 0x11d,
        EqPushJumpI = 0x11e,
        LtPushJumpI = 0x11f,
        GtPushJumpI = 0x120,
        LtIsZeroPushJumpI = 0x121,
        GtIsZeroPushJumpI = 0x122;

    // An operation on the top of the stack and a one-limb constant.
    public const ushort
        PushAdd = 0x123,
        PushSwapSub = 0x124,
        PushAnd = 0x125,
        PushShl = 0x126,
        PushShr = 0x127,
        PushEq = 0x128,
        PushMLoad = 0x129,
        PushMStore = 0x12a;

    // Movements on the stack, in pairs or before an operation.
    public const ushort
        SwapPop = 0x12b,
        PopPop = 0x12c,
        DupDup = 0x12d,
        DupAdd = 0x12e,
        SwapSub = 0x12f,
        DupMLoad = 0x130;

    private static readonly ushort[] Operations = Build();

    /// <summary>The operation that runs an opcode: its own, or the opcode itself.</summary>
    public static ushort For(ushort operation) =>
        operation < Operations.Length ? Operations[operation] : operation;

    private static ushort[] Build()
    {
        var operations = new ushort[256];
        for (ushort opcode = 0; opcode < operations.Length; opcode++)
        {
            operations[opcode] = opcode;
        }
        for (ushort fast = Add; fast <= JumpI; fast++)
        {
            operations[Opcodes[fast - Add]] = fast;
        }
        return operations;
    }

    // In the order of the constants above.
    private static ReadOnlySpan<ushort> Opcodes =>
    [
        Op.Add, Op.Sub, Op.Mul, Op.Lt, Op.Gt, Op.Slt, Op.Sgt, Op.Eq, Op.IsZero, Op.And, Op.Or,
        Op.Xor, Op.Not, Op.Shl, Op.Shr, Op.Pop, Op.MLoad, Op.MStore, Op.Jump, Op.JumpI,
    ];
}
