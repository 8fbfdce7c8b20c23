using Homeostat.Primitives;
using Homeostat.Replica;
using Xunit.Abstractions;

namespace Homeostat.Steering.Tests;

/// <summary>
/// Nothing that binds gets into the timelock before more than two thirds of the weight attest what
/// a dry run of it found.
/// </summary>
public sealed class DryRunTests(ITestOutputHelper output)
{
    private static readonly Hash256 Capacity = SteeringProgram.CapacityLoopName;

    [Fact]
    public void An_attested_dry_run_says_what_changes_and_opens_the_timelock()
    {
        GovernedChain governed = Loaded(100);
        Proposal proposal = Ratify("twice the target", 50_000_000, 120_000_000);
        Propose(governed, proposal);
        Assert.True(governed.Request(proposal));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        DryRunResult result = governed.DryRun();
        output.WriteLine($"{result.Blocks} blocks twice in {clock.ElapsedMilliseconds} ms; gas of "
            + $"steering {result.Without.SteeringGas} and {result.With.SteeringGas}");
        Assert.Equal(result.Digest, governed.DryRun().Digest);
        Assert.Equal(result.Digest, DryRunResult.Decode(result.Encode())!.Digest);
        Assert.Equal(DryRunVerdict.Passed, result.Verdict);
        Assert.InRange(result.Blocks, 90UL, 512UL);
        Assert.Equal(50_000_000UL, LoopOf(result.With).Ratified[0]);
        Assert.NotEqual(50_000_000UL, LoopOf(result.Without).Ratified[0]);
        Assert.True(LoopOf(result.With).InForce[1] > LoopOf(result.Without).InForce[1]);
        Assert.True(result.Without.Decisions > 10);
        Assert.Equal(0UL, result.With.FailedSteps);

        // Three of four are more than two thirds.
        Vote(governed, proposal);
        Assert.False(Queue(governed, proposal));
        governed.Attest(result.Digest, 0, 1, 3);
        Assert.True(governed.Conclude(result));
        Assert.True(governed.Carry(proposal));
        Assert.Equal(50_000_000UL, CapacityRules.Read(governed.Chain.Reader).GasTarget.Ratified);
        Assert.True(Release(governed, proposal));
        Assert.Equal(StandingRule.Bond, Owed(governed, GovernedChain.Account(5)));
    }

    [Fact]
    public void A_lying_minority_attests_nothing_and_without_a_quorum_nothing_is_queued()
    {
        GovernedChain governed = Loaded(10);
        Proposal proposal = Ratify("attested by too few", 25_000_000, 70_000_000);
        Propose(governed, proposal);
        Assert.True(governed.Request(proposal));
        DryRunResult honest = governed.DryRun(16);
        DryRunResult lie = honest with { With = honest.With with { LastBaseFee = 1 } };
        governed.Attest(lie.Digest, 0);
        governed.Attest(honest.Digest, 1, 2);
        Assert.False(governed.Conclude(lie));
        // Two of four are no more than two thirds.
        Assert.False(governed.Conclude(honest));
        Vote(governed, proposal);
        Assert.Equal(ProposalState.Succeeded, governed.State(proposal));
        Assert.False(Queue(governed, proposal));
        // A result of another proposal is not this one's, whoever attests it.
        DryRunResult other = honest with { Subject = honest.Subject + UInt256.One };
        governed.Attest(other.Digest, 0, 1, 2, 3);
        Assert.False(governed.Send(6, PredeployAddresses.DryRuns, AbiCall.Encode(
            "conclude(uint256,bytes)",
            new AbiTuple().Add(honest.Subject).AddBytes(other.Encode()))));
        governed.Attest(honest.Digest, 0, 1, 2, 3);
        Assert.True(governed.Conclude(honest));
        Assert.True(Queue(governed, proposal));
    }

