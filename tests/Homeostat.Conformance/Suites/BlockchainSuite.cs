using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>
/// Blockchain tests: blocks on a genesis, valid and invalid, through BlockProcessor.
/// </summary>
internal sealed class BlockchainSuite : ISuite
{
    public string Name => "blockchain";

    public bool Accepts(string path) =>
        path.EndsWith(".json", StringComparison.Ordinal)
        && (path.Contains("evm/blockchain/", StringComparison.Ordinal)
            || path.Contains("benchmarks/eest-benchmark", StringComparison.Ordinal));

    public IEnumerable<CaseResult> Run(FixtureFile file, SuiteContext context)
    {
        using JsonDocument document = Json.Parse(file);
        foreach (JsonProperty test in document.RootElement.EnumerateObject())
        {
            string network = test.Value.TextOf("network") ?? "-";
            if (!context.Wants(file, test.Name, network))
            {
                continue;
            }
            if (context.SkipReason(file, test.Name) is { } reason)
            {
                yield return new CaseResult(network, test.Name, CaseOutcome.Skipped, reason);
                continue;
            }
            string? failure;
            try
            {
                failure = RunTest(context, test.Value, network);
            }
#pragma warning disable CA1031 // A case that throws has failed, whatever it threw.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = exception.ToString();
            }
            yield return CaseResult.Of(network, test.Name, failure);
        }
    }

    private static string? RunTest(SuiteContext context, JsonElement test, string network)
    {
        JsonElement config = test.TryGetProperty("config", out JsonElement found) ? found : default;
        if (Networks.RulesFor(network, config) is not { } rules)
        {
            return "unknown network";
        }
        byte[] genesisRlp = Json.Bytes(test.GetProperty("genesisRLP").GetString()!);
        if (!Block.TryDecode(genesisRlp, out Block genesis, out string error))
        {
            return $"genesis: {error}";
        }
        WorldSnapshot state = FixtureState.Build(test.GetProperty("pre"));
        if (state.Root != genesis.Header.StateRoot)
        {
            return $"genesis state root {state.Root}, want {genesis.Header.StateRoot}";
        }
        var chain = new FixtureChain(rules, context, genesis, state);
        int index = 0;
        foreach (JsonElement item in test.GetProperty("blocks").EnumerateArray())
        {
            string? refusal = chain.Import(Json.Bytes(item.GetProperty("rlp").GetString()!));
            bool mustFail = item.TryGetProperty("expectException", out JsonElement exception);
            if (mustFail != (refusal is not null))
            {
                return refusal is null
                    ? $"block {index} accepted, want {exception}"
                    : $"block {index} refused: {refusal}{chain.Difference(test)}";
            }
            index++;
        }
        Hash256 last = Json.HashFrom(test.GetProperty("lastblockhash").GetString()!);
        return chain.Head == last
            ? null
            : $"head {chain.Head}, want {last}{chain.Difference(test)}";
    }
}

/// <summary>A tree of imported blocks and which of them is the head.</summary>
internal sealed class FixtureChain : IAncestors
{
    private readonly Dictionary<Hash256, Entry> _blocks = [];
    private readonly BlockProcessor _processor;
    private WorldSnapshot? _lastState;

    private sealed record Entry(Block Block, WorldSnapshot State, UInt256 TotalDifficulty);

    public FixtureChain(
        ChainRules rules, SuiteContext context, Block genesis, WorldSnapshot state)
    {
        _processor = new BlockProcessor(rules, context.Engine) { Tracer = context.Tracer };
        _blocks[genesis.Hash] = new Entry(genesis, state, genesis.Header.Difficulty);
        Head = genesis.Hash;
    }

    /// <summary>The heaviest block under proof of work, the last valid one under stake.</summary>
    public Hash256 Head { get; private set; }

    /// <summary>Null when the block is imported, else why not.</summary>
    public string? Import(byte[] rlp)
    {
        if (!Block.TryDecode(rlp, out Block block, out string error))
        {
            return error;
        }
        if (_blocks.ContainsKey(block.Hash))
        {
            return null;
        }
        if (!_blocks.TryGetValue(block.Header.ParentHash, out Entry? parent))
        {
            return "unknown ancestor";
        }
        if (!_processor.TryCheck(
            block, parent.Block.Header, null, out CheckedBlock? checkedBlock,
            out BlockRefusal? refusal, this))
        {
            return refusal.Reason;
        }
        if (!_processor.TryExecute(
            checkedBlock, parent.State, null, new Hashes(this, block.Header),
            out ExecutedBlock? executed, out refusal))
        {
            return refusal.Broken?.ToString() ?? refusal.Reason;
        }
        UInt256 total = parent.TotalDifficulty + block.Header.Difficulty;
        _blocks[block.Hash] = new Entry(block, executed.State, total);
        _lastState = executed.State;
        if (block.Header.Difficulty.IsZero || total > _blocks[Head].TotalDifficulty)
        {
            Head = block.Hash;
        }
        return null;
    }

    /// <summary>How the head's state differs from the test's, for a failure's text.</summary>
    public string Difference(JsonElement test) =>
        _lastState is { } state && test.TryGetProperty("postState", out JsonElement accounts)
            ? "; " + FixtureState.Difference(state, accounts)
            : "";

    public bool TryGet(in Hash256 hash, out Block block)
    {
        bool found = _blocks.TryGetValue(hash, out Entry? entry);
        block = entry?.Block!;
        return found;
    }

    public UInt256 TotalDifficultyOf(in Hash256 hash) => _blocks[hash].TotalDifficulty;

    private sealed class Hashes(FixtureChain chain, BlockHeader header) : IBlockHashes
    {
        public Hash256 Get(ulong number)
        {
            Hash256 hash = header.ParentHash;
            for (ulong at = header.Number.Value - 1; at > number; at--)
            {
                hash = chain._blocks[hash].Block.Header.ParentHash;
            }
            return hash;
        }
    }
}
