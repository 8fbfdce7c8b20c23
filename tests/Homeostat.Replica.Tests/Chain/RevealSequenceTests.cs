using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica.Tests;

/// <summary>
/// A validator's reveals go on when its chain ends, over a restart too, and nothing it can choose
/// goes into a seed.
/// </summary>
public sealed class RevealSequenceTests
{
    private const ulong ChainId = 4242;
    private static readonly LocalSigner Signer = new(new Hash256(Keccak.Hash([7]).Bytes));
    private static readonly Address Leader = Signer.Address;

    private readonly WorldState _world = new(WorldSnapshot.Empty(new MemoryNodeSource()));
    private WorldSnapshot _state;

    public RevealSequenceTests() => _state = _world.Commit().State;

    // One validator alone leads every block: the hardest case for the delay.
    [Fact]
    public void A_chain_that_runs_low_is_renewed_before_it_ends()
    {
        Commit(RevealChain.Of(Signer, ChainId).CommitmentOf(RevealSequence.RenewAt + 20));
        var reveals = new RevealSequence(Signer, ChainId);
        int renewals = 0;
        for (ulong number = 1; number <= 1_000; number++)
        {
            if (number is 100 or 700)
            {
                reveals = new RevealSequence(Signer, ChainId); // A restart.
            }
            Hash256 value = Lead(reveals, new Height(number), out bool isReveal);
            Assert.False(value.IsZero);
            renewals += isReveal ? 0 : 1;
        }
        Assert.Equal(1, renewals);
    }

    [Fact]
    public void Without_a_commitment_the_first_block_commits_and_the_257th_reveals()
    {
        var reveals = new RevealSequence(Signer, ChainId);
        for (ulong number = 1; number <= 300; number++)
        {
            Hash256 value = Lead(reveals, new Height(number), out _);
            Assert.Equal(number is > 1 and < 257, value.IsZero);
        }
    }

    [Fact]
    public void Of_a_stranger_s_commitment_nothing_is_revealed_and_nothing_overwritten()
    {
        Commit(Keccak.Hash([1]));
        var reveals = new RevealSequence(Signer, ChainId);
        Assert.True(Lead(reveals, new Height(1), out _).IsZero);
        Assert.Equal(Keccak.Hash([1]), PlaceSeed.CommitmentOf(_state, Leader, new Height(2)));
    }

    private Hash256 Lead(RevealSequence reveals, Height number, out bool isReveal)
    {
        Hash256 commitment = PlaceSeed.CommitmentOf(_state, Leader, number);
        Hash256 value = reveals.Next(
            commitment, PlaceSeed.IsRenewing(_state, Leader, number));
        isReveal = PlaceSeed.IsReveal(value, commitment);
        if (!value.IsZero)
        {
            var world = new WorldState(_state);
            PlaceSeed.Apply(world, _state, Leader, number, value);
            world.EndTransaction(clearsEmptyAccounts: false);
            _state = world.Commit().State;
        }
        return value;
    }

    private void Commit(in Hash256 commitment)
    {
        _world.SetNonce(PlaceSeed.Contract, 1);
        _world.SetStorage(
            PlaceSeed.Contract, PlaceSeed.CommitmentSlot(Leader),
            UInt256.FromHash256(commitment));
        _world.EndTransaction(clearsEmptyAccounts: false);
        _state = _world.Commit().State;
    }
}
