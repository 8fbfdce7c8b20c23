using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Steering.Tests;

/// <summary>A predeploy's code is replaced by one vote, and put back by another.</summary>
public sealed class UpgradeTests
{
    // PUSH1 7, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN: answers every call with 7.
    private static readonly byte[] Sevens = [0x60, 7, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3];

    [Fact]
    public void A_reverted_upgrade_restores_the_old_behaviour_by_one_vote()
    {
        var governed = new GovernedChain();
        Address proxy = PredeployAddresses.OptimisticProposals;
        UInt256 Share() => governed.ReadWord(
            proxy, "shareOf(uint8)", new AbiTuple().Add((UInt256)2UL));
        UInt256 before = Share();
        Assert.Equal((UInt256)1_500, before);
        Address other = governed.Chain.Deploy(Sevens);
        Assert.False(governed.Send(0, proxy, Upgrade(other)));
        Assert.Equal(before, Share());
        governed.Adopt(new ProposedCall(proxy, UInt256.Zero, Upgrade(other)));
        Assert.Equal((UInt256)7, Share());
        governed.Adopt(new ProposedCall(
            proxy, UInt256.Zero, Upgrade(PredeployAddresses.ImplementationOf(proxy))));
        Assert.Equal(before, Share());
    }

    // A broken Constitution decides nothing, and blocks go on; one vote mends it.
    [Fact]
    public void A_broken_constitution_stops_no_block_and_no_vote_that_mends_it()
    {
        Address proxy = PredeployAddresses.Constitution;
        var other = Address.FromNumber(0xbad);
        var governed = new GovernedChain(world =>
        {
            world.SetCode(other, new Evm.Code(Sevens));
            world.SetStorage(proxy, PredeployAddresses.ImplementationSlot, other.ToWord());
        });
        ulong[] vector = ConstitutionStorage.ReadVector(governed.Chain.Reader, 0, 4);
        for (int i = 0; i < 8; i++)
        {
            governed.Chain.Next();
        }
        Assert.Equal(vector, ConstitutionStorage.ReadVector(governed.Chain.Reader, 0, 4));
        governed.Adopt(new ProposedCall(
            proxy, UInt256.Zero, Upgrade(PredeployAddresses.ImplementationOf(proxy))));
        Assert.All(governed.Chain.NextDecision().Decisions,
            decision => Assert.NotEqual(SteeringFailure.NoRuling, decision.Failure));
    }

    [Fact]
    public void An_upgrade_under_which_nothing_rules_is_not_queued()
    {
        var governed = new GovernedChain();
        Address other = governed.Chain.Deploy(Sevens);
        var proposal = new Proposal(
            [new ProposedCall(PredeployAddresses.Constitution, UInt256.Zero, Upgrade(other))],
            "sevens");
        governed.Decide(proposal, VoteSupport.For, 0, 1, 2);
        Assert.Equal(DryRunVerdict.NothingRules, governed.LastDryRun!.Verdict);
        Assert.Equal(ProposalState.Succeeded, governed.State(proposal));
        Assert.False(governed.Carry(proposal));
    }

    // A ValidatorSet that answers nonsense: the set stands and blocks go on; one vote mends it.
    [Fact]
    public void A_broken_upgrade_of_the_validator_set_stops_no_block()
    {
        var governed = new GovernedChain(change: config => config with
        {
            Staking = config.Staking with { EpochBlocks = 4, Presence = 0 },
        });
        SteeredChain chain = governed.Chain;
        Address proxy = PredeployAddresses.ValidatorSet;
        Address other = chain.Deploy(Sevens);
        governed.Adopt(new ProposedCall(proxy, UInt256.Zero, Upgrade(other)));
        IReadOnlyList<ValidatorEntry> set = ValidatorStorage.Read(chain.Reader);
        ulong epoch = ValidatorStorage.ReadEpoch(chain.Reader);
        for (int i = 0; i < 8; i++)
        {
            chain.Next();
        }
        Assert.Equal(epoch, ValidatorStorage.ReadEpoch(chain.Reader));
        Assert.Equal(set, ValidatorStorage.Read(chain.Reader));
        Restore(governed, proxy);
        epoch = ValidatorStorage.ReadEpoch(chain.Reader);
        for (int i = 0; i < 4; i++)
        {
            chain.Next();
        }
        Assert.Equal(epoch + 1, ValidatorStorage.ReadEpoch(chain.Reader));
        Assert.Equal(set, ValidatorStorage.Read(chain.Reader));
    }

