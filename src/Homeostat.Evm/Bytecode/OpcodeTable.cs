namespace Homeostat.Evm;

/// <summary>What the decoder and tracers know of an opcode under one fork.</summary>
/// <param name="Gas">The part of its cost that is the same at every execution.</param>
internal readonly record struct OpcodeInfo(
    byte Inputs, byte Outputs, ushort Gas, bool IsDefined);

/// <summary>The opcodes of each fork: every opcode names the fork it came with and its first
/// price; later prices are differences from <see cref="ForkRules"/>.</summary>
public static class OpcodeTable
{
    private static readonly (byte Code, string Name, byte In, byte Out, ushort Gas, Fork Since)[]
        Rows =
        [
            (0x00, "STOP", 0, 0, 0, Fork.Frontier),
            (0x01, "ADD", 2, 1, 3, Fork.Frontier),
            (0x02, "MUL", 2, 1, 5, Fork.Frontier),
            (0x03, "SUB", 2, 1, 3, Fork.Frontier),
            (0x04, "DIV", 2, 1, 5, Fork.Frontier),
            (0x05, "SDIV", 2, 1, 5, Fork.Frontier),
            (0x06, "MOD", 2, 1, 5, Fork.Frontier),
            (0x07, "SMOD", 2, 1, 5, Fork.Frontier),
            (0x08, "ADDMOD", 3, 1, 8, Fork.Frontier),
            (0x09, "MULMOD", 3, 1, 8, Fork.Frontier),
            (0x0a, "EXP", 2, 1, 10, Fork.Frontier),
            (0x0b, "SIGNEXTEND", 2, 1, 5, Fork.Frontier),
            (0x10, "LT", 2, 1, 3, Fork.Frontier),
            (0x11, "GT", 2, 1, 3, Fork.Frontier),
            (0x12, "SLT", 2, 1, 3, Fork.Frontier),
            (0x13, "SGT", 2, 1, 3, Fork.Frontier),
            (0x14, "EQ", 2, 1, 3, Fork.Frontier),
            (0x15, "ISZERO", 1, 1, 3, Fork.Frontier),
            (0x16, "AND", 2, 1, 3, Fork.Frontier),
            (0x17, "OR", 2, 1, 3, Fork.Frontier),
            (0x18, "XOR", 2, 1, 3, Fork.Frontier),
            (0x19, "NOT", 1, 1, 3, Fork.Frontier),
            (0x1a, "BYTE", 2, 1, 3, Fork.Frontier),
            (0x1b, "SHL", 2, 1, 3, Fork.Constantinople),
            (0x1c, "SHR", 2, 1, 3, Fork.Constantinople),
            (0x1d, "SAR", 2, 1, 3, Fork.Constantinople),
            (0x1e, "CLZ", 1, 1, 5, Fork.Osaka),
            (0x20, "KECCAK256", 2, 1, 30, Fork.Frontier),
            (0x30, "ADDRESS", 0, 1, 2, Fork.Frontier),
            (0x31, "BALANCE", 1, 1, 20, Fork.Frontier),
            (0x32, "ORIGIN", 0, 1, 2, Fork.Frontier),
            (0x33, "CALLER", 0, 1, 2, Fork.Frontier),
            (0x34, "CALLVALUE", 0, 1, 2, Fork.Frontier),
            (0x35, "CALLDATALOAD", 1, 1, 3, Fork.Frontier),
            (0x36, "CALLDATASIZE", 0, 1, 2, Fork.Frontier),
            (0x37, "CALLDATACOPY", 3, 0, 3, Fork.Frontier),
            (0x38, "CODESIZE", 0, 1, 2, Fork.Frontier),
            (0x39, "CODECOPY", 3, 0, 3, Fork.Frontier),
            (0x3a, "GASPRICE", 0, 1, 2, Fork.Frontier),
            (0x3b, "EXTCODESIZE", 1, 1, 20, Fork.Frontier),
            (0x3c, "EXTCODECOPY", 4, 0, 20, Fork.Frontier),
            (0x3d, "RETURNDATASIZE", 0, 1, 2, Fork.Byzantium),
            (0x3e, "RETURNDATACOPY", 3, 0, 3, Fork.Byzantium),
            (0x3f, "EXTCODEHASH", 1, 1, 400, Fork.Constantinople),
            (0x40, "BLOCKHASH", 1, 1, 20, Fork.Frontier),
            (0x41, "COINBASE", 0, 1, 2, Fork.Frontier),
            (0x42, "TIMESTAMP", 0, 1, 2, Fork.Frontier),
            (0x43, "NUMBER", 0, 1, 2, Fork.Frontier),
            (0x44, "PREVRANDAO", 0, 1, 2, Fork.Frontier),
            (0x45, "GASLIMIT", 0, 1, 2, Fork.Frontier),
            (0x46, "CHAINID", 0, 1, 2, Fork.Istanbul),
            (0x47, "SELFBALANCE", 0, 1, 5, Fork.Istanbul),
            (0x48, "BASEFEE", 0, 1, 2, Fork.London),
            (0x49, "BLOBHASH", 1, 1, 3, Fork.Cancun),
            (0x4a, "BLOBBASEFEE", 0, 1, 2, Fork.Cancun),
            (0x50, "POP", 1, 0, 2, Fork.Frontier),
            (0x51, "MLOAD", 1, 1, 3, Fork.Frontier),
            (0x52, "MSTORE", 2, 0, 3, Fork.Frontier),
            (0x53, "MSTORE8", 2, 0, 3, Fork.Frontier),
            (0x54, "SLOAD", 1, 1, 50, Fork.Frontier),
            (0x55, "SSTORE", 2, 0, 0, Fork.Frontier),
            (0x56, "JUMP", 1, 0, 8, Fork.Frontier),
            (0x57, "JUMPI", 2, 0, 10, Fork.Frontier),
            (0x58, "PC", 0, 1, 2, Fork.Frontier),
            (0x59, "MSIZE", 0, 1, 2, Fork.Frontier),
            (0x5a, "GAS", 0, 1, 2, Fork.Frontier),
            (0x5b, "JUMPDEST", 0, 0, 1, Fork.Frontier),
            (0x5c, "TLOAD", 1, 1, 100, Fork.Cancun),
            (0x5d, "TSTORE", 2, 0, 100, Fork.Cancun),
            (0x5e, "MCOPY", 3, 0, 3, Fork.Cancun),
            (0x5f, "PUSH0", 0, 1, 2, Fork.Shanghai),
            (0xa0, "LOG0", 2, 0, 375, Fork.Frontier),
            (0xa1, "LOG1", 3, 0, 750, Fork.Frontier),
            (0xa2, "LOG2", 4, 0, 1125, Fork.Frontier),
            (0xa3, "LOG3", 5, 0, 1500, Fork.Frontier),
            (0xa4, "LOG4", 6, 0, 1875, Fork.Frontier),
            (0xf0, "CREATE", 3, 1, 32000, Fork.Frontier),
            (0xf1, "CALL", 7, 1, 40, Fork.Frontier),
            (0xf2, "CALLCODE", 7, 1, 40, Fork.Frontier),
            (0xf3, "RETURN", 2, 0, 0, Fork.Frontier),
            (0xf4, "DELEGATECALL", 6, 1, 40, Fork.Homestead),
            (0xf5, "CREATE2", 4, 1, 32000, Fork.Constantinople),
            (0xfa, "STATICCALL", 6, 1, 40, Fork.Byzantium),
            (0xfd, "REVERT", 2, 0, 0, Fork.Byzantium),
            (0xfe, "INVALID", 0, 0, 0, Fork.Frontier),
            (0xff, "SELFDESTRUCT", 1, 0, 0, Fork.Frontier),
        ];

