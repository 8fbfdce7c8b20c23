using System.Buffers.Binary;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Xunit.Abstractions;

namespace Homeostat.Steering.Tests;

/// <summary>The INFER precompile through real blocks, and the layout it evaluates.</summary>
public sealed class InferTests(ITestOutputHelper output)
{
    private static readonly UInt256 Coin = 1_000_000_000_000_000_000;

    // Against the plain walk over preorder nodes.
    [Fact]
    public void The_flat_layout_says_what_the_tree_says()
    {
        var random = new SeededRandom(61);
        for (int round = 0; round < 60; round++)
        {
            TreeEnsemble model = Ensemble(random, 1 + (int)random.NextBelow(9), round % 7, 6);
            for (int i = 0; i < 50; i++)
            {
                Fixed[] x = [.. Enumerable.Range(0, 6).Select(_ => Value(random))];
                Forecast said = model.Evaluate(x);
                Assert.Equal(Walk(model, x), said.Output);
                Assert.Equal(said.Output.Raw, said.Attributions.Sum(a => a.Raw));
            }
        }
    }

    [Fact]
    public void A_large_model_is_served_from_code_with_exact_attributions()
    {
        var chain = new SteeredChain();
        TreeEnsemble model = Ensemble(new SeededRandom(62), 100, 6, 6);
        byte[] bytes = model.Encode();
        output.WriteLine($"{bytes.Length} bytes");
        var parts = new List<Address>();
        foreach (byte[] part in bytes.Chunk(24_575))
        {
            Address registry = PredeployAddresses.ModelRegistry;
            parts.Add(ContractAddress.FromNonce(
                registry, chain.State.GetAccount(registry)!.Nonce));
            Assert.True(Send(chain, registry, ModelCalls.Upload(part), default).Succeeded);
        }
        Assert.True(Send(chain, PredeployAddresses.ModelRegistry,
            ModelCalls.RegisterParts(parts), Coin).Succeeded);
        var random = new SeededRandom(63);
        Fixed[] x = [.. Enumerable.Range(0, 6).Select(_ => Value(random))];
        byte[] answer = Ask(chain, model.Hash, x);
        Forecast expected = model.Evaluate(x);
        long[] words = [.. answer.Chunk(32).Select(
            w => BinaryPrimitives.ReadInt64BigEndian(w.AsSpan(24)))];
        Assert.Equal(expected.Output.Raw, words[0]);
        Assert.Equal(expected.Attributions.Select(a => a.Raw), words[1..]);
        Assert.Equal(words[0], words[1..].Sum());
    }

    [Fact]
    public void The_price_is_the_models_and_cold_once_a_transaction()
    {
        var chain = new SteeredChain();
        byte[] model = ForecasterTrainingTests.Registered(10).Encode();
        Hash256 hash = Keccak.Hash(model);
        var x = new Fixed[8];
        ulong cold = GasOf(chain, hash, x, times: 1);
        ulong twice = GasOf(chain, hash, x, times: 2);
        ulong thrice = GasOf(chain, hash, x, times: 3);
        output.WriteLine($"{cold}, then {twice - cold} and {thrice - twice}");
        Assert.Equal(thrice - twice, twice - cold);
        // Four words in storage: 72 bytes and their length.
        ulong fixedPart = InferPrecompile.BaseGas + 8 * InferPrecompile.FeatureGas + 8;
        Assert.InRange(twice - cold, fixedPart, fixedPart + 300);
        Assert.InRange(
            cold - (twice - cold), 21_000 + 4 * InferPrecompile.ColdWordGas, 40_000UL);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("ragged")]
    [InlineData("unknown")]
    [InlineData("one feature less")]
    [InlineData("a word that is no int64")]
    [InlineData("a feature out of bounds")]
    public void What_it_cannot_answer_fails_with_all_its_gas(string kind)
    {
        var chain = new SteeredChain();
        byte[] model = ForecasterTrainingTests.Registered(10).Encode();
        byte[] good = Input(Keccak.Hash(model), new Fixed[8]);
        Assert.True(Send(chain, PredeployAddresses.Infer, good, default).Succeeded);
        byte[] bad = kind switch
        {
            "short" => good[..31],
            "ragged" => [.. good, 0],
            "unknown" => Input(Keccak.Hash([1]), new Fixed[8]),
            "one feature less" => good[..^32],
            "a word that is no int64" => [.. good[..32], 1, .. good[33..]],
            _ => Input(Keccak.Hash(model),
                [Fixed.MaxValue, .. new Fixed[7]]),
        };
        Receipt receipt = Send(chain, PredeployAddresses.Infer, bad, default);
        Assert.False(receipt.Succeeded);
        Assert.Equal(16_000_000UL, receipt.GasUsed);
    }

