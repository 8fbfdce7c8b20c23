using System.Text;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Store;

/// <summary>
/// A node's data folder. Three SQLite files, each with one writer (docs/adr/0004-store.md):
/// chain.db, the journal and the block log, whose commit is what a vote waits for; state.db,
/// the checkpoint of the world state, which may lag; index.db, derived. The file `started` says
/// that this node has voted before: if chain.db is then missing, its journal is lost and it must
/// not vote until the others have told it what it may have said.
/// </summary>
internal sealed class NodeStore : IChainArchive, IBlockLog, IStateStore, IDisposable
{
    private const int RecentBlocks = 64;
    private const int ProgressBlocks = 10_000;

    /// <summary>A state file of less than this holds what no state needs any more.</summary>
    private const long CollectBytes = 256L * 1024 * 1024;

    private readonly FileStream _lock;
    private readonly ChainFile _chain;
    private readonly StateFile _state;
    private readonly ChainIndex _index;
    private readonly ILogger _log;
    private readonly FinalizedBlock?[] _recent = new FinalizedBlock?[RecentBlocks];
    private long _last;

    /// <param name="folder">Made when absent.</param>
    /// <param name="chainId">Stored at first use; another's folder is refused.</param>
    /// <param name="genesis">As <paramref name="chainId"/>.</param>
    /// <param name="historyBlocks">Blocks whose states can be reconstructed.</param>
    /// <param name="onFailure">A background writer failed; the node must stop.</param>
    /// <param name="log">Tells what recovery did.</param>
    /// <exception cref="StoreException">Why the folder can't be used, in words.</exception>
    public NodeStore(
        string folder, ChainId chainId, in Hash256 genesis, ulong historyBlocks,
        Action<Exception> onFailure, ILogger log)
    {
        _log = log;
        Folder = Path.GetFullPath(folder);
        _lock = LockFolder(Folder);
        try
        {
            bool isNew = !File.Exists(InFolder("chain.db"));
            if (isNew)
            {
                // State and index of a chain that is gone would belong to nothing.
                DeleteFiles("state.db");
                DeleteFiles("index.db");
            }
            _chain = new ChainFile(InFolder("chain.db"), historyBlocks);
            if (isNew && File.Exists(InFolder("started")))
            {
                // On disk before anything else: a crash now must not pass for an empty journal.
                _chain.TearJournal("the journal of this node is lost");
            }
            CheckNetwork(chainId, genesis);
            CheckDamage();
            _state = new StateFile(InFolder("state.db"), CollectBytes, onFailure);
            _index = new ChainIndex(InFolder("index.db"), onFailure);
            _last = (long)(_chain.ReadLast()?.Value ?? 0);
            _state.Start();
            _index.Start();
            CatchUpIndex();
        }
        catch
        {
            _index?.Dispose();
            _state?.Dispose();
            _chain?.Dispose();
            _lock.Dispose();
            throw;
        }
    }

    public string Folder { get; }

    public Height? Last => LastValue is var last and > 0 ? new Height(last) : null;

    /// <summary>Height of the log's first block: 1, unless the node joined by a snapshot.
    /// </summary>
    public ulong FirstBlock => _chain.First;

    private ulong LastValue => (ulong)Volatile.Read(ref _last);

    /// <summary>What the replica starts from. Call once, before the first commit.</summary>
    public RecoveredState Recover(in Hash256 nonce)
    {
        bool intact = _chain.TryReadJournal(out List<JournalEntry> journal);
        if (!intact)
        {
            _log.LogWarning(
                "the journal in {Folder} is lost or torn: abstaining from votes until it is safe",
                Folder);
        }
        FinalizedBlock? last = null;
        if (Last is { } height && !TryGetBlock(height, out last))
        {
            throw Damaged($"block {height} is missing");
        }
        CheckpointReference? checkpoint = _state.ReadCheckpoint();
        byte[]? snapshot = _state.ReadSnapshot();
        if (checkpoint is not null && checkpoint.Height.Value > LastValue)
        {
            throw Damaged(
                $"the state is of block {checkpoint.Height}, the log ends at {LastValue}");
        }
        File.WriteAllText(InFolder("started"), "This node has voted. Keep this file.\n");
        _log.LogInformation(
            "data folder {Folder}: {Blocks} blocks, {Entries} journal entries, state of block {At}",
            Folder, LastValue, journal.Count, checkpoint?.Height.Value ?? 0);
        return new RecoveredState
        {
            JournalIntact = intact,
            Journal = journal,
            Checkpoint = checkpoint,
            LastFinalized = last,
            Snapshot = snapshot,
            BlockLog = this,
            State = this,
            Nonce = nonce,
        };
    }

    /// <summary>
    /// Writes the batches, in order, as one transaction; on return they are on disk. Only the
    /// persistence thread calls it.
    /// </summary>
    public void Commit(IReadOnlyList<PersistBatch> batches)
    {
        _chain.Append(batches);
        foreach (PersistBatch batch in batches)
        {
            if (batch.Snapshot is { } part)
            {
                CommitPart(part, isLast: batch.Checkpoint is not null);
            }
            foreach (FinalizedBlock block in batch.Finalized)
            {
                _index.Add(BlockEntries.Of(block));
                Volatile.Write(ref _recent[block.Height.Value % RecentBlocks], block);
                Volatile.Write(ref _last, Math.Max(_last, (long)block.Height.Value));
            }
            if (batch.Checkpoint is not null)
            {
                // After the blocks: a checkpoint never names a block that the log lacks.
                _state.Add(batch.Checkpoint);
            }
        }
    }