    [Fact]
    public void The_second_proposal_waits_for_the_next_epoch()
    {
        GovernedChain governed = Loaded(4);
        Proposal first = Ratify("first", 25_000_000, 70_000_000);
        Proposal second = Ratify("second", 26_000_000, 70_000_000);
        Propose(governed, first);
        Propose(governed, second);
        Assert.False(governed.Send(5, PredeployAddresses.DryRuns, AbiCall.Encode(
            "request(uint256)", new AbiTuple().Add(first.Id)))); // No bond.
        governed.WaitForDryRun();
        Assert.True(governed.Request(first));
        Assert.False(governed.Request(second));
        Assert.False(Release(governed, first));
        governed.WaitForDryRun();
        Assert.True(governed.Request(second, 7));
        Assert.Equal(second.Id, DryRunStorage.Current(governed.Chain.Reader)!.Subject);
        // Nobody attested the first: its bond goes back, and it may be requested again.
        Assert.True(Release(governed, first));
        Assert.Equal(StandingRule.Bond, Owed(governed, GovernedChain.Account(5)));
    }

    [Fact]
    public void What_would_revert_is_not_queued_and_its_bond_is_the_treasurys()
    {
        var governed = new GovernedChain();
        // Over the target's upper bound.
        Proposal proposal = Ratify("illegal", 2_000_000_000, 70_000_000);
        governed.Decide(proposal, VoteSupport.For, 0, 1, 2);
        Assert.Equal(
            (DryRunVerdict.CallReverts, 0UL),
            (governed.LastDryRun!.Verdict, governed.LastDryRun.Call));
        Assert.False(Queue(governed, proposal));
        Assert.True(Release(governed, proposal));
        Assert.Equal(StandingRule.Bond, Owed(governed, PredeployAddresses.Treasury));
    }

    [Fact]
    public void A_rule_fires_in_the_dry_run_of_its_adoption()
    {
        GovernedChain governed = Loaded(60);
        var rule = new StandingRule(
            RuleText.Parse("last(demandKilogas) > 1000", _ => null),
            RuleAction.Vector(Capacity, 0, [new FieldChange(0, FieldOperation.Scale, 9_500)]), 2, 1,
            1_000, DevelopmentNetwork.GenesisTimeMs / 1_000 + 86_400, 0, "lower");
        Assert.True(governed.Send(
            0, PredeployAddresses.RuleBook, rule.Write(), value: StandingRule.Bond));
        var proposal = new Proposal([rule.Adoption()], "a rule");
        Propose(governed, proposal);
        Assert.True(governed.Request(proposal));
        DryRunResult result = governed.DryRun();
        Assert.Equal(DryRunVerdict.Passed, result.Verdict);
        Assert.Equal(0UL, result.Without.Firings);
        Assert.InRange(result.With.Firings, 1UL, 20UL);
    }

    [Fact]
    public void Payments_and_the_guardians_dismissal_need_none()
    {
        var governed = new GovernedChain();
        Assert.True(governed.Send(5, PredeployAddresses.Treasury, [], value: 1_000));
        byte[] pay = AbiCall.Encode("pay(address,uint256)",
            new AbiTuple().Add(Address.FromNumber(0xabcdef01)).Add((UInt256)400));
        governed.Adopt(new ProposedCall(PredeployAddresses.Treasury, 0, pay));
        Assert.Null(governed.LastDryRun);
        governed.Adopt(new ProposedCall(
            PredeployAddresses.Governor, 0, AbiCall.Encode("dismissGuardian()")));
        Assert.Null(governed.LastDryRun);
        byte[] toPredeploy = AbiCall.Encode("pay(address,uint256)",
            new AbiTuple().Add(PredeployAddresses.RuleBook).Add((UInt256)400));
        Assert.True(NeedsDryRun(governed, PredeployAddresses.Treasury, toPredeploy));
        Assert.True(NeedsDryRun(governed, PredeployAddresses.Timelock, AbiCall.Encode(
            "updateDelay(uint256)", new AbiTuple().Add(UInt256.One))));
        Assert.False(NeedsDryRun(governed, Address.FromNumber(0x1234567), [1, 2, 3, 4]));
    }

