using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

public sealed class WorldStateTests
{
    private static readonly Address A = Address.FromNumber(0xa);
    private static readonly Address B = Address.FromNumber(0xb);

    [Fact]
    public void A_revert_undoes_everything_since_its_mark()
    {
        var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
        world.AddBalance(A, 10);
        world.SetStorage(A, 1, 2);
        int mark = world.Snapshot();
        world.SubtractBalance(A, 3);
        world.SetStorage(A, 1, 5);
        world.SetTransient(A, 1, 6);
        world.SetCode(B, new Code([1]));
        world.SetNonce(B, 4);
        world.AddLog(new Log(A, [], []));
        Assert.True(world.WarmAddress(A));
        Assert.True(world.WarmSlot(A, 1));
        world.CreateContract(B);
        world.SelfDestruct(A);
        world.Revert(mark);
        Assert.Equal(10UL, world.GetBalance(A));
        Assert.Equal(2UL, world.GetStorage(A, 1));
        Assert.True(world.GetTransient(A, 1).IsZero);
        Assert.False(world.Exists(B));
        Assert.Empty(world.Logs);
        Assert.True(world.WarmAddress(A));
        Assert.True(world.WarmSlot(A, 1));
        Assert.False(world.WasCreatedInTransaction(B));
        Assert.False(world.HasSelfDestructed(A));
        world.EndTransaction(clearsEmptyAccounts: true);
        Assert.Equal(10UL, world.Commit().State.GetAccount(A)!.Balance);
    }

    [Fact]
    public void What_lasts_a_transaction_ends_with_it()
    {
        var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
        world.SetStorage(A, 1, 2);
        world.SetTransient(A, 1, 6);
        world.WarmAddress(A);
        world.CreateContract(A);
        Assert.True(world.GetOriginalStorage(A, 1).IsZero);
        world.SetNonce(A, 1);
        world.EndTransaction(clearsEmptyAccounts: true);
        Assert.Equal(2UL, world.GetOriginalStorage(A, 1));
        Assert.True(world.GetTransient(A, 1).IsZero);
        Assert.True(world.WarmAddress(A));
        Assert.False(world.WasCreatedInTransaction(A));
    }

    [Fact]
    public void A_touched_empty_account_is_deleted_only_where_the_fork_says_so()
    {
        var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
        world.Touch(A);
        world.EndTransaction(clearsEmptyAccounts: false);
        Assert.True(world.Exists(A));
        world.Touch(A);
        world.EndTransaction(clearsEmptyAccounts: true);
        Assert.False(world.Exists(A));
        Assert.Equal(Keccak.EmptyTrie, world.Commit().State.Root);
    }

    [Fact]
    public void A_destroyed_account_comes_back_without_its_storage()
    {
        WorldSnapshot first = With(world =>
        {
            world.AddBalance(A, 1);
            world.SetStorage(A, 1, 2);
            world.SetStorage(A, 2, 3);
        });
        var world = new WorldState(first);
        Assert.Equal(2UL, world.GetStorage(A, 1));
        world.SelfDestruct(A);
        world.EndTransaction(clearsEmptyAccounts: true);
        world.AddBalance(A, 5);
        Assert.True(world.GetStorage(A, 2).IsZero);
        world.SetStorage(A, 3, 4);
        world.EndTransaction(clearsEmptyAccounts: true);
        (WorldSnapshot state, StateChanges changes) = world.Commit();
        Assert.Equal(
            With(same =>
            {
                same.AddBalance(A, 5);
                same.SetStorage(A, 3, 4);
            }).Root,
            state.Root);
        AccountChange change = Assert.Single(changes.Accounts);
        Assert.True(change.StorageCleared);
        Assert.Equal(2UL, first.GetStorage(A, 1)); // The older snapshot is what it was.
    }

    [Fact]
    public void A_store_of_the_new_nodes_holds_the_state()
    {
        var random = new SeededRandom(31);
        var store = new MemoryNodeSource();
        WorldSnapshot stored = WorldSnapshot.Empty(store);
        WorldSnapshot state = stored;
        for (int block = 0; block < 20; block++)
        {
            var world = new WorldState(state);
            for (int i = 0; i < 40; i++)
            {
                Address address = Address.FromNumber((uint)(random.NextUInt64() % 200) + 1);
                world.AddBalance(address, random.NextUInt64());
                world.SetStorage(
                    address, random.NextUInt64() % 20, random.NextUInt64() % 3);
                if (random.NextUInt64() % 4 == 0)
                {
                    world.SetCode(address, new Code([(byte)(random.NextUInt64() & 0xff)]));
                }
            }
            world.EndTransaction(clearsEmptyAccounts: true);
            state = world.Commit().State;
            if (block % 3 == 2)
            {
                UnstoredNodes unstored = state.Unstored();
                foreach ((Hash256 hash, byte[] bytes) in unstored.Entries)
                {
                    Assert.Equal(hash, Keccak.Hash(bytes));
                    store.Add(hash, bytes);
                }
                unstored.MarkStored();
                Assert.Empty(state.Unstored().Entries);
                stored = WorldSnapshot.Open(state.Root, store);
                AssertSame(state, stored);
                state = block % 2 == 0 ? stored : state;
            }
        }
    }

    [Fact]
    public void Proofs_hold_and_forged_ones_do_not()
    {
        WorldSnapshot state = With(world =>
        {
            for (uint i = 1; i < 50; i++)
            {
                world.AddBalance(Address.FromNumber(i), i);
                world.SetStorage(Address.FromNumber(i), i, i);
            }
        });
        AccountProof proof = state.Prove(Address.FromNumber(7), [7, 8]);
        Assert.True(proof.Verify(state.Root));
        Assert.False(proof.Verify(Keccak.Empty));
        Assert.False(
            (proof with { Account = proof.Account! with { Balance = 8 } }).Verify(state.Root));
        StorageProof slot = proof.Slots[0];
        Assert.False((proof with { Slots = [slot with { Value = 9 }] }).Verify(state.Root));
        AccountProof absent = state.Prove(Address.FromNumber(700), [1]);
        Assert.Null(absent.Account);
        Assert.True(absent.Verify(state.Root));
    }

    private static void AssertSame(WorldSnapshot a, WorldSnapshot b)
    {
        for (uint i = 1; i <= 200; i++)
        {
            Address address = Address.FromNumber(i);
            Assert.Equal(a.GetAccount(address), b.GetAccount(address));
            Assert.Equal(a.GetCode(address).Bytes, b.GetCode(address).Bytes);
            for (ulong slot = 0; slot < 20; slot++)
            {
                Assert.Equal(a.GetStorage(address, slot), b.GetStorage(address, slot));
            }
        }
    }

    internal static WorldSnapshot With(Action<WorldState> change)
    {
        var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
        change(world);
        world.EndTransaction(clearsEmptyAccounts: false);
        return world.Commit().State;
    }
}
