using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>
/// geth's tables of binary opcodes, each run as bytecode by the engine: X is pushed first, so Y is
/// the opcode's first operand. The file's name says which opcode.
/// </summary>
internal sealed class OpcodeArithmeticSuite : ISuite
{
    private static readonly (string Name, byte Opcode)[] Opcodes =
    [
        ("add", 0x01), ("mul", 0x02), ("sub", 0x03), ("div", 0x04), ("sdiv", 0x05), ("mod", 0x06),
        ("smod", 0x07), ("exp", 0x0a), ("signext", 0x0b), ("lt", 0x10), ("gt", 0x11),
        ("slt", 0x12), ("sgt", 0x13), ("eq", 0x14), ("and", 0x16), ("or", 0x17), ("xor", 0x18),
        ("byte", 0x1a), ("shl", 0x1b), ("shr", 0x1c), ("sar", 0x1d),
    ];

    private static readonly Address Contract = Address.FromNumber(0xc0de);

    public string Name => "opcode-arith";

    public bool Accepts(string path) =>
        path.EndsWith(".json", StringComparison.Ordinal)
        && path.Contains("opcode-arith/geth/", StringComparison.Ordinal)
        && OpcodeOf(path) != 0;

    private static byte OpcodeOf(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        return Array.Find(Opcodes, entry => name == "testcases_" + entry.Name).Opcode;
    }

    public IEnumerable<CaseResult> Run(FixtureFile file, SuiteContext context)
    {
        string name = Path.GetFileNameWithoutExtension(file.Path);
        byte opcode = OpcodeOf(file.Path);
        using JsonDocument document = JsonDocument.Parse(file.Content);
        int index = 0;
        foreach (JsonElement vector in document.RootElement.EnumerateArray())
        {
            string label = $"{name}#{index++}";
            if (context.Wants(file, label, "-"))
            {
                yield return CaseResult.Of("-", label, Check(context, opcode, vector));
            }
        }
    }

    private static string? Check(SuiteContext context, byte opcode, JsonElement vector)
    {
        byte[] Field(string name) => Hex.Decode(vector.GetProperty(name).GetString()!);

        // PUSH32 x, PUSH32 y, the opcode, then the result as return data.
        byte[] code =
        [
            0x7f, .. Field("X"), 0x7f, .. Field("Y"), opcode,
            .. Hex.Decode("60005260206000f3"),
        ];
        var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
        world.SetCode(Contract, new Code(code));
        CallResult result = context.Engine.Execute(
            ContextOver(world),
            new CallMessage(CallKind.Call, default, Contract, default, 1_000_000, default));
        return result.Output.AsSpan().SequenceEqual(Field("Expected"))
            ? null
            : $"{result.Status} {Hex.Encode(result.Output)}";
    }

    private static EvmContext ContextOver(IWorld world) => new(
        world,
        ForkRules.For(Fork.Osaka),
        new BlockEnvironment
        {
            Coinbase = default,
            Number = 1,
            Timestamp = 1,
            GasLimit = 30_000_000,
            ChainId = 1,
            BlockHashes = new NoAncestors(),
        },
        new TransactionEnvironment { Origin = default });

    private sealed class NoAncestors : IBlockHashes
    {
        public Hash256 Get(ulong number) => default;
    }
}
