using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Tests.Store;

/// <summary>The state's file loses what no state needs, and nothing else.</summary>
public sealed class StateFileTests : IDisposable
{
    private const int Accounts = 40;
    private readonly string _folder = Directory.CreateTempSubdirectory("homeostat-state-").FullName;

    private string File => Path.Combine(_folder, "state.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Old_nodes_go_and_the_state_stays_whole(ulong seed)
    {
        var random = new SeededRandom(seed);
        var source = new Source();
        WorldSnapshot state = WorldSnapshot.Empty(source);
        long written = 0;
        // Reopened now and then: a collection that was cut off goes on.
        for (ulong height = 128; height <= 128 * 120; height += 128)
        {
            if (height % (128 * 10) == 128)
            {
                source.Open(File);
            }
            state = Change(state, random);
            UnstoredNodes unstored = state.Unstored();
            written += unstored.Entries.Count;
            source.File.Add(new StateCheckpoint(
                new Height(height), Hash256.Zero, state.Root, unstored.Entries));
            unstored.MarkStored();
        }
        source.Open(File);
        Assert.Equal(state.Root, source.File.ReadCheckpoint()!.StateRoot);
        WorldSnapshot read = WorldSnapshot.Open(state.Root, source);
        foreach (int account in Enumerable.Range(1, Accounts))
        {
            Address address = Address.FromNumber((uint)account);
            Assert.Equal(state.GetCode(address).Hash, read.GetCode(address).Hash);
            for (ulong slot = 0; slot < 50; slot++)
            {
                Assert.Equal(state.GetStorage(address, slot), read.GetStorage(address, slot));
            }
        }
        source.File.Dispose();
        Assert.InRange(CountRows(), 1, written / 2);
    }

    private static WorldSnapshot Change(WorldSnapshot state, SeededRandom random)
    {
        var world = new WorldState(state);
        for (int i = 0; i < 30; i++)
        {
            Address address = Address.FromNumber(1 + (uint)random.NextBelow(Accounts));
            world.AddBalance(address, 1);
            world.SetCode(address, new Code([(byte)random.NextBelow(9), 1]));
            world.SetStorage(address, random.NextBelow(50UL), random.NextBelow(3UL));
        }
        world.EndTransaction(clearsEmptyAccounts: true);
        return world.Commit().State;
    }

    private long CountRows()
    {
        using var file = new SqliteFile(File, Durability.Normal, "");
        return file.Read(session => (long)session.Prepare(
            "SELECT (SELECT count(*) FROM node) + (SELECT count(*) FROM node_next)")
            .ExecuteScalar()!);
    }

    private sealed class Source : INodeSource
    {
        public StateFile File { get; private set; } = null!;

        public void Open(string path)
        {
            File?.Dispose();
            File = new StateFile(path, collectBytes: 1, error => throw error);
            File.Start();
        }

        public bool TryGet(in Hash256 hash, out byte[] bytes) => File.TryGetNode(hash, out bytes);
    }
}
