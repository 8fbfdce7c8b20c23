using System.Globalization;

namespace Homeostat.Node.Rpc;

/// <summary>Geth's names of opcodes.</summary>
internal static class OpcodeNames
{
    private static readonly string[] Names = Build();

    public static string Of(byte opcode) => Names[opcode];

    private static string[] Build()
    {
        string[] names = new string[256];
        for (int i = 0; i < 256; i++)
        {
            names[i] = $"opcode 0x{i.ToString("x", CultureInfo.InvariantCulture)} not defined";
        }
        Fill(names, 0x00, "STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND");
        Fill(names, 0x10, "LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ");
        Fill(names, 0x20, "KECCAK256");
        Fill(
            names, 0x30,
            "ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY "
            + "CODESIZE CODECOPY GASPRICE EXTCODESIZE EXTCODECOPY RETURNDATASIZE "
            + "RETURNDATACOPY EXTCODEHASH BLOCKHASH COINBASE TIMESTAMP NUMBER DIFFICULTY "
            + "GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH BLOBBASEFEE");
        Fill(
            names, 0x50,
            "POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD "
            + "TSTORE MCOPY PUSH0");
        for (int i = 1; i <= 32; i++)
        {
            names[0x5f + i] = $"PUSH{i}";
        }
        for (int i = 1; i <= 16; i++)
        {
            names[0x7f + i] = $"DUP{i}";
            names[0x8f + i] = $"SWAP{i}";
        }
        Fill(names, 0xa0, "LOG0 LOG1 LOG2 LOG3 LOG4");
        Fill(names, 0xf0, "CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2");
        names[0xfa] = "STATICCALL";
        Fill(names, 0xfd, "REVERT INVALID SELFDESTRUCT");
        return names;
    }

    private static void Fill(string[] names, int first, string list)
    {
        foreach (string name in list.Split(' '))
        {
            names[first++] = name;
        }
    }
}
