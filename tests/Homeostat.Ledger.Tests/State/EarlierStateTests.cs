using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

/// <summary>Reverse differences give every older state back, root for root.</summary>
public sealed class EarlierStateTests
{
    private const int Blocks = 40;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_older_state_comes_back(ulong seed)
    {
        var random = new SeededRandom(seed);
        List<WorldSnapshot> states = [WorldSnapshot.Empty(new MemoryNodeSource())];
        List<byte[]> differences = [[]];
        for (int block = 1; block <= Blocks; block++)
        {
            var world = new WorldState(states[^1]);
            for (int transaction = 0; transaction < 6; transaction++)
            {
                Change(world, random);
                world.EndTransaction(clearsEmptyAccounts: true);
            }
            (WorldSnapshot state, StateChanges changes) = world.Commit();
            states.Add(state);
            differences.Add(EarlierState.Encode(changes));
        }
        for (int wanted = 0; wanted < Blocks; wanted++)
        {
            var earlier = new EarlierState(states[^1]);
            for (int block = Blocks; block > wanted; block--)
            {
                Assert.True(earlier.TryAdd(differences[block]));
            }
            Assert.Equal(states[wanted].Root, earlier.Build().Root);
        }
    }

    [Fact]
    public void Other_bytes_are_refused()
    {
        Assert.False(new EarlierState(WorldSnapshot.Empty(new MemoryNodeSource())).TryAdd([0xc1]));
    }

    // Accounts that come, change code (as an EIP-7702 delegation does), empty out and come again.
    private static void Change(WorldState world, SeededRandom random)
    {
        Address address = Address.FromNumber(1 + (uint)random.NextBelow(8));
        switch (random.NextBelow(5))
        {
            case 0:
                world.AddBalance(address, random.NextBelow(5UL));
                break;
            case 1:
                world.SubtractBalance(address, world.GetBalance(address));
                break;
            case 2:
                world.SetCode(address, new Code([(byte)random.NextBelow(4), 1]));
                break;
            case 3 when !world.GetCode(address).IsEmpty:
                world.SetStorage(address, random.NextBelow(6UL), random.NextBelow(3UL));
                break;
            default:
                world.Touch(address);
                break;
        }
    }
}