    // Commitments are read by the ledger at the proxy's address, whatever its code is.
    [Fact]
    public void Randomness_can_be_upgraded_and_keeps_its_commitments()
    {
        var governed = new GovernedChain();
        Address proxy = PredeployAddresses.Randomness;
        Address validator = governed.Chain.Validators[0].Address;
        UInt256 Kept() => governed.Chain.Reader.Read(proxy, PlaceSeed.CommitmentSlot(validator));
        UInt256 Said() => governed.ReadWord(
            proxy, "commitment(address)", new AbiTuple().Add(validator));
        UInt256 before = Kept();
        Assert.False(before.IsZero);
        Assert.Equal(before, Said());
        Address other = governed.Chain.Deploy(Sevens);
        governed.Adopt(new ProposedCall(proxy, UInt256.Zero, Upgrade(other)));
        Assert.Equal((UInt256)7, Said());
        Assert.Equal(before, Kept());
        governed.Adopt(new ProposedCall(
            proxy, UInt256.Zero, Upgrade(PredeployAddresses.ImplementationOf(proxy))));
        Assert.Equal(before, Said());
    }

    [Fact]
    public void Code_is_asked_of_what_an_upgrade_names()
    {
        var governed = new GovernedChain();
        var proposal = new Proposal(
            [new ProposedCall(PredeployAddresses.Treasury, UInt256.Zero,
                Upgrade(Address.FromNumber(0x1234567)))], "an account without code");
        governed.Decide(proposal, VoteSupport.For, 0, 1, 2);
        Assert.False(governed.Carry(proposal));
    }

    // What can't be dry run any more can be put back: that needs no dry run.
    [Fact]
    public void A_broken_upgrade_of_dry_runs_is_put_back_by_one_vote()
    {
        var governed = new GovernedChain();
        Address proxy = PredeployAddresses.DryRuns;
        Address other = governed.Chain.Deploy([0x5f, 0x5f, 0xfd]);
        governed.Adopt(new ProposedCall(proxy, UInt256.Zero, Upgrade(other)));
        Assert.False(TryAdopt(governed, new ProposedCall(
            PredeployAddresses.Treasury, UInt256.Zero, Upgrade(other))));
        // Nor may anything else ride along.
        Assert.False(TryAdopt(governed,
            new ProposedCall(
                proxy, UInt256.Zero, Upgrade(PredeployAddresses.ImplementationOf(proxy))),
            new ProposedCall(PredeployAddresses.Treasury, UInt256.Zero, Upgrade(other))));
        Restore(governed, proxy);
        Assert.Equal((UInt256)1UL, governed.ReadWord(proxy, "VERDICT_PASSED()"));
    }

    private static void Restore(GovernedChain governed, Address proxy) => Assert.True(
        TryAdopt(governed, new ProposedCall(
            proxy, UInt256.Zero, Upgrade(PredeployAddresses.ImplementationOf(proxy)))));

    /// <summary>A whole vote without a dry run.</summary>
    private static bool TryAdopt(GovernedChain governed, params ProposedCall[] calls)
    {
        var proposal = new Proposal(calls, $"back, at {governed.Chain.Head.Number.Value}");
        Assert.True(governed.Send(
            0, PredeployAddresses.Governor, GovernorCalls.Propose(proposal)));
        governed.Wait(3);
        for (int voter = 0; voter < 3; voter++)
        {
            Assert.True(governed.Send(
                voter, PredeployAddresses.Governor,
                GovernorCalls.Vote(proposal.Id, VoteSupport.For)));
        }
        governed.Wait(13);
        return governed.Carry(proposal);
    }

    private static byte[] Upgrade(Address implementation) => AbiCall.Encode(
        "upgradeToAndCall(address,bytes)", new AbiTuple().Add(implementation).AddBytes([]));
}
