using System.Buffers.Binary;
using System.Globalization;
using Homeostat.Benchmarks.Evm;
using Homeostat.Evm;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Benchmarks.Steering;

/// <summary>
/// Scores of an ensemble of 100 full trees of depth 6, one core: the evaluation alone, through the
/// INFER precompile called by a contract, and the same model as straight-line bytecode (branches,
/// no loop, no attributions) on the same interpreter. Exits with 1 when a bar is missed.
/// </summary>
internal static class InferBench
{
    private const int Trees = 100;
    private const int Depth = 6;
    private const int Features = 8;
    private const double LeastScores = 300_000;
    private const double LeastRatio = 5;
    private const long Gas = 200_000_000_000;

    private static readonly Address Caller =
        new("0x00000000000000000000000000000000c0de0001");

    public static int Run(int scores)
    {
        TreeEnsemble model = Model();
        Fixed[][] rows = Rows(256);
        double direct = Best(() => Direct(model, rows, scores));
        double infer = Best(() => ByPrecompile(model, rows, scores));
        double bytecode = Best(() => ByBytecode(model, rows, scores / 20));
        double cold = ColdDecode(model);
        Print("evaluation alone", direct);
        Print("INFER, called by a contract", infer);
        Print("straight-line bytecode, no attributions", bytecode);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"decoding {model.Encode().Length:N0} bytes: {cold:F1} ns a byte"));
        double ratio = bytecode / infer;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"INFER is {ratio:F1} x the bytecode (bar {LeastRatio})"));
        return 1e9 / infer >= LeastScores && ratio >= LeastRatio ? 0 : 1;
    }

    private static void Print(string what, double ns) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what,-40} {ns,9:F0} ns a score {1e9 / ns,12:N0} a second"));

    private static double Best(Func<double> measure) =>
        Enumerable.Range(0, 5).Select(_ => measure()).Min();

    private static double Direct(TreeEnsemble model, Fixed[][] rows, int scores)
    {
        long[][] raw = [.. rows.Select(row => row.Select(x => x.Raw).ToArray())];
        Span<long> shares = stackalloc long[Features + 1];
        long sum = 0;
        long start = ThreadClock.NowNs();
        for (int i = 0; i < scores; i++)
        {
            sum ^= model.Evaluate(raw[i % raw.Length], shares);
        }
        double elapsed = ThreadClock.NowNs() - start;
        Invariant.Require(sum != 1);
        return elapsed / scores;
    }

    // A loop: the next row's words from calldata behind the hash, STATICCALL, again.
    private static double ByPrecompile(TreeEnsemble model, Fixed[][] rows, int scores)
    {
        var world = new MemoryWorld();
        PutModel(world, model);
        // n, the hash to memory; JUMPDEST; row n mod 256 behind it; STATICCALL; back while --n.
        byte[] code = Hex.Decode(
            "63" + scores.ToString("x8", CultureInfo.InvariantCulture) + "60205f5f37" + "5b"
            + "6101008160ff1661010002602001602037"
            + "6101406102006101205f63484f01005afa50"
            + "600190038060" + "0a57" + "00");
        world.SetCode(Caller, new Code(code));
        var extended = Contexts.Latest(world) with
        {
            Rules = ForkRules.For(Fork.Osaka) with { Extension = new InferPrecompile() },
        };
        return Execute(extended, CallData(model, rows)) / scores;
    }

    private static double ByBytecode(TreeEnsemble model, Fixed[][] rows, int scores)
    {
        var world = new MemoryWorld();
        byte[] code = Bytecode(model);
        world.SetCode(Caller, new Code(code));
        EvmContext context = Contexts.Latest(world);
        double total = 0;
        for (int i = 0; i < scores; i++)
        {
            byte[] data = CallData(model, [rows[i % rows.Length]]);
            double elapsed = Execute(context, data[32..], out byte[] output);
            total += i == 0 ? 0 : elapsed;
            Fixed expected = model.Evaluate(rows[i % rows.Length]).Output;
            Invariant.Require(
                BinaryPrimitives.ReadInt64BigEndian(output.AsSpan(24)) == expected.Raw);
        }
        return total / (scores - 1);
    }

    private static double ColdDecode(TreeEnsemble model)
    {
        byte[] bytes = model.Encode();
        return Best(() =>
        {
            long start = ThreadClock.NowNs();
            bool isModel = TreeEnsemble.TryDecode(bytes, out _);
            Invariant.Require(isModel);
            return (double)(ThreadClock.NowNs() - start) / bytes.Length;
        });
    }

    private static double Execute(EvmContext context, byte[] data) =>
        Execute(context, data, out _);

    private static double Execute(EvmContext context, byte[] data, out byte[] output)
    {
        var message = new CallMessage(CallKind.Call, default, Caller, default, Gas, data);
        long start = ThreadClock.NowNs();
        CallResult result = new EvmEngine().Execute(context, message);
        double elapsed = ThreadClock.NowNs() - start;
        Invariant.Require(result.IsSuccess);
        output = result.Output.ToArray();
        return elapsed;
    }

    // Each split: feature from calldata, threshold, SGT, to the right by a jump; each leaf adds its
    // value and jumps to the next tree.
    private static byte[] Bytecode(TreeEnsemble model)
    {
        var code = new List<byte>();
        Push(code, model.Base.Raw);
        int at = 0;
        for (int t = 0; t < model.TreeCount; t++)
        {
            var exits = new List<int>();
            at = Emit(model, at, code, exits);
            foreach (int exit in exits)
            {
                Patch(code, exit);
            }
            code.Add(0x5b);
        }
        code.AddRange([0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]);
        return [.. code];
    }

    private static int Emit(TreeEnsemble model, int node, List<byte> code, List<int> exits)
    {
        TreeNode split = model.Nodes[node];
        if (split.IsLeaf)
        {
            Push(code, split.Value.Raw);
            code.Add(0x01);
            code.Add(0x62);
            exits.Add(code.Count);
            code.AddRange([0, 0, 0, 0x56]);
            return node + 1;
        }
        Push(code, split.Threshold.Raw);
        code.AddRange([0x60, (byte)(32 * split.Feature), 0x35, 0x13, 0x62]);
        int place = code.Count;
        code.AddRange([0, 0, 0, 0x57]);
        int right = Emit(model, node + 1, code, exits);
        Patch(code, place);
        code.Add(0x5b);
        return Emit(model, right, code, exits);
    }

    private static void Patch(List<byte> code, int place)
    {
        (code[place], code[place + 1], code[place + 2]) = (
            (byte)(code.Count >> 16), (byte)((code.Count >> 8) & 0xff), (byte)(code.Count & 0xff));
    }

    private static void Push(List<byte> code, long value)
    {
        Invariant.Require(value >= 0);
        code.Add(0x67);
        Span<byte> word = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(word, value);
        code.AddRange(word);
    }

    private static byte[] CallData(TreeEnsemble model, Fixed[][] rows)
    {
        byte[] data = new byte[32 + rows.Length * Features * 32];
        model.Hash.Bytes.CopyTo(data);
        int at = 32;
        foreach (Fixed x in rows.SelectMany(row => row))
        {
            BinaryPrimitives.WriteInt64BigEndian(data.AsSpan(at + 24), x.Raw);
            at += 32;
        }
        return data;
    }

    private static void PutModel(MemoryWorld world, TreeEnsemble model)
    {
        UInt256 slot = ModelStorage.PartsSlotOf(model.Hash);
        UInt256 content = StorageLayout.ContentSlot(slot);
        ulong count = 0;
        foreach (byte[] part in model.Encode().Chunk(24_575))
        {
            Address place = Address.FromNumber(0x77000000 + (uint)count);
            world.SetCode(place, new Code([0, .. part]));
            world.PresetStorage(
                PredeployAddresses.ModelRegistry, content + (UInt256)count, place.ToWord());
            count++;
        }
        world.PresetStorage(PredeployAddresses.ModelRegistry, slot, count);
    }

    private static TreeEnsemble Model()
    {
        var random = new SeededRandom(100);
        var trees = new List<IReadOnlyList<TreeNode>>();
        for (int t = 0; t < Trees; t++)
        {
            var nodes = new List<TreeNode>();
            Grow(random, nodes, Depth);
            trees.Add(nodes);
        }
        return TreeEnsemble.Create(
            1, Fixed.One, trees, FeatureSets.Free(Features))!;
    }

    private static void Grow(SeededRandom random, List<TreeNode> nodes, int depth)
    {
        bool isLeaf = depth == 0;
        nodes.Add(new TreeNode(
            isLeaf ? -1 : (int)random.NextBelow(Features), isLeaf ? Fixed.Zero : Value(random),
            Value(random), 0));
        if (!isLeaf)
        {
            Grow(random, nodes, depth - 1);
            Grow(random, nodes, depth - 1);
        }
    }

    private static Fixed[][] Rows(int count)
    {
        var random = new SeededRandom(101);
        return [.. Enumerable.Range(0, count).Select(_ =>
            Enumerable.Range(0, Features).Select(_ => Value(random)).ToArray())];
    }

    private static Fixed Value(SeededRandom random) =>
        Fixed.FromRaw(random.NextBetween(0, 100L << 32));
}
