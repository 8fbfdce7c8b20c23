using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

public sealed class NodeReleaseTests
{
    private const int Accounts = 3_000;
    private const int Limit = 1_000;

    [Fact]
    public void A_long_run_stays_within_the_bound_and_has_the_same_roots()
    {
        var random = new SeededRandom(5);
        var store = new MemoryNodeSource();
        WorldSnapshot bounded = WorldSnapshot.Empty(new CodeMemo(store, 4));
        WorldSnapshot twin = WorldSnapshot.Empty(new MemoryNodeSource());
        for (int block = 0; block < 300; block++)
        {
            SeededRandom changes = random.Fork();
            ulong seed = changes.NextUInt64();
            bounded = Change(bounded, seed);
            twin = Change(twin, seed);
            Assert.Equal(twin.Root, bounded.Root);
            if (block % 10 == 9)
            {
                WorldSnapshot head = Change(bounded, seed + 1); // Shares, is not final.
                Store(bounded, store);
                LoadedState left = bounded.Release(Limit, 100);
                Assert.InRange(left.Nodes, 1, Limit);
                Assert.InRange(left.CodeBytes, 0, 100);
                Assert.Equal(Change(twin, seed + 1).Root, head.Root);
                bounded = block % 20 == 9 ? bounded : head;
                twin = block % 20 == 9 ? twin : Change(twin, seed + 1);
            }
        }
        AssertSame(twin, bounded);
        AssertSame(twin, WorldSnapshot.Open(bounded.Root, Stored(bounded, store)));
    }

    [Fact]
    public void What_is_not_stored_stays()
    {
        WorldSnapshot state = WorldSnapshot.Empty(new MemoryNodeSource());
        state = Change(state, 1);
        LoadedState before = state.Release(int.MaxValue, long.MaxValue);
        Assert.Equal(before, state.Release(1, 1));
    }

    [Fact]
    public void Nodes_in_use_outlive_those_that_are_not()
    {
        var store = new CountingSource();
        WorldSnapshot state = Change(WorldSnapshot.Empty(store), 3, 2_000);
        Store(state, store.Inner);
        LoadedState all = state.Release(int.MaxValue, long.MaxValue); // Takes the marks.
        Address hot = Address.FromNumber(17);
        state.GetStorage(hot, 1);
        Assert.True(state.Release(all.Nodes - 1, long.MaxValue).Nodes < 100);
        int reads = store.Reads;
        state.GetStorage(hot, 1);
        Assert.Equal(reads, store.Reads);
        state.GetAccount(Address.FromNumber(18));
        Assert.True(store.Reads > reads);
    }

    [Fact]
    public void Readers_on_other_threads_see_the_same_all_the_time()
    {
        var store = new MemoryNodeSource();
        WorldSnapshot state = Change(WorldSnapshot.Empty(store), 9, 1_500);
        WorldSnapshot twin = Change(WorldSnapshot.Empty(new MemoryNodeSource()), 9, 1_500);
        Store(state, store);
        Parallel.For(0, 4, worker =>
        {
            for (int round = 0; round < 15; round++)
            {
                if (worker == 0)
                {
                    state.Release(1 + round % 2 * 100, 1);
                }
                else
                {
                    ulong seed = (ulong)(100 + round);
                    Assert.Equal(Change(twin, seed).Root, Change(state, seed).Root);
                }
            }
        });
        AssertSame(twin, state);
    }

    private static WorldSnapshot Change(WorldSnapshot parent, ulong seed, int count = 60)
    {
        var random = new SeededRandom(seed);
        var world = new WorldState(parent);
        for (int i = 0; i < count; i++)
        {
            Address address = Address.FromNumber((uint)random.NextBelow(Accounts) + 1);
            world.AddBalance(address, random.NextUInt64());
            world.SetStorage(address, random.NextUInt64() % 20, random.NextUInt64() % 5);
            if (random.Chance(1, 8))
            {
                world.SetCode(address, new Code([(byte)random.NextBelow(256), 1, 2, 3]));
            }
            _ = world.GetCode(Address.FromNumber((uint)random.NextBelow(Accounts) + 1));
        }
        world.EndTransaction(clearsEmptyAccounts: true);
        return world.Commit().State;
    }

    private static void Store(WorldSnapshot state, MemoryNodeSource store)
    {
        UnstoredNodes unstored = state.Unstored();
        foreach ((Hash256 hash, byte[] bytes) in unstored.Entries)
        {
            store.Add(hash, bytes);
        }
        unstored.MarkStored();
    }

    private static MemoryNodeSource Stored(WorldSnapshot state, MemoryNodeSource store)
    {
        Store(state, store);
        return store;
    }

    private static void AssertSame(WorldSnapshot a, WorldSnapshot b)
    {
        for (uint i = 1; i <= Accounts; i++)
        {
            Address address = Address.FromNumber(i);
            Assert.Equal(a.GetAccount(address), b.GetAccount(address));
            Assert.Equal(a.GetCode(address).Bytes, b.GetCode(address).Bytes);
            Assert.Equal(a.GetStorage(address, i % 20), b.GetStorage(address, i % 20));
        }
    }

    private sealed class CountingSource : INodeSource
    {
        public MemoryNodeSource Inner { get; } = new();

        public int Reads { get; private set; }

        public bool TryGet(
            in Hash256 hash,
            [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out byte[]? bytes)
        {
            Reads++;
            return Inner.TryGet(hash, out bytes);
        }
    }
}