    internal static TreeEnsemble Ensemble(SeededRandom random, int trees, int depth, int features)
    {
        var all = new List<IReadOnlyList<TreeNode>>();
        for (int t = 0; t < trees; t++)
        {
            var nodes = new List<TreeNode>();
            Grow(random, nodes, depth, features, isFull: trees == 100);
            all.Add(nodes);
        }
        return TreeEnsemble.Create(1, Value(random), all, FeatureSets.Free(features))!;
    }

    private static void Grow(
        SeededRandom random, List<TreeNode> nodes, int depth, int features, bool isFull)
    {
        bool isLeaf = depth == 0 || (!isFull && random.NextBelow(5) == 0);
        nodes.Add(new TreeNode(
            isLeaf ? -1 : (int)random.NextBelow((ulong)features),
            isLeaf ? Fixed.Zero : Value(random), Value(random), 0));
        if (!isLeaf)
        {
            Grow(random, nodes, depth - 1, features, isFull);
            Grow(random, nodes, depth - 1, features, isFull);
        }
    }

    private static Fixed Walk(TreeEnsemble model, Fixed[] x)
    {
        Fixed sum = model.Base;
        int at = 0;
        for (int t = 0; t < model.TreeCount; t++)
        {
            int node = at;
            while (!model.Nodes[node].IsLeaf)
            {
                TreeNode split = model.Nodes[node];
                node = x[split.Feature] <= split.Threshold ? node + 1 : split.Right;
            }
            sum += model.Nodes[node].Value;
            at = EndOf(model, at);
        }
        return sum;
    }

    private static int EndOf(TreeEnsemble model, int node) => model.Nodes[node].IsLeaf
        ? node + 1
        : EndOf(model, model.Nodes[node].Right);

    private static Fixed Value(SeededRandom random) =>
        Fixed.FromRaw(random.NextBetween(-(100L << 32), 100L << 32));

    private static byte[] Input(in Hash256 model, IReadOnlyList<Fixed> features)
    {
        var tuple = new AbiTuple().Add(model);
        foreach (Fixed feature in features)
        {
            tuple.Add(feature.Raw);
        }
        return tuple.Encode();
    }

    private static byte[] Ask(SteeredChain chain, in Hash256 model, IReadOnlyList<Fixed> features)
    {
        byte[] input = Input(model, features);
        byte[] code =
        [
            0x36, 0x5f, 0x5f, 0x37, .. StaticCall, 0x50, 0x3d, 0x5f, 0x5f, 0x3e, 0x3d, 0x5f, 0xa0,
        ];
        Receipt receipt = Send(chain, chain.Deploy(code), input, default);
        Assert.True(receipt.Succeeded);
        return receipt.Logs[0].Data;
    }

    // INFER with the memory up to calldata's length, leaving the flag.
    private static readonly byte[] StaticCall =
        [0x5f, 0x5f, 0x36, 0x5f, 0x63, 0x48, 0x4f, 0x01, 0x00, 0x5a, 0xfa];

    // A contract that asks so many times, by STATICCALL with its calldata.
    private static ulong GasOf(
        SteeredChain chain, in Hash256 model, IReadOnlyList<Fixed> features, int times)
    {
        var code = new List<byte> { 0x36, 0x5f, 0x5f, 0x37 };
        for (int i = 0; i < times; i++)
        {
            code.AddRange([.. StaticCall, 0x50]);
        }
        Address place = chain.Deploy([.. code]);
        Receipt receipt = Send(chain, place, Input(model, features), default);
        Assert.True(receipt.Succeeded);
        return receipt.GasUsed;
    }

    private static Receipt Send(
        SteeredChain chain, in Address to, byte[] data, UInt256 value) => chain.Next(
            transactions: [chain.CallOf(1, to, data, 16_000_000, value)]).Receipts[1];
}
