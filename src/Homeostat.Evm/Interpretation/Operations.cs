using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// The opcodes the loop does not run itself, by their codes. Each is a function of the machine and
/// the top of the stack; its static gas and stack bounds are the block head's, the change of the
/// stack's height is in the instruction.
/// </summary>
internal static unsafe class Operations
{
    public static readonly delegate*<Machine, UInt256*, Instruction*, Halt>[] Table = Build();

    private static delegate*<Machine, UInt256*, Instruction*, Halt>[] Build()
    {
        var table = new delegate*<Machine, UInt256*, Instruction*, Halt>[256];
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = &Invalid;
        }
        table[Op.Stop] = &Stop;
        AddArithmetic(table);
        AddEnvironment(table);
        AddMemory(table);
        table[Op.Sload] = &StorageOperations.Load;
        table[Op.Sstore] = &StorageOperations.Store;
        table[Op.TLoad] = &StorageOperations.LoadTransient;
        table[Op.TStore] = &StorageOperations.StoreTransient;
        table[Op.Gas] = &Gas;
        table[Op.Create] = &CallOperations.Create;
        table[Op.Create2] = &CallOperations.Create2;
        table[Op.Call] = &CallOperations.Call;
        table[Op.CallCode] = &CallOperations.CallCode;
        table[Op.DelegateCall] = &CallOperations.DelegateCall;
        table[Op.StaticCall] = &CallOperations.StaticCall;
        table[Op.Return] = &CallOperations.Return;
        table[Op.Revert] = &CallOperations.Revert;
        table[Op.SelfDestruct] = &CallOperations.SelfDestruct;
        return table;
    }

    private static void AddArithmetic(delegate*<Machine, UInt256*, Instruction*, Halt>[] table)
    {
        table[Op.Div] = &ArithmeticOperations.Divide;
        table[Op.SDiv] = &ArithmeticOperations.SignedDivide;
        table[Op.Mod] = &ArithmeticOperations.Modulo;
        table[Op.SMod] = &ArithmeticOperations.SignedModulo;
        table[Op.AddMod] = &ArithmeticOperations.AddModulo;
        table[Op.MulMod] = &ArithmeticOperations.MultiplyModulo;
        table[Op.Exp] = &ArithmeticOperations.Power;
        table[Op.SignExtend] = &ArithmeticOperations.SignExtend;
        table[Op.Byte] = &ArithmeticOperations.Byte;
        table[Op.Sar] = &ArithmeticOperations.ShiftArithmetic;
        table[Op.Clz] = &ArithmeticOperations.CountLeadingZeros;
    }

    private static void AddEnvironment(delegate*<Machine, UInt256*, Instruction*, Halt>[] table)
    {
        table[Op.Address] = &EnvironmentOperations.Address;
        table[Op.Balance] = &EnvironmentOperations.Balance;
        table[Op.Origin] = &EnvironmentOperations.Origin;
        table[Op.Caller] = &EnvironmentOperations.Caller;
        table[Op.CallValue] = &EnvironmentOperations.CallValue;
        table[Op.GasPrice] = &EnvironmentOperations.GasPrice;
        table[Op.ExtCodeSize] = &EnvironmentOperations.ExtCodeSize;
        table[Op.ExtCodeHash] = &EnvironmentOperations.ExtCodeHash;
        table[Op.BlockHash] = &EnvironmentOperations.BlockHash;
        table[Op.Coinbase] = &EnvironmentOperations.Coinbase;
        table[Op.Timestamp] = &EnvironmentOperations.Timestamp;
        table[Op.Number] = &EnvironmentOperations.Number;
        table[Op.PrevRandao] = &EnvironmentOperations.PrevRandao;
        table[Op.GasLimit] = &EnvironmentOperations.GasLimit;
        table[Op.ChainId] = &EnvironmentOperations.ChainId;
        table[Op.SelfBalance] = &EnvironmentOperations.SelfBalance;
        table[Op.BaseFee] = &EnvironmentOperations.BaseFee;
        table[Op.BlobHash] = &EnvironmentOperations.BlobHash;
        table[Op.BlobBaseFee] = &EnvironmentOperations.BlobBaseFee;
    }

    private static void AddMemory(delegate*<Machine, UInt256*, Instruction*, Halt>[] table)
    {
        table[Op.Keccak256] = &MemoryOperations.Keccak256;
        table[Op.CallDataLoad] = &MemoryOperations.CallDataLoad;
        table[Op.CallDataSize] = &MemoryOperations.CallDataSize;
        table[Op.CallDataCopy] = &MemoryOperations.CallDataCopy;
        table[Op.CodeCopy] = &MemoryOperations.CodeCopy;
        table[Op.ExtCodeCopy] = &MemoryOperations.ExtCodeCopy;
        table[Op.ReturnDataSize] = &MemoryOperations.ReturnDataSize;
        table[Op.ReturnDataCopy] = &MemoryOperations.ReturnDataCopy;
        table[Op.MStore8] = &MemoryOperations.MStore8;
        table[Op.MSize] = &MemoryOperations.MSize;
        table[Op.MCopy] = &MemoryOperations.MCopy;
        table[Op.Log0] = &MemoryOperations.Log;
        table[Op.Log1] = &MemoryOperations.Log;
        table[Op.Log2] = &MemoryOperations.Log;
        table[Op.Log3] = &MemoryOperations.Log;
        table[Op.Log4] = &MemoryOperations.Log;
    }

    private static Halt Stop(Machine m, UInt256* top, Instruction* ip)
    {
        m.ReturnLength = 0;
        return Halt.Done;
    }

    private static Halt Invalid(Machine m, UInt256* top, Instruction* ip) => Halt.InvalidOpcode;

    // A block ends behind GAS, so all that is charged is what was executed.
    private static Halt Gas(Machine m, UInt256* top, Instruction* ip)
    {
        Words.Set(top + 1, (ulong)m.Gas);
        return Halt.None;
    }
}