    private static readonly string[] Names = BuildNames();
    private static readonly OpcodeInfo[][] Tables = BuildTables();

    /// <summary>
    /// The mnemonic, as geth writes it; "opcode 0x.. not defined" where there is none.
    /// </summary>
    public static string NameOf(byte opcode) => Names[opcode];

    internal static OpcodeInfo[] For(ForkRules rules) => Tables[(int)rules.Fork];

    private static string[] BuildNames()
    {
        var names = new string[256];
        for (int code = 0; code < names.Length; code++)
        {
            names[code] = code switch
            {
                >= Op.Push1 and <= Op.Push32 => $"PUSH{code - Op.Push0}",
                >= Op.Dup1 and <= Op.Dup16 => $"DUP{code - Op.Dup1 + 1}",
                >= Op.Swap1 and <= Op.Swap16 => $"SWAP{code - Op.Swap1 + 1}",
                _ => $"opcode 0x{code:x} not defined",
            };
        }
        foreach (var row in Rows)
        {
            names[row.Code] = row.Name;
        }
        return names;
    }

    private static OpcodeInfo[][] BuildTables()
    {
        var tables = new OpcodeInfo[(int)Fork.Osaka + 1][];
        for (int fork = 0; fork < tables.Length; fork++)
        {
            tables[fork] = Build(ForkRules.For((Fork)fork));
        }
        return tables;
    }

    private static OpcodeInfo[] Build(ForkRules rules)
    {
        var table = new OpcodeInfo[256];
        foreach (var row in Rows)
        {
            if (row.Since <= rules.Fork)
            {
                table[row.Code] = new(row.In, row.Out, row.Gas, row.Code != Op.Invalid);
            }
        }
        for (int i = 0; i < 32; i++)
        {
            table[Op.Push1 + i] = new(0, 1, 3, true);
        }
        for (int i = 0; i < 16; i++)
        {
            table[Op.Dup1 + i] = new((byte)(i + 1), (byte)(i + 2), 3, true);
            table[Op.Swap1 + i] = new((byte)(i + 2), (byte)(i + 2), 3, true);
        }
        Reprice(table, rules.SloadGas, Op.Sload);
        Reprice(table, rules.BalanceGas, Op.Balance);
        Reprice(table, rules.ExtcodeGas, Op.ExtCodeSize, Op.ExtCodeCopy);
        Reprice(table, rules.ExtcodehashGas, Op.ExtCodeHash);
        Reprice(table, rules.CallGas, Op.Call, Op.CallCode, Op.DelegateCall, Op.StaticCall);
        Reprice(table, rules.SelfDestructGas, Op.SelfDestruct);
        return table;
    }

    private static void Reprice(OpcodeInfo[] table, ulong gas, params ReadOnlySpan<ushort> opcodes)
    {
        foreach (ushort opcode in opcodes)
        {
            table[opcode] = table[opcode] with { Gas = (ushort)gas };
        }
    }
}
