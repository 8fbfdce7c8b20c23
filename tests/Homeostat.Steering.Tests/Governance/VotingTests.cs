using System.Text;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Steering.Tests;

/// <summary>
/// OpenZeppelin's Governor as genesis builds it: its layout is held by calls, not by slots.
/// </summary>
public sealed class VotingTests
{
    private static readonly ulong[] Wanted = [25_000_000, 70_000_000, 90_000_000, 300];

    [Fact]
    public void Genesis_leaves_what_constructors_would()
    {
        var governed = new GovernedChain();
        Address governor = PredeployAddresses.Governor;
        VotingSettings voting = VotingSettings.Development;
        Assert.Equal(voting.DelaySeconds, governed.ReadWord(governor, "votingDelay()"));
        Assert.Equal(voting.PeriodSeconds, governed.ReadWord(governor, "votingPeriod()"));
        Assert.Equal(voting.ProposalThreshold,
            governed.ReadWord(governor, "proposalThreshold()"));
        Assert.Equal(voting.QuorumPercent, governed.ReadWord(governor, "quorumNumerator()"));
        Assert.Equal(PredeployAddresses.StakeVotes.ToWord(),
            governed.ReadWord(governor, "token()"));
        Assert.Equal(PredeployAddresses.Timelock.ToWord(),
            governed.ReadWord(governor, "timelock()"));
        Assert.Equal(voting.TimelockSeconds,
            governed.ReadWord(PredeployAddresses.Timelock, "getMinDelay()"));
        Assert.Equal(GovernedChain.Account(GovernedChain.Guardian).ToWord(),
            governed.ReadWord(governor, "guardian()"));
        Assert.Equal(4 * VotingSettings.StakeOfWeight,
            governed.ReadWord(PredeployAddresses.StakeVotes, "totalSupply()"));
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(VotingSettings.StakeOfWeight, governed.ReadWord(
                PredeployAddresses.StakeVotes, "getVotes(address)",
                new AbiTuple().Add(GovernedChain.Account(i))));
        }
    }

    // eip712Domain is what wallets sign over: its name and contract are immutables of the code.
    [Theory]
    [InlineData(0x484f0021, "Homeostat governor")]
    [InlineData(0x484f0022, "Homeostat stake votes")]
    public void Signatures_are_over_the_domain_of_this_chain(uint number, string name)
    {
        var governed = new GovernedChain();
        Address contract = Address.FromNumber(number);
        byte[] domain = governed.Read(contract, AbiCall.Encode("eip712Domain()"));
        Assert.Contains(name, Encoding.UTF8.GetString(domain), StringComparison.Ordinal);
        Assert.Equal(DevelopmentNetwork.ChainId.Value,
            UInt256.FromBigEndian(domain.AsSpan(3 * 32, 32)));
        Assert.Equal(contract.ToWord(), UInt256.FromBigEndian(domain.AsSpan(4 * 32, 32)));
    }

    [Fact]
    public void A_vote_ratifies_and_nobody_else_can()
    {
        var governed = new GovernedChain();
        byte[] ratify = Ratify();
        Assert.False(governed.Send(9, PredeployAddresses.Constitution, ratify));
        governed.Adopt(new ProposedCall(PredeployAddresses.Constitution, 0, ratify));
        Assert.Equal(Wanted, CapacityRules.Read(governed.Chain.Reader).Actuators
            .Select(a => a.Ratified));
    }

    [Fact]
    public void What_the_vote_refuses_or_too_few_take_part_in_is_defeated()
    {
        var governed = new GovernedChain();
        Proposal refused = RatifyProposal("refused");
        governed.Decide(refused, VoteSupport.Against, 0, 1);
        Assert.Equal(ProposalState.Defeated, governed.State(refused));
        Assert.False(governed.Send(
            0, PredeployAddresses.Governor, GovernorCalls.Queue(refused.Id)));
        Proposal ignored = RatifyProposal("ignored");
        governed.Decide(ignored, VoteSupport.For);
        Assert.Equal(ProposalState.Defeated, governed.State(ignored));
    }

    [Fact]
    public void The_timelock_is_not_skipped()
    {
        var governed = new GovernedChain();
        Proposal proposal = RatifyProposal("early");
        governed.Decide(proposal, VoteSupport.For, 0, 1, 2);
        Assert.False(governed.Send(
            0, PredeployAddresses.Governor, GovernorCalls.Execute(proposal.Id)));
        Assert.True(governed.Send(
            0, PredeployAddresses.Governor, GovernorCalls.Queue(proposal.Id)));
        Assert.False(governed.Send(
            0, PredeployAddresses.Governor, GovernorCalls.Execute(proposal.Id)));
        Assert.Equal(ProposalState.Queued, governed.State(proposal));
    }

    [Fact]
    public void The_guardian_cancels_what_is_queued_but_not_its_own_removal()
    {
        var governed = new GovernedChain();
        Proposal proposal = RatifyProposal("cancelled");
        governed.Decide(proposal, VoteSupport.For, 0, 1, 2);
        Assert.True(governed.Send(
            0, PredeployAddresses.Governor, GovernorCalls.Queue(proposal.Id)));
        Assert.False(governed.Send(
            7, PredeployAddresses.Governor, GovernorCalls.Cancel(proposal.Id)));
        Assert.True(Cancel(governed, proposal));
        Assert.Equal(ProposalState.Canceled, governed.State(proposal));

        ProposedCall dismissal = new(
            PredeployAddresses.Governor, 0, AbiCall.Encode("dismissGuardian()"));
        var hidden = new Proposal(
            [dismissal, new(PredeployAddresses.Constitution, 0, Ratify())], "more behind it");
        governed.Decide(hidden, VoteSupport.For, 0, 1, 2);
        Assert.True(Cancel(governed, hidden));

        var removal = new Proposal([dismissal], "the guardian goes");
        governed.Decide(removal, VoteSupport.For, 0, 1, 2);
        Assert.False(Cancel(governed, removal));
        Assert.True(governed.Carry(removal));
        Proposal after = RatifyProposal("after");
        governed.Decide(after, VoteSupport.For, 0, 1, 2);
        Assert.False(Cancel(governed, after));
        Assert.True(governed.Carry(after));
    }

    [Fact]
    public void Stake_moves_by_the_validator_set_alone()
    {
        var governed = new GovernedChain();
        byte[] move = AbiCall.Encode("moveStake(address,address,uint256)",
            new AbiTuple().Add(UInt256.Zero).Add(GovernedChain.Account(6)).Add((UInt256)1));
        Assert.False(governed.Send(6, PredeployAddresses.StakeVotes, move));
    }

    private static bool Cancel(GovernedChain governed, Proposal proposal) => governed.Send(
        GovernedChain.Guardian, PredeployAddresses.Governor, GovernorCalls.Cancel(proposal.Id));

    private static byte[] Ratify() => AbiCall.Encode("ratify(bytes32,uint64[])",
        new AbiTuple().Add(SteeringProgram.CapacityLoopName).Add(Wanted));

    private static Proposal RatifyProposal(string why) =>
        new([new ProposedCall(PredeployAddresses.Constitution, 0, Ratify())], why);
}
