using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Steering.Tests;

/// <summary>A chain whose owner is its timelock, with the steps of a vote.</summary>
internal sealed class GovernedChain
{
    public const int Guardian = 8;

    /// <summary>Recorded blocks replayed where a test is not about dry runs.</summary>
    private const int AdviceBlocks = 8;

    private readonly CallSimulator _simulator =
        new(HomeostatRules.Of(DevelopmentNetwork.ChainId), new EvmEngine());

    public GovernedChain(
        Action<WorldState>? amend = null, Func<ChainConfig, ChainConfig>? change = null)
    {
        Chain = new SteeredChain(amend: amend, owner: null, change: change);
        Wait(2); // Who proposes needs votes in the second before.
    }

    public SteeredChain Chain { get; }

    public static Address Account(int index) => DevelopmentNetwork.FundedAccounts[index].Address;

    /// <summary>A transaction in a block of its own; whether it succeeded.</summary>
    public bool Send(
        int account, Address to, byte[] data, ulong elapsedMs = 250, UInt256 value = default) =>
        Chain.Next(
            transactions: [Chain.CallOf(account, to, data, 8_000_000, value)],
            elapsedMs: elapsedMs).Receipts[1].Succeeded;

    /// <summary>What a view returns; fails the test where it reverts.</summary>
    public byte[] Read(Address to, byte[] data)
    {
        CallOutcome outcome = Call(to, data);
        Assert.True(outcome.Succeeded, outcome.Error ?? Hex.Encode(outcome.Output));
        return outcome.Output;
    }

    public UInt256 ReadWord(Address to, string signature, AbiTuple? arguments = null) =>
        UInt256.FromBigEndian(Read(to, AbiCall.Encode(signature, arguments)).AsSpan(0, 32));

    public CallOutcome Call(Address to, byte[] data) => _simulator.Call(
        new CallContext { State = Chain.State, Header = Chain.Head },
        new CallRequest { To = to, Data = data, Gas = 8_000_000 });

    public ProposalState State(Proposal proposal) => (ProposalState)UInt256.FromBigEndian(
        Read(PredeployAddresses.Governor, GovernorCalls.State(proposal.Id))).U0;

    public void Wait(ulong seconds) => Chain.Next(elapsedMs: 1_000 * seconds);

    /// <summary>Proposes, waits, and votes with the accounts named.</summary>
    public void Decide(Proposal proposal, VoteSupport support, params int[] voters)
    {
        WaitForDryRun();
        Assert.True(Send(0, PredeployAddresses.Governor, GovernorCalls.Propose(proposal)));
        LastDryRun = Request(proposal) ? DryRun(AdviceBlocks) : null;
        if (LastDryRun is not null)
        {
            Attest(LastDryRun.Digest, 0, 1, 2, 3);
            Assert.True(Conclude(LastDryRun));
        }
        Wait(3);
        Assert.Equal(ProposalState.Active, State(proposal));
        foreach (int voter in voters)
        {
            Assert.True(Send(
                voter, PredeployAddresses.Governor, GovernorCalls.Vote(proposal.Id, support)));
        }
        Wait(13);
    }

    /// <summary>What the dry run of the last proposal decided on found; null: it needed none.
    /// </summary>
    public DryRunResult? LastDryRun { get; private set; }

    /// <summary>Blocks until the epoch of dry runs is another than that of the last one.</summary>
    public void WaitForDryRun()
    {
        UInt256 word = Chain.Reader.Read(PredeployAddresses.DryRuns, DryRunStorage.RequestSlot);
        while (word.U1 != 0 && ReadWord(PredeployAddresses.DryRuns, "epoch()") < word.U1)
        {
            Chain.Next();
        }
    }

    /// <summary>Requests the dry run of a proposal; whether the chain took it.</summary>
    public bool Request(Proposal proposal, int account = 5) => Send(
        account, PredeployAddresses.DryRuns,
        AbiCall.Encode("request(uint256)", new AbiTuple().Add(proposal.Id)),
        value: StandingRule.Bond);

    /// <summary>Computes the dry run that the chain asks for.</summary>
    public DryRunResult DryRun(int blocks = Replica.DryRun.MaximumBlocks)
    {
        DryRunRequest? request = DryRunStorage.Current(Chain.Reader);
        Assert.NotNull(request);
        return Chain.DryRun(request, blocks);
    }

    /// <summary>A block whose parent's votes attest the digest, of these validators.</summary>
    public void Attest(Hash256 digest, params int[] validators)
    {
        // What stands for no report: the prior's speed.
        var observation = new Observation(
            LoopParameters.Default.PriorNanosecondsPerKilogas, 0, 0, 0, 0, 0, 0);
        Chain.Next(observations:
        [
            .. validators.Select(i => new SignedObservation(
                Chain.Validators[i].Address, new ObservationReport(
                    observation, new ObservationSignals(Hash256.Zero, digest), []).Encode())),
        ]);
    }

    /// <summary>Publishes a result; whether the chain took it.</summary>
    public bool Conclude(DryRunResult result) => Send(
        6, PredeployAddresses.DryRuns, AbiCall.Encode("conclude(uint256,bytes)",
            new AbiTuple().Add(result.Subject).AddBytes(result.Encode())));

    /// <summary>Queues a proposal that has passed, waits out the timelock and executes.</summary>
    public bool Carry(Proposal proposal)
    {
        if (!Send(5, PredeployAddresses.Governor, GovernorCalls.Queue(proposal.Id)))
        {
            return false;
        }
        Wait(3);
        return Send(5, PredeployAddresses.Governor, GovernorCalls.Execute(proposal.Id));
    }

    /// <summary>All of it.</summary>
    public void Adopt(params ProposedCall[] calls)
    {
        var proposal = new Proposal(calls, $"at {Chain.Head.Number.Value}");
        Decide(proposal, VoteSupport.For, 0, 1, 2);
        Assert.Equal(ProposalState.Succeeded, State(proposal));
        Assert.True(Carry(proposal));
        Assert.Equal(ProposalState.Executed, State(proposal));
    }
}
