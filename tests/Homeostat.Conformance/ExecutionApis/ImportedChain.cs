using System.Diagnostics.CodeAnalysis;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Node.Rpc;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Conformance;

/// <summary>
/// chain.rlp executed on its genesis, as the archive and the states that the node's methods read.
/// </summary>
internal sealed class ImportedChain : IChainArchive, IAncestors, IBlockHashes
{
    private readonly List<RpcBlock> _blocks = [];
    private readonly GenesisFile _genesis;

    public ImportedChain(GenesisFile genesis)
    {
        _genesis = genesis;
        _blocks.Add(new RpcBlock(genesis.Block, [], genesis.State, TimeMs(genesis.Block), []));
    }

    public IReadOnlyList<RpcBlock> Blocks => _blocks;

    public RpcBlock Head => _blocks[^1];

    public Height? Last => new Height(Head.Number);

    private static ulong TimeMs(Block block) => block.Header.Timestamp * 1000;

    /// <summary>Null when every block is valid, else which is not and why.</summary>
    public string? Import(byte[] file, IEvmEngine engine)
    {
        var processor = new BlockProcessor(_genesis.Rules, engine);
        var reader = new RlpReader(file);
        while (reader.HasMore)
        {
            Block block = Block.ReadFrom(ref reader);
            if (reader.Error is { } malformed)
            {
                return malformed;
            }
            BlockRefusal? refusal = Add(processor, block);
            if (refusal is not null)
            {
                return $"block {block.Header.Number}: {refusal.Reason} {refusal.Broken}";
            }
        }
        return null;
    }

    private BlockRefusal? Add(BlockProcessor processor, Block block)
    {
        RpcBlock parent = Head;
        if (!processor.TryCheck(
            block, parent.Header, null, out CheckedBlock? checkedBlock,
            out BlockRefusal? refusal, this))
        {
            return refusal;
        }
        if (!processor.TryExecute(
            checkedBlock, parent.State!, null, this, out ExecutedBlock? executed, out refusal))
        {
            return refusal;
        }
        _blocks.Add(new RpcBlock(
            executed.Block, executed.Receipts, executed.State, TimeMs(block),
            executed.Transactions));
        return null;
    }

    /// <summary>All states are in memory.</summary>
    public byte[]? ReadDifference(Height height) => null;

    public Hash256 Get(ulong number) => _blocks[(int)number].Hash;

    public bool TryGet(in Hash256 hash, [NotNullWhen(true)] out Block? block)
    {
        bool found = TryGetHeight(hash, out Height height);
        block = found ? _blocks[(int)height.Value].Block : null;
        return found;
    }

    public UInt256 TotalDifficultyOf(in Hash256 hash)
    {
        TryGetHeight(hash, out Height height);
        UInt256 sum = UInt256.Zero;
        foreach (RpcBlock block in _blocks.Take((int)height.Value + 1))
        {
            sum += block.Header.Difficulty;
        }
        return sum;
    }

    /// <summary>All of its blocks are in the reader's memory, so none is asked for here.</summary>
    public bool TryGetBlock(Height height, out FinalizedBlock block)
    {
        block = null!;
        return false;
    }

    public bool TryGetHeight(in Hash256 blockHash, out Height height)
    {
        Hash256 wanted = blockHash;
        int index = _blocks.FindIndex(block => block.Hash == wanted);
        height = new Height((ulong)Math.Max(index, 0));
        return index >= 0;
    }

    public bool TryFindTransaction(in Hash256 transactionHash, out TransactionPlace place)
    {
        foreach (RpcBlock block in _blocks)
        {
            for (int i = 0; i < block.Transactions.Count; i++)
            {
                if (block.Transactions[i].Hash == transactionHash)
                {
                    place = new TransactionPlace(new Height(block.Number), i);
                    return true;
                }
            }
        }
        place = default;
        return false;
    }

    public IEnumerable<Height> FindLogBlocks(Height first, Height last, LogQuery query)
    {
        for (ulong number = first.Value; number <= last.Value; number++)
        {
            yield return new Height(number);
        }
    }
}