    /// <summary>
    /// The last part is written before the reference to its state, which is not in it.
    /// </summary>
    private void CommitPart(SnapshotPart part, bool isLast)
    {
        _state.Add(part);
        if (isLast)
        {
            _log.LogInformation("the state is whole; the block log begins with its block");
        }
    }

    public bool TryGetBlock(Height height, out FinalizedBlock block)
    {
        if (Volatile.Read(ref _recent[height.Value % RecentBlocks]) is { } recent
            && recent.Height == height)
        {
            block = recent;
            return true;
        }
        return _chain.TryGetBlock(height, out block);
    }

    bool IBlockLog.TryGet(Height height, out FinalizedBlock block) =>
        TryGetBlock(height, out block);

    public byte[]? ReadDifference(Height height) => _chain.ReadDifference(height);

    public bool TryGetHeight(in Hash256 blockHash, out Height height) =>
        _chain.TryGetHeight(blockHash, out height);

    public bool TryFindTransaction(in Hash256 transactionHash, out TransactionPlace place)
    {
        foreach (TransactionPlace candidate in _index.FindTransaction(transactionHash))
        {
            if (TryGetBlock(candidate.Height, out FinalizedBlock block)
                && HashAt(block, candidate.Index) == transactionHash)
            {
                place = candidate;
                return true;
            }
        }
        place = default;
        return false;
    }

    public IEnumerable<Height> FindLogBlocks(Height first, Height last, LogQuery query)
    {
        // Before the first block there are no logs, and beyond the last there is nothing yet.
        ulong from = Math.Max(_chain.First, first.Value);
        ulong to = Math.Min(last.Value, LastValue);
        return from <= to ? _index.FindLogBlocks(from, to, query) : [];
    }

    public bool TryGetNode(in Hash256 hash, out byte[] bytes) =>
        _state.TryGetNode(hash, out bytes);

    public void Dispose()
    {
        _index.Dispose();
        _state.Dispose();
        _chain.Dispose();
        _lock.Dispose();
    }

    private static FileStream LockFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new FileStream(
                Path.Combine(folder, "LOCK"), FileMode.OpenOrCreate, FileAccess.ReadWrite,
                FileShare.None);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new StoreException($"data folder {folder} can't be written", error);
        }
        catch (IOException error)
        {
            throw new StoreException(
                $"data folder {folder} is in use by another process, or can't be made: "
                + error.Message,
                error);
        }
    }

    private static Hash256 HashAt(FinalizedBlock block, int index)
    {
        var outer = new RlpReader(block.Encoded);
        RlpReader pair = outer.ReadList();
        RlpReader body = pair.ReadList();
        body.ReadRaw();
        RlpReader transactions = body.ReadList();
        for (int i = 0; i < index; i++)
        {
            transactions.ReadRaw();
        }
        return transactions.NextIsList
            ? Keccak.Hash(transactions.ReadRaw())
            : Keccak.Hash(transactions.ReadBytes());
    }

    private string InFolder(string name) => Path.Combine(Folder, name);

    private void DeleteFiles(string name)
    {
        foreach (string suffix in (string[])["", "-wal", "-shm"])
        {
            File.Delete(InFolder(name) + suffix);
        }
    }

    private void CheckNetwork(ChainId chainId, in Hash256 genesis)
    {
        string ours = $"chain id {chainId}, genesis {genesis}";
        byte[]? stored = _chain.ReadMeta("network");
        if (stored is null)
        {
            _chain.WriteMeta("network", Encoding.UTF8.GetBytes(ours));
        }
        else if (Encoding.UTF8.GetString(stored) is var theirs && theirs != ours)
        {
            throw new StoreException(
                $"data folder {Folder} belongs to another network ({theirs}; this one is {ours}): "
                + "give another --datadir, or remove the folder if its chain is no longer wanted");
        }
    }

    private void CheckDamage()
    {
        if (_chain.FindDamage() is { } damage)
        {
            throw Damaged(damage);
        }
    }

    private StoreException Damaged(string what) => new(
        $"{_chain.Path} is damaged: {what}. Move it away (keep the folder's other files) and start "
        + "again: the node fetches the chain from its peers and abstains from voting until that "
        + "is safe", damagedFile: _chain.Path);

    private void CatchUpIndex()
    {
        ulong from = Math.Max(_index.Indexed + 1, _chain.First);
        for (ulong height = from; height <= LastValue; height++)
        {
            if (!_chain.TryGetBlock(new Height(height), out FinalizedBlock block))
            {
                throw Damaged($"block {height} is missing");
            }
            _index.Add(BlockEntries.Of(block));
            if ((height - from) % ProgressBlocks == ProgressBlocks - 1)
            {
                _log.LogInformation("index: {Height} of {Last} blocks", height, LastValue);
            }
        }
    }
}