    // A chain with records of load: 6,000,000 gas in each block.
    [Fact]
    public void Demand_answers_to_the_price_by_its_square_root()
    {
        Assert.Equal(1_000UL, DemandAnswer.Half.Demand(1_000, 50, 50));
        Assert.Equal(500UL, DemandAnswer.Half.Demand(1_000, 50, 200));
        Assert.Equal(2_000UL, DemandAnswer.Half.Demand(1_000, 200, 50));
        Assert.Equal(1_000UL, DemandAnswer.None.Demand(1_000, 200, 50));
        Assert.Equal(1_000UL, DemandAnswer.Half.Demand(1_000, 0, 50));
        Assert.Equal(1_024_000UL, DemandAnswer.Half.Demand(1_000, ulong.MaxValue, UInt256.One));
        Assert.Equal(0UL, DemandAnswer.Half.Demand(1_000, 1, ulong.MaxValue));
    }

    // Rest has brought the price down, so who answers to it wants more than was recorded.
    [Fact]
    public void Users_who_answer_to_a_lower_price_want_more_and_it_falls_less()
    {
        GovernedChain governed = Loaded(40);
        for (int i = 0; i < 40; i++)
        {
            governed.Chain.Next();
        }
        var request = new DryRunRequest(
            UInt256.Zero, governed.Chain.Head.Number,
            Ratify("half as much", 8_000_000, 60_000_000).Calls);
        DryRunResult plain = governed.Chain.DryRun(request, 80);
        DryRunResult same = governed.Chain.DryRun(request, 80, DemandAnswer.None);
        DryRunResult answered = governed.Chain.DryRun(request, 80, DemandAnswer.Half);
        Assert.Equal(plain.Digest, same.Digest);
        foreach ((DryRunSide before, DryRunSide after) in new[]
        {
            (plain.Without, answered.Without), (plain.With, answered.With),
        })
        {
            output.WriteLine($"mean base fee {before.MeanBaseFee}, with answers "
                + $"{after.MeanBaseFee}; gas {before.IncludedGas}, {after.IncludedGas}");
            Assert.True(after.IncludedGas + after.WaitingGas
                > before.IncludedGas + before.WaitingGas);
            Assert.True(after.MeanBaseFee > before.MeanBaseFee);
        }
    }

    private static GovernedChain Loaded(int blocks)
    {
        var governed = new GovernedChain();
        for (int i = 0; i < blocks; i++)
        {
            governed.Chain.Next(transactions:
            [
                governed.Chain.CallOf(6, PredeployAddresses.GasBurner,
                    new UInt256(12_000_000).ToBigEndian(), 7_000_000),
            ]);
        }
        return governed;
    }

    private static void Propose(GovernedChain governed, Proposal proposal) => Assert.True(
        governed.Send(0, PredeployAddresses.Governor, GovernorCalls.Propose(proposal)));

    private static void Vote(GovernedChain governed, Proposal proposal)
    {
        governed.Wait(3);
        foreach (int voter in (int[])[0, 1, 2])
        {
            Assert.True(governed.Send(voter, PredeployAddresses.Governor,
                GovernorCalls.Vote(proposal.Id, VoteSupport.For)));
        }
        governed.Wait(13);
    }

    private static bool Queue(GovernedChain governed, Proposal proposal) => governed.Send(
        5, PredeployAddresses.Governor, GovernorCalls.Queue(proposal.Id));

    private static bool Release(GovernedChain governed, Proposal proposal) => governed.Send(
        6, PredeployAddresses.DryRuns,
        AbiCall.Encode("release(uint256)", new AbiTuple().Add(proposal.Id)));

    private static UInt256 Owed(GovernedChain governed, Address account) => governed.ReadWord(
        PredeployAddresses.DryRuns, "owed(address)", new AbiTuple().Add(account));

    private static bool NeedsDryRun(GovernedChain governed, Address target, byte[] data) =>
        !governed.ReadWord(PredeployAddresses.DryRuns, "needsDryRun(address[],bytes[])",
            new AbiTuple().AddWords([target.ToWord()]).AddBytesArray([data])).IsZero;

    private static ReplayedLoop LoopOf(DryRunSide side) =>
        side.Loops.Single(loop => loop.Name == Capacity);

    private static Proposal Ratify(string why, ulong target, ulong limit) =>
        new([new ProposedCall(PredeployAddresses.Constitution, 0,
            AbiCall.Encode("ratify(bytes32,uint64[])", new AbiTuple().Add(Capacity)
                .Add((ulong[])[target, limit, 90_000_000, 300])))], why);
}
