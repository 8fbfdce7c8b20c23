using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Tests.Store;

public sealed class NodeStoreTests : IDisposable
{
    private const ulong HistoryBlocks = 100;
    private static readonly ChainId Chain = new(4242);
    private static readonly Hash256 Genesis = Keccak.Hash("genesis"u8);
    private readonly string _folder = Directory.CreateTempSubdirectory("homeostat-store-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_new_folder_is_an_intact_genesis()
    {
        using NodeStore store = Open(_folder);
        RecoveredState state = store.Recover(Hash256.Zero);
        Assert.True(state.JournalIntact);
        Assert.Empty(state.Journal);
        Assert.Null(state.Checkpoint);
        Assert.Null(state.LastFinalized);
        Assert.Null(store.Last);
    }

    [Fact]
    public void What_was_committed_is_there_after_reopening()
    {
        using (NodeStore store = Open(_folder))
        {
            store.Recover(Hash256.Zero);
            store.Commit([Journal(1, 10), Journal(2, 11), Final(1), Final(2)]);
            store.Commit([Final(3), Checkpoint(3)]);
        }
        using NodeStore again = Open(_folder);
        RecoveredState state = again.Recover(Hash256.Zero);
        Assert.True(state.JournalIntact);
        Assert.Equal([10, 11], state.Journal.Select(x => x.Bytes[0]));
        Assert.Equal([1UL, 2UL], state.Journal.Select(x => x.View.Value));
        Assert.Equal(TestBlocks.Create(3).Hash, state.LastFinalized!.Hash);
        Assert.Equal(3UL, state.Checkpoint!.Height.Value);
        Assert.True(state.BlockLog.TryGet(new Height(2), out FinalizedBlock block));
        Assert.Equal(TestBlocks.Create(2).Encoded, block.Encoded);
        Assert.True(state.State.TryGetNode(Keccak.Hash([3]), out byte[] node));
        Assert.Equal([3], node);
        Assert.True(state.State.TryGetNode(Keccak.Hash([4]), out byte[] code));
        Assert.Equal([4], code);
        Assert.False(state.State.TryGetNode(Keccak.Hash([5]), out _));
    }

    [Fact]
    public void Differences_are_kept_for_as_many_blocks_as_asked()
    {
        using NodeStore store = Open(_folder);
        for (ulong height = 1; height <= 256; height++)
        {
            store.Commit([TestBlocks.WithChanges(height)]);
        }
        Assert.NotNull(store.ReadDifference(new Height(256)));
        Assert.NotNull(store.ReadDifference(new Height(256 - HistoryBlocks + 1)));
        Assert.Null(store.ReadDifference(new Height(256 - HistoryBlocks)));
    }

    [Fact]
    public void Pruned_journal_entries_are_gone()
    {
        using NodeStore store = Open(_folder);
        store.Commit([Journal(1, 1), Journal(2, 2), Journal(3, 3)]);
        store.Commit([new PersistBatch { Durable = true, PruneBelow = new View(3) }]);
        Assert.Equal([3], store.Recover(Hash256.Zero).Journal.Select(x => x.Bytes[0]));
    }

    // What a node that lost its journal writes first; it once overflowed SQLite's integers.
    [Fact]
    public void Abstaining_until_told_otherwise_is_kept_whatever_is_pruned()
    {
        using NodeStore store = Open(_folder);
        store.Commit([Journal(ulong.MaxValue, 1)]);
        store.Commit([new PersistBatch { Durable = true, PruneBelow = new View(50) }]);
        Assert.Single(store.Recover(Hash256.Zero).Journal);
    }

    [Fact]
    public void Files_as_they_were_after_any_commit_recover_to_that_commit()
    {
        using NodeStore store = Open(_folder);
        store.Recover(Hash256.Zero);
        for (ulong i = 1; i <= 5; i++)
        {
            store.Commit([Journal(i, (byte)i), Final(i)]);
            // What kill -9 leaves: files as the kernel has them, with no goodbye.
            string copy = CopyFolder($"{_folder}/copy-{i}");
            using NodeStore recovered = Open(copy);
            RecoveredState state = recovered.Recover(Hash256.Zero);
            Assert.True(state.JournalIntact);
            Assert.Equal((int)i, state.Journal.Count);
            Assert.Equal(i, state.LastFinalized!.Height.Value);
            Assert.True(recovered.TryFindTransaction(TestBlocks.TransactionHash(i, 0), out _));
        }
    }

    [Fact]
    public void A_log_torn_at_any_byte_recovers_to_a_whole_commit()
    {
        using NodeStore store = Open(_folder);
        store.Recover(Hash256.Zero);
        var sizes = new List<long>();
        for (ulong i = 1; i <= 4; i++)
        {
            store.Commit([Journal(i, (byte)i), Final(i)]);
            sizes.Add(new FileInfo($"{_folder}/chain.db-wal").Length);
        }
        var random = new Random(3);
        for (int run = 0; run < 20; run++)
        {
            string copy = CopyFolder($"{_folder}/torn-{run}");
            long length = sizes[0] + random.NextInt64(sizes[^1] - sizes[0]);
            using (FileStream log = File.OpenWrite($"{copy}/chain.db-wal"))
            {
                log.SetLength(length);
            }
            File.Delete($"{copy}/chain.db-shm");
            int whole = sizes.Count(x => x <= length);
            using NodeStore recovered = Open(copy);
            RecoveredState state = recovered.Recover(Hash256.Zero);
            Assert.Equal(whole, state.Journal.Count);
            Assert.Equal((ulong)whole, state.LastFinalized?.Height.Value ?? 0);
        }
    }

    [Fact]
    public void A_changed_byte_in_the_journal_is_a_journal_lost()
    {
        Fill(_folder, 3);
        FlipAfter($"{_folder}/chain.db", "journal entry 2"u8);
        using NodeStore store = Open(_folder);
        Assert.False(store.Recover(Hash256.Zero).JournalIntact);
    }

    [Fact]
    public void A_changed_byte_in_a_block_is_named()
    {
        Fill(_folder, 3);
        FlipAfter($"{_folder}/chain.db", TestBlocks.Marker(2));
        StoreException error = Assert.Throws<StoreException>(() => Open(_folder));
        Assert.Contains("block 2 fails its checksum", error.Message, StringComparison.Ordinal);
        Assert.Equal("chain.db", Path.GetFileName(error.DamagedFile));
    }

    [Fact]
    public void A_file_that_is_not_a_database_is_refused_with_what_to_do()
    {
        Fill(_folder, 1);
        File.WriteAllText($"{_folder}/chain.db", new string('x', 10_000));
        StoreException error = Assert.Throws<StoreException>(() => Open(_folder));
        Assert.Contains("corrupted", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chain_file_that_is_gone_after_the_node_has_voted_is_a_journal_lost()
    {
        Fill(_folder, 2);
        foreach (string file in Directory.GetFiles(_folder, "chain.db*"))
        {
            File.Delete(file);
        }
        using (NodeStore first = Open(_folder))
        {
            // It ends before it has written anything: that must not pass for an empty journal.
            Assert.False(first.Recover(Hash256.Zero).JournalIntact);
        }
        using NodeStore store = Open(_folder);
        RecoveredState state = store.Recover(Hash256.Zero);
        Assert.False(state.JournalIntact);
        Assert.Null(state.Checkpoint);
    }

    [Fact]
    public void Another_networks_folder_is_refused()
    {
        Fill(_folder, 1);
        StoreException error = Assert.Throws<StoreException>(() => new NodeStore(
            _folder, Chain, Keccak.Hash("other"u8), 0, _ => { }, NullLogger.Instance));
        Assert.Contains("belongs to another network", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_in_use_is_refused()
    {
        using NodeStore store = Open(_folder);
        StoreException error = Assert.Throws<StoreException>(() => Open(_folder));
        Assert.Contains("in use", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_transactions_and_logs_are_found()
    {
        using NodeStore store = Open(_folder);
        IChainArchive archive = store;
        for (ulong i = 1; i <= 40; i++)
        {
            store.Commit([Final(i)]);
        }
        AssertFound(archive);
    }

    [Fact]
    public void A_lost_index_is_made_again()
    {
        Fill(_folder, 40);
        foreach (string file in Directory.GetFiles(_folder, "index.db*"))
        {
            File.Delete(file);
        }
        using NodeStore store = Open(_folder);
        AssertFound(store);
    }

    private static void AssertFound(IChainArchive archive)
    {
        Assert.Equal(40UL, archive.Last!.Value.Value);
        Assert.True(archive.TryGetHeight(TestBlocks.Create(7).Hash, out Height height));
        Assert.Equal(7UL, height.Value);
        Assert.False(archive.TryGetHeight(Hash256.Zero, out _));
        Assert.True(archive.TryFindTransaction(TestBlocks.TransactionHash(9, 1), out var place));
        Assert.Equal(new TransactionPlace(new Height(9), 1), place);
        Assert.False(archive.TryFindTransaction(Hash256.Zero, out _));

        var tenth = new LogQuery([TestBlocks.Emitter(10)], []);
        Assert.Equal([10UL], Heights(archive, 1, 40, tenth));
        var topics = new LogQuery([], [[TestBlocks.Topic(3), TestBlocks.Topic(4)]]);
        Assert.Equal([3UL, 4UL], Heights(archive, 0, 1000, topics));
        var both = new LogQuery([TestBlocks.Emitter(3)], [[TestBlocks.Topic(4)]]);
        Assert.Empty(Heights(archive, 1, 36, both));
        var second = new LogQuery([], [[], [TestBlocks.Topic(5)]]);
        Assert.Contains(5UL, Heights(archive, 1, 40, second));
        Assert.Equal(40, Heights(archive, 0, 40, new LogQuery([], [])).Count);
    }

    private static List<ulong> Heights(
        IChainArchive archive, ulong first, ulong last, LogQuery query)
    {
        // The newest blocks may not be indexed yet and then always come; the test's ranges that
        // matter are small enough to wait for.
        return [.. archive.FindLogBlocks(new Height(first), new Height(last), query)
            .Select(x => x.Value)
            .Where(x => query.Addresses.Count + query.Topics.Count == 0
                || TestBlocks.Matches(x, query))];
    }

    private static NodeStore Open(string folder) =>
        new(folder, Chain, Genesis, HistoryBlocks, error => throw error, NullLogger.Instance);

    private static void Fill(string folder, ulong blocks)
    {
        using NodeStore store = Open(folder);
        store.Recover(Hash256.Zero);
        for (ulong i = 1; i <= blocks; i++)
        {
            store.Commit([Journal(i, (byte)i), Final(i), Checkpoint(i)]);
        }
    }

    private static PersistBatch Journal(ulong view, byte content) => new()
    {
        Durable = true,
        Journal = [new JournalEntry(
            new View(view),
            [content, .. System.Text.Encoding.ASCII.GetBytes($"journal entry {view}"), 0])],
    };

    private static PersistBatch Final(ulong height) => new()
    {
        Durable = true,
        Finalized = [TestBlocks.Create(height)],
    };

    private static PersistBatch Checkpoint(ulong height) => new()
    {
        Durable = true,
        Checkpoint = new StateCheckpoint(
            new Height(height), TestBlocks.Create(height).Hash, Keccak.Hash([3]),
            [new(Keccak.Hash([3]), [3]), new(Keccak.Hash([4]), [4])]),
    };

    private static void FlipAfter(string file, ReadOnlySpan<byte> marker)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int at = bytes.AsSpan().IndexOf(marker);
        Assert.True(at >= 0);
        bytes[at + marker.Length] ^= 1;
        File.WriteAllBytes(file, bytes);
    }

    private string CopyFolder(string target)
    {
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(_folder).Where(x => !x.EndsWith("LOCK")))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
        return target;
    }
}
