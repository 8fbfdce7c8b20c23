using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Xunit.Abstractions;

namespace Homeostat.Steering.Tests;

/// <summary>
/// Protocol revisions on a chain of real blocks: the Revisions predeploy counts what validators
/// signal, and the rules follow it.
/// </summary>
public sealed class RevisionTests(ITestOutputHelper output)
{
    private const ulong EpochBlocks = 8;
    private const int Validators = 7;
    private const ulong Day = 86_400;

    private static readonly Hash256 Second = ProtocolRevisions.Find(2)!.Spec;

    [Fact]
    public void Each_revision_of_the_table_has_its_text_by_hash()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Homeostat.slnx")))
        {
            root = Path.GetDirectoryName(root)!;
        }
        Assert.Equal(
            ProtocolRevisions.All.Select(revision => revision.Spec),
            ProtocolRevisions.All.Select(revision => Keccak.Hash(File.ReadAllBytes(
                Path.Combine(root, $"docs/spec/revisions/{revision.Number}.md")))));
    }

    [Fact]
    public void Too_few_ready_neither_lock_it_in_nor_put_it_in_force_however_late()
    {
        var chain = Chain(Proposed(deadlineInSeconds: 1));
        RunEpochs(chain, ready: 4, epochs: 4);
        Assert.Null(RevisionStorage.ReadProposed(chain.Reader)!.LockedAt);
        Assert.Equal(4, (int)RevisionStorage.ReadProposed(chain.Reader)!.Weight);
        Assert.Equal(7, (int)RevisionStorage.ReadProposed(chain.Reader)!.Total);
        Assert.Equal(1UL, RevisionStorage.Read(chain.Reader)!.Number);
    }

    // Two thirds lock it in; five sixths put it in force, an epoch later at the soonest.
    [Fact]
    public void It_locks_in_at_two_thirds_and_comes_at_five_sixths()
    {
        var chain = Chain(Proposed(deadlineInSeconds: Day));
        byte[] initcode = Large();
        Assert.False(Deploys(chain, initcode, ready: 5));
        RunEpochs(chain, ready: 5, epochs: 1);
        ProposedRevision locked = RevisionStorage.ReadProposed(chain.Reader)!;
        Assert.Equal(chain.Head.Number, locked.LockedAt);
        RunEpochs(chain, ready: 5, epochs: 3);
        Assert.Equal(locked.LockedAt, RevisionStorage.ReadProposed(chain.Reader)!.LockedAt);
        Assert.False(Deploys(chain, initcode, ready: 6));
        RunEpochs(chain, ready: 6, epochs: 1);
        ActiveRevision active = RevisionStorage.Read(chain.Reader)!;
        Assert.Equal(
            new ActiveRevision(2, chain.Head.Number.Next, Second, "0.2.0"), active);
        Assert.Null(RevisionStorage.ReadProposed(chain.Reader));
        Assert.True(Deploys(chain, initcode, ready: 6));
    }

    [Fact]
    public void All_ready_at_once_still_leaves_an_epoch_of_notice()
    {
        var chain = Chain(Proposed(deadlineInSeconds: Day));
        RunEpochs(chain, ready: 7, epochs: 1);
        Assert.NotNull(RevisionStorage.ReadProposed(chain.Reader)!.LockedAt);
        Assert.Equal(1UL, RevisionStorage.Read(chain.Reader)!.Number);
        RunEpochs(chain, ready: 7, epochs: 1);
        Assert.Equal(2UL, RevisionStorage.Read(chain.Reader)!.Number);
    }

    [Fact]
    public void After_the_deadline_two_thirds_are_enough_and_under_a_third_let_it_lapse()
    {
        var chain = Chain(Proposed(deadlineInSeconds: 60));
        RunEpochs(chain, ready: 5, epochs: 2);
        Assert.Equal(1UL, RevisionStorage.Read(chain.Reader)!.Number);
        chain.Next(elapsedMs: 60_000);
        RunEpochs(chain, ready: 4, epochs: 1); // Between the two nothing happens.
        Assert.NotNull(RevisionStorage.ReadProposed(chain.Reader));
        RunEpochs(chain, ready: 5, epochs: 1);
        Assert.Equal(2UL, RevisionStorage.Read(chain.Reader)!.Number);

        chain = Chain(Proposed(deadlineInSeconds: 60));
        RunEpochs(chain, ready: 5, epochs: 1);
        chain.Next(elapsedMs: 60_000);
        RunEpochs(chain, ready: 2, epochs: 1);
        Assert.Null(RevisionStorage.ReadProposed(chain.Reader));
        Assert.Equal(1UL, RevisionStorage.Read(chain.Reader)!.Number);
    }

    // Five of seven are under five sixths, and of the six that are left when one is jailed not.
    [Fact]
    public void Stake_in_jail_does_not_count()
    {
        var chain = Chain(Proposed(deadlineInSeconds: Day), presence: 5_000);
        RunEpochs(chain, ready: 5, epochs: 1);
        Assert.NotNull(RevisionStorage.ReadProposed(chain.Reader)!.LockedAt);
        RunEpochs(chain, ready: 5, epochs: 1, absent: 1);
        Assert.Equal(6, ValidatorStorage.Read(chain.Reader).Count);
        Assert.Equal(2UL, RevisionStorage.Read(chain.Reader)!.Number);
    }

    [Fact]
    public void A_vote_proposes_and_withdraws_until_it_is_locked_in()
    {
        var governed = new GovernedChain(change: Short(presence: 0));
        SteeredChain chain = governed.Chain;
        ProposedCall Wanted() => RevisionCalls.Propose(
            2, Second, "0.2.0", chain.TimeMs / 1_000 + 30 * Day);
        Assert.False(governed.Send(0, PredeployAddresses.Revisions, Wanted().Data));
        governed.Adopt(Wanted());
        Assert.Equal(Second, RevisionStorage.ReadProposed(chain.Reader)!.Spec);
        governed.Adopt(RevisionCalls.Withdraw(Second));
        Assert.Null(RevisionStorage.ReadProposed(chain.Reader));

        governed.Adopt(Wanted());
        RunEpochs(chain, ready: 3, epochs: 1);
        Assert.NotNull(RevisionStorage.ReadProposed(chain.Reader)!.LockedAt);
        var late = new Proposal([RevisionCalls.Withdraw(Second)], "too late");
        governed.Decide(late, VoteSupport.For, 0, 1, 2);
        Assert.False(governed.Carry(late));
        RunEpochs(chain, ready: 4, epochs: 1);
        Assert.Equal(2UL, RevisionStorage.Read(chain.Reader)!.Number);
    }

    // A broken upgrade puts nothing in force and stops no block.
    [Fact]
    public void A_broken_contract_leaves_the_revision_in_force()
    {
        var governed = new GovernedChain(change: Short(presence: 0));
        Address broken = governed.Chain.Deploy([0x5f, 0x5f, 0xfd]);
        governed.Adopt(new ProposedCall(
            PredeployAddresses.Revisions, UInt256.Zero,
            AbiCall.Encode("upgradeToAndCall(address,bytes)",
                new AbiTuple().Add(broken).AddBytes([]))));
        RunEpochs(governed.Chain, ready: 4, epochs: 2);
        Assert.Equal(1UL, RevisionStorage.Read(governed.Chain.Reader)!.Number);
    }

    [Fact]
    public void Nodes_follow_what_they_know_and_signal_what_is_proposed()
    {
        var chainId = DevelopmentNetwork.ChainId;
        var all = new NetworkRules(chainId);
        var first = new NetworkRules(chainId, newestRevision: 1);
        var proposed = new ProposedRevision(2, Second, "0.2.0", 0, default, null, 0, 0);
        Assert.Equal(Second, all.Signal(proposed));
        Assert.Equal(Second, all.Signal(null));
        Assert.Equal(ProtocolRevisions.Find(1)!.Spec, first.Signal(proposed));
        // The same number by another text is another revision.
        Assert.False(all.Knows(proposed with { Spec = Keccak.Hash([1]) }));
        Assert.False(first.Knows(new ActiveRevision(2, default, Second, "")));
        Assert.True(all.Knows(new ActiveRevision(2, default, Second, "")));
        var chain = Chain(Proposed(deadlineInSeconds: Day));
        RunEpochs(chain, ready: 7, epochs: 2);
        ChainRules rules = all.UpTo(chain.Reader);
        Height head = chain.Head.Number;
        Assert.Equal(24_576, rules.At(head, 0).Evm.MaxCodeSize);
        Assert.Equal(32_768, rules.At(head.Next, 0).Evm.MaxCodeSize);
        Assert.Equal(24_576, first.UpTo(chain.Reader).At(head.Next, 0).Evm.MaxCodeSize);
    }

    [Fact]
    public void Transaction_0_stays_within_its_gas_when_64_validators_are_counted()
    {
        var chain = new SteeredChain(64, Proposed(Day), change: Short(presence: 5_000));
        var most = new ulong[4]; // In ends of epochs: locked in, put in force, none proposed.
        for (ulong i = 0; i < 3 * EpochBlocks; i++)
        {
            ulong gas = chain.Next(Signals(chain, 64)).SteeringGas;
            ulong place = chain.Head.Number.Value % EpochBlocks == 0 ? i / EpochBlocks + 1 : 0;
            most[place] = Math.Max(most[place], gas);
        }
        Assert.Equal(2UL, RevisionStorage.Read(chain.Reader)!.Number);
        output.WriteLine($"most gas of transaction 0 with 64 validators: {most[0]} within epochs; "
            + $"at their ends {most[1]} (locked in), {most[2]} (put in force), {most[3]} (none)");
        Assert.InRange(most[0], 500_000UL, SteeringProgram.GasLimit * 9 / 10);
        Assert.InRange(most.Max(), 1_000_000UL, SteeringProgram.EpochEndGasLimit / 2);
    }

    private static Func<ChainConfig, ChainConfig> Short(ulong presence) => config => config with
    {
        Staking = config.Staking with
        {
            EpochBlocks = EpochBlocks,
            Presence = presence,
            JailShare = 1_500, // One of seven.
        },
    };

    private static SteeredChain Chain(Action<WorldState> amend, ulong presence = 0) =>
        new(Validators, amend, change: Short(presence));

    /// <summary>As a vote leaves it: revision 2, version 0.2.0.</summary>
    private static Action<WorldState> Proposed(ulong deadlineInSeconds) => world =>
    {
        ulong now = DevelopmentNetwork.GenesisTimeMs / 1_000;
        UInt256[] words =
        [
            new(2, now + deadlineInSeconds, 0, 0),
            UInt256.FromHash256(Second),
            UInt256.FromBigEndian([.. "0.2.0"u8, .. new byte[26], 10]),
        ];
        for (int i = 0; i < words.Length; i++)
        {
            world.SetStorage(PredeployAddresses.Revisions, (UInt256)(ulong)(i + 1), words[i]);
        }
    };

    private static void RunEpochs(SteeredChain chain, int ready, int epochs, int absent = 0)
    {
        for (int i = 0; i < epochs; i++)
        {
            do
            {
                chain.Next(Signals(chain, ready, absent));
            }
            while (chain.Head.Number.Value % EpochBlocks != 0);
        }
    }

    private static IReadOnlyList<SignedObservation> Signals(
        SteeredChain chain, int ready, int absent = 0) =>
    [
        .. chain.Validators.SkipLast(absent).Select((validator, i) => new SignedObservation(
            validator.Address,
            new ObservationReport(
                default,
                new ObservationSignals(i < ready ? Second : Hash256.Zero, Hash256.Zero),
                []).Encode())),
    ];

    /// <summary>Initcode that leaves 30,000 zeros as code.</summary>
    private static byte[] Large() => [0x61, 0x75, 0x30, 0x5f, 0xf3];

    private static bool Deploys(SteeredChain chain, byte[] initcode, int ready) => chain.Next(
        Signals(chain, ready), [chain.CallOf(2, null, initcode, 8_000_000)])
        .Receipts[1].Succeeded;
}
