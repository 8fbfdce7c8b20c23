using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Xunit.Abstractions;

namespace Homeostat.Steering.Tests;

/// <summary>
/// The ValidatorSet predeploy on a chain of real blocks: epochs of eight blocks, four validators of
/// weight 10 whose stakes the accounts 0 to 3 own, accounts 4 and up as strangers; account 9
/// governs.
/// </summary>
public sealed class ValidatorSetTests(ITestOutputHelper output)
{
    private const ulong Epoch = 8;
    private const int Owner = 9;
    private static readonly UInt256 Coin = 1_000_000_000_000_000_000;

    [Fact]
    public void Who_bonds_votes_from_the_next_epoch_on_and_weights_are_capped()
    {
        SteeredChain chain = Create();
        DevelopmentAccount joiner = Joiner(1);
        byte[] consent = ConsentTo(chain, joiner, 4);
        Assert.False(Send(chain, 5, Join(joiner, "", consent), Coin));
        Assert.False(Send(chain, 4, Join(joiner, "", consent), Coin - UInt256.One));
        Assert.True(Send(chain, 4, Join(joiner, "city.example:30303", consent), Coin * 1_000UL));
        Assert.False(Send(chain, 4, Join(joiner, "", consent), Coin));
        Assert.DoesNotContain(Set(chain), v => v.Address == joiner.Address);
        ToEpoch(chain, 1);
        ValidatorEntry entered = Set(chain).Single(v => v.Address == joiner.Address);
        Assert.Equal(
            "city.example:30303", ValidatorStorage.ReadNodeAddress(chain.Reader, joiner.Address));
        // The others have 40: c ≤ 0.33 (40 + c) for c up to 19.
        Assert.Equal(19UL, entered.Weight);
        Assert.Equal(Set(chain).Select(v => v.Address).Order(), Set(chain).Select(v => v.Address));
        Assert.Equal(4, ValidatorStorage.ReadPrevious(chain.Reader).Count);
        ToEpoch(chain, 2);
        Assert.Equal(5, ValidatorStorage.ReadPrevious(chain.Reader).Count);
    }

    [Fact]
    public void The_set_hash_of_the_contract_is_the_one_blocks_name()
    {
        SteeredChain chain = Create(weight: 1_000);
        var set = ValidatorSet.Create(
            Set(chain).Select(v => new Validator(v.Address, v.Weight)));
        byte[] result = Call(chain, "setHash()", new AbiTuple());
        Assert.Equal(set.Hash, new Hash256(result));
    }

    [Fact]
    public void Who_leaves_votes_to_the_end_of_the_epoch_and_is_paid_after_unbonding()
    {
        SteeredChain chain = Create();
        Address leaver = chain.Validators[0].Address;
        Assert.False(Send(chain, 1, Encode("exit(address)", new AbiTuple().Add(leaver))));
        Assert.True(Send(chain, 0, Encode("exit(address)", new AbiTuple().Add(leaver))));
        Assert.Equal(4, Set(chain).Count);
        ToEpoch(chain, 1);
        Assert.Equal(3, Set(chain).Count);
        byte[] withdraw = Encode("withdraw(address)", new AbiTuple().Add(leaver));
        ToEpoch(chain, 4);
        Assert.False(Send(chain, 0, withdraw));
        // Left in epoch 0, so the four epochs of unbonding are 1 to 4.
        ToEpoch(chain, 5);
        UInt256 before = chain.State.GetAccount(PredeployAddresses.ValidatorSet)!.Balance;
        Assert.True(Send(chain, 0, withdraw));
        Assert.Equal(
            Coin * 10UL,
            before - chain.State.GetAccount(PredeployAddresses.ValidatorSet)!.Balance);
        Assert.False(Send(chain, 0, withdraw));
    }

    [Fact]
    public void Two_votes_that_no_honest_validator_gives_cost_stake_and_seat()
    {
        SteeredChain chain = Create();
        chain.Next();
        DevelopmentAccount bad = chain.Validators[2];
        var first = Signed(chain, bad, VoteKind.Notarize, 7, Keccak.Hash([1]), [1]);
        var other = Signed(chain, bad, VoteKind.Notarize, 7, Keccak.Hash([1]), [2]);
        var nullify = Signed(chain, bad, VoteKind.Nullify, 7, Hash256.Zero, []);
        var later = Signed(chain, bad, VoteKind.Notarize, 8, Keccak.Hash([2]), []);
        var others = Signed(
            chain, chain.Validators[1], VoteKind.Notarize, 7, Keccak.Hash([2]), []);
        Assert.False(Send(chain, 5, Slash(first, first)));
        Assert.False(Send(chain, 5, Slash(first, nullify)));
        Assert.False(Send(chain, 5, Slash(first, later)));
        Assert.False(Send(chain, 5, Slash(first, others)));
        UInt256 before = chain.State.GetAccount(PredeployAddresses.ValidatorSet)!.Balance;
        Assert.True(Send(chain, 5, Slash(first, other)));
        Assert.Equal(
            Coin * 2UL,
            before - chain.State.GetAccount(PredeployAddresses.ValidatorSet)!.Balance);
        Assert.False(Send(chain, 5, Slash(first, other)));
        ToEpoch(chain, 1);
        Assert.DoesNotContain(Set(chain), v => v.Address == bad.Address);
        Assert.Equal(3, Set(chain).Count);
    }

    [Fact]
    public void Finalize_beside_nullify_is_evidence_until_it_expires()
    {
        SteeredChain chain = Create();
        DevelopmentAccount bad = chain.Validators[2];
        ToEpoch(chain, 3);
        var nullify = Signed(chain, bad, VoteKind.Nullify, 7, Hash256.Zero, []);
        var finalize = Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([1]), []);
        // Two epochs is as long as votes are evidence: these are of epoch 0.
        Assert.False(Send(chain, 5, Slash(nullify, finalize)));
        nullify = Signed(chain, bad, VoteKind.Nullify, 7, Hash256.Zero, [], epoch: 1);
        finalize = Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([1]), [], epoch: 1);
        Assert.True(Send(chain, 5, Slash(nullify, finalize)));
    }

    [Fact]
    public void Who_left_can_be_slashed_as_long_as_evidence_lasts()
    {
        SteeredChain chain = Create();
        DevelopmentAccount bad = chain.Validators[2];
        Assert.True(Send(
            chain, 2, Encode("exit(address)", new AbiTuple().Add(bad.Address))));
        ToEpoch(chain, 2);
        Assert.DoesNotContain(Set(chain), v => v.Address == bad.Address);
        var one = Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([1]), []);
        var two = Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([2]), []);
        UInt256 before = chain.State.GetAccount(PredeployAddresses.ValidatorSet)!.Balance;
        Assert.True(Send(chain, 5, Slash(one, two)));
        Assert.Equal(
            Coin * 2UL,
            before - chain.State.GetAccount(PredeployAddresses.ValidatorSet)!.Balance);
    }

    [Fact]
    public void Evidence_in_a_payload_is_brought_by_transaction_0_and_fails_no_block()
    {
        SteeredChain chain = Create();
        chain.Next();
        DevelopmentAccount bad = chain.Validators[2];
        var one = Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([1]), []);
        var two = Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([2]), []);
        // What shows nothing costs its block nothing but gas.
        chain.Next(evidence: Slash(one, one));
        Assert.True(ValidatorStorage.CanSlash(chain.Reader, bad.Address, 0, 0));
        Assert.False(ValidatorStorage.CanSlash(chain.Reader, bad.Address, 1, 0));
        UInt256 before = chain.State.GetAccount(PredeployAddresses.ValidatorSet)!.Balance;
        SteeredBlock block = chain.Next(evidence: Slash(one, two));
        Assert.True(block.Receipts[0].Succeeded);
        Assert.True(block.SteeringGas < SteeringProgram.GasLimit / 2, $"{block.SteeringGas}");
        Assert.False(ValidatorStorage.CanSlash(chain.Reader, bad.Address, 0, 0));
        Assert.Equal(
            Coin * 2UL,
            before - chain.State.GetAccount(PredeployAddresses.ValidatorSet)!.Balance);
        // A twentieth is the proposer's, who signs everything here.
        Assert.Equal(
            Coin / 10UL, chain.State.GetAccount(chain.Validators[0].Address)!.Balance);
        ToEpoch(chain, 1);
        Assert.DoesNotContain(Set(chain), v => v.Address == bad.Address);
    }

    [Fact]
    public void An_epochs_last_block_takes_no_evidence()
    {
        SteeredChain chain = Create();
        chain.Next();
        DevelopmentAccount bad = chain.Validators[2];
        byte[] evidence = Slash(
            Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([1]), []),
            Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([2]), []));
        while (chain.Head.Number.Value + 1 < Epoch)
        {
            chain.Next();
        }
        chain.Next(evidence: evidence);
        Assert.True(ValidatorStorage.CanSlash(chain.Reader, bad.Address, 0, 1));
        chain.Next(evidence: evidence);
        Assert.False(ValidatorStorage.CanSlash(chain.Reader, bad.Address, 0, 1));
    }

    [Fact]
    public void An_epoch_that_ended_early_moves_the_contracts_number_on()
    {
        SteeredChain chain = Create();
        ulong Number() =>
            UInt256.FromBigEndian(Call(chain, "epoch()", new AbiTuple())).U0;
        chain.Next();
        Assert.Equal(0UL, Number());
        // A recovery ended epoch 0 at block 1, so block 2 is of epoch 1.
        chain.Next(epoch: 1);
        Assert.Equal(1UL, Number());
        DevelopmentAccount bad = chain.Validators[2];
        var one = Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([1]), [], epoch: 1);
        var two = Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([2]), [], epoch: 1);
        Assert.True(Send(chain, 5, Slash(one, two)));
        SteeredBlock? last = null;
        ToEpoch(chain, 1, last: block => last = block);
        EpochBegunEvent begun = last!.Receipts[0].Logs
            .Select(log => EpochBegunEvent.TryDecode(log.Topics, log.Data, out var e) ? e : null)
            .OfType<EpochBegunEvent>().Single();
        var set = ValidatorSet.Create(
            Set(chain).Select(v => new Validator(v.Address, v.Weight)));
        Assert.Equal(
            (2UL, Epoch + 1, 30UL, set.Hash),
            (begun.Epoch, begun.FirstBlock, begun.Weight, begun.SetHash));
        Assert.Equal(Set(chain), begun.Validators);
        chain.Next();
        Assert.Equal(2UL, Number());
    }

    [Fact]
    public void Who_is_absent_for_an_epoch_sits_out_and_comes_back_by_its_owners_word()
    {
        SteeredChain chain = Create(validators: 5);
        Address absent = chain.Validators[3].Address;
        byte[] unjail = Encode("unjail(address)", new AbiTuple().Add(absent));
        ToEpoch(chain, 1, absent: 3);
        Assert.DoesNotContain(Set(chain), v => v.Address == absent);
        Assert.False(Send(chain, 3, unjail));
        ToEpoch(chain, 2);
        Assert.DoesNotContain(Set(chain), v => v.Address == absent);
        Assert.False(Send(chain, 0, unjail));
        Assert.True(Send(chain, 3, unjail));
        ToEpoch(chain, 3);
        Assert.Contains(Set(chain), v => v.Address == absent);
        // Four are as few as bear a fault: none of them goes, however long it is away.
        ToEpoch(chain, 4, absent: 3);
        ToEpoch(chain, 5, absent: 0);
        Assert.Equal(4, Set(chain).Count);
    }

    [Fact]
    public void A_member_stands_with_its_stake_its_counts_and_its_sentence()
    {
        SteeredChain chain = Create(validators: 5);
        Address absent = chain.Validators[3].Address;
        ValidatorStanding Of(Address member) =>
            ValidatorStanding.ReadAll(chain.Reader).Single(x => x.Address == member);
        ToEpoch(chain, 1, absent: 3);
        for (int i = 0; i < 3; i++)
        {
            chain.Next([.. chain.Validators.Where((_, v) => v is not 2 and not 3).Select(
                v => new SignedObservation(v.Address, SteeredChain.Report(default)))]);
        }
        IReadOnlyList<ValidatorStanding> all = ValidatorStanding.ReadAll(chain.Reader);
        Assert.Equal(all.Select(x => x.Address).Order(), all.Select(x => x.Address));
        Assert.Equal(5, all.Count);
        // Absent in epoch 0: out of the set, its stake still there, jailed for epoch 1.
        Assert.Equal((0UL, 0, 0UL), (Of(absent).Weight, Of(absent).Turns, Of(absent).Present));
        Assert.Equal(2UL, Of(absent).Stake.JailedUntil);
        Assert.Equal(Coin * 10UL, Of(absent).Stake.Stake);
        Assert.Equal(DevelopmentNetwork.FundedAccounts[3].Address, Of(absent).Stake.Owner);
        Assert.Equal(3UL, Of(chain.Validators[0].Address).Present);
        Assert.Equal(0UL, Of(chain.Validators[2].Address).Present);
        Assert.True(Of(chain.Validators[2].Address).Turns > 0);
        Assert.True(Send(chain, 1, Encode(
            "exit(address)", new AbiTuple().Add(chain.Validators[1].Address))));
        StakeRecord leaving = Of(chain.Validators[1].Address).Stake;
        Assert.True(leaving is { IsLeaving: true, IsTombstoned: false, JailedUntil: 0 });
        Assert.True(leaving.Stake.IsZero);
        DevelopmentAccount bad = chain.Validators[2];
        Assert.True(Send(chain, 5, Slash(
            Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([1]), [], epoch: 1),
            Signed(chain, bad, VoteKind.Finalize, 7, Keccak.Hash([2]), [], epoch: 1))));
        Assert.True(Of(bad.Address).Stake is { IsTombstoned: true, IsLeaving: true });
    }

    [Fact]
    public void A_permissioned_network_takes_whom_governance_admits()
    {
        SteeredChain chain = Create(permissioned: true);
        DevelopmentAccount joiner = Joiner(1);
        byte[] join = Join(joiner, "", ConsentTo(chain, joiner, 4));
        byte[] Admit(bool isAdmitted) => Encode("admit(address,bool)",
            new AbiTuple().Add(joiner.Address).Add((UInt256)(isAdmitted ? 1UL : 0UL)));
        Assert.False(Send(chain, 4, join, Coin * 10UL));
        Assert.False(Send(chain, 4, Admit(true)));
        Assert.True(Send(chain, Owner, Admit(true)));
        Assert.True(Send(chain, 4, join, Coin * 10UL));
        ToEpoch(chain, 1);
        Assert.Contains(Set(chain), v => v.Address == joiner.Address);
        Assert.True(Send(chain, Owner, Admit(false)));
        ToEpoch(chain, 2);
        Assert.DoesNotContain(Set(chain), v => v.Address == joiner.Address);
    }

    // Who joined during the epoch has no part in what came in before it voted.
    [Fact]
    public void The_protocol_shares_an_epochs_fees_by_the_weights_it_had()
    {
        UInt256 came = Coin;
        SteeredChain chain = Create(amend: world => world.AddBalance(Fees, came));
        DevelopmentAccount joiner = Joiner(1);
        Assert.True(Send(chain, 4, Join(joiner, "", ConsentTo(chain, joiner, 4)), Coin * 10UL));
        ToEpoch(chain, 1);
        Assert.True(Owed(chain, chain.Validators[0].Address).IsZero);
        chain.Next();
        Assert.All(
            chain.Validators, v => Assert.Equal(came / 4UL, Owed(chain, v.Address)));
        Assert.Contains(Set(chain), v => v.Address == joiner.Address);
        Assert.True(Owed(chain, joiner.Address).IsZero);
        // Nothing is shared twice, whoever asks for it.
        Assert.True(Send(chain, 5, Encode("share()", new AbiTuple()), to: Fees));
        Assert.False(Send(chain, 5, Encode("distribute()", new AbiTuple()), to: Fees));
        ToEpoch(chain, 2);
        chain.Next();
        Address first = chain.Validators[0].Address;
        Assert.Equal(came / 4UL, Owed(chain, first));
        UInt256 before = chain.State.GetAccount(first)?.Balance ?? UInt256.Zero;
        byte[] withdraw = Encode("withdraw(address)", new AbiTuple().Add(first));
        Assert.True(Send(chain, 6, withdraw, to: Fees));
        Assert.Equal(before + came / 4UL, chain.State.GetAccount(first)!.Balance);
        Assert.False(Send(chain, 6, withdraw, to: Fees));
    }

    private static Address Fees => PredeployAddresses.FeePool;

    private static UInt256 Owed(SteeredChain chain, in Address validator) =>
        UInt256.FromHash256(new Hash256(chain.Read(
            Fees, Encode("owed(address)", new AbiTuple().Add(validator)))));

    [Theory]
    [InlineData(5, 1)]
    [InlineData(6, 2)]
    [InlineData(7, 0)]
    [InlineData(10, 1)]
    [InlineData(20, 2)]
    public void No_more_sit_in_jail_than_those_who_stay_can_do_without(int validators, int most)
    {
        // A tenth by consent of governance; what leaves a third less one faulty, for nothing.
        SteeredChain chain = Create(validators);
        ToEpoch(chain, 1, absent: -2);
        Assert.Equal(validators - most, Set(chain).Count);
        ToEpoch(chain, 2, absent: -2);
        Assert.Equal(validators - most, Set(chain).Count);
    }

    [Fact]
    public void The_largest_set_changes_whole_within_transaction_0s_gas()
    {
        // All leave the old weights behind, an eighth is absent, and a loop decides.
        SteeredChain chain = Create(64, more: 64, weight: 5_000_000_000_000_000);
        Assert.Equal(128, Set(chain).Count);
        ulong most = 0;
        for (ulong epoch = 1; epoch < 4; epoch++)
        {
            ToEpoch(chain, epoch, absent: -2, last: block =>
            {
                Assert.True(block.Receipts[0].Succeeded);
                most = Math.Max(most, block.SteeringGas);
            });
            Assert.Equal(
                epoch, UInt256.FromBigEndian(Call(chain, "setEpoch()", new AbiTuple())).U0);
        }
        output.WriteLine($"most gas of an epoch's last transaction 0: {most}");
        // An epoch of eight blocks has seven in which fees are shared.
        ulong usual = 0;
        ToEpoch(chain, 4, each: block => usual = chain.Head.Number.Value % Epoch == 0
            ? usual
            : Math.Max(usual, block.SteeringGas));
        Assert.True(usual < SteeringProgram.GasLimit, $"{usual}");
        // Rules have at most so much, whatever they do (Steering.sol, RULES_GAS).
        Assert.True(most + 1_100_000 < SteeringProgram.EpochEndGasLimit * 9 / 10, $"{most}");
    }

    [Fact]
    public void Fees_of_the_largest_set_are_shared_within_transaction_0s_gas()
    {
        SteeredChain chain = Create(
            validators: 64, weight: 10, amend: world => world.AddBalance(Fees, Coin));
        ToEpoch(chain, 1);
        Assert.Equal(64, ValidatorStorage.ReadPrevious(chain.Reader).Count);
        // An epoch of eight blocks has seven in which fees are shared: 56 of the 64 get theirs.
        ulong most = 0;
        ToEpoch(chain, 2, each: block => most = Math.Max(most, block.SteeringGas));
        Assert.True(most < SteeringProgram.GasLimit, $"{most}");
        Assert.Equal(
            56, chain.Validators.Count(v => Owed(chain, v.Address) == Coin / 64UL));
    }

    private static SteeredChain Create(
        int validators = 4, ulong weight = 10, bool permissioned = false, int more = 0,
        Action<WorldState>? amend = null) =>
        new(validators, amend, change: config => config with
        {
            Staking = config.Staking with
            {
                EpochBlocks = Epoch,
                UnbondingEpochs = 4,
                EvidenceEpochs = 2,
                JailEpochs = 1,
                Permissioned = permissioned,
            },
            Validators =
            [
                .. config.Validators.Concat(More(more)).OrderBy(v => v.Address)
                    .Select((v, i) => v with
                {
                    Weight = weight + (ulong)i * (weight >> 20),
                    Owner = DevelopmentNetwork.FundedAccounts[i % 4].Address,
                }),
            ],
        });

    private static IEnumerable<GenesisValidator> More(int count) => Enumerable.Range(1, count)
        .Select(i => new GenesisValidator(Joiner((ulong)i).Address, 1, ""));

    private static IReadOnlyList<ValidatorEntry> Set(SteeredChain chain) =>
        ValidatorStorage.Read(chain.Reader);

    // Runs until the epoch's validators stand in the state; absent: one of them, or -2: the four
    // lowest by address (and those whose keys the chain does not have).
    private static void ToEpoch(
        SteeredChain chain, ulong epoch, int absent = -1, Action<SteeredBlock>? last = null,
        Action<SteeredBlock>? each = null)
    {
        while (chain.Head.Number.Value < epoch * Epoch)
        {
            byte[] report = SteeredChain.Report(default);
            SteeredBlock block = chain.Next(
            [
                .. chain.Validators.Where((_, i) => absent == -2 ? i > 3 : i != absent)
                    .Select(v => new SignedObservation(v.Address, report)),
            ]);
            each?.Invoke(block);
            if (chain.Head.Number.Value == epoch * Epoch)
            {
                last?.Invoke(block);
            }
        }
    }

    private static DevelopmentAccount Joiner(ulong index)
    {
        Hash256 key = Keccak.Hash([(byte)index]);
        return new DevelopmentAccount(Secp256k1.AddressOf(key), key);
    }

    private static byte[] ConsentTo(SteeredChain chain, DevelopmentAccount joiner, int owner)
    {
        if (chain.Head.Number == Height.Genesis)
        {
            chain.Next(); // Block 1 notes what signatures are bound to.
        }
        Hash256 type = Keccak.Hash("Consent(address owner)"u8);
        byte[] words = new AbiTuple().Add(type)
            .Add(DevelopmentNetwork.FundedAccounts[owner].Address).Encode();
        Signature signature = Secp256k1.Sign(
            new VoteDigests(Network(chain)).OfStruct(Keccak.Hash(words)), joiner.PrivateKey);
        byte[] bytes = new byte[65];
        signature.R.WriteBigEndian(bytes.AsSpan(0, 32));
        signature.S.WriteBigEndian(bytes.AsSpan(32, 32));
        bytes[64] = (byte)(signature.YParity ? 28 : 27);
        return bytes;
    }

    private static ConsensusConfig Network(SteeredChain chain) =>
        new(DevelopmentNetwork.ChainId, chain.GenesisHash);

    private static Vote Signed(
        SteeredChain chain, DevelopmentAccount signer, VoteKind kind, ulong view,
        in Hash256 block, byte[] observation, ulong epoch = 0)
    {
        var vote = new Vote(
            kind, new Epoch(epoch), new View(view), block, default, observation, default);
        Hash256 digest = new VoteDigests(Network(chain)).Of(vote);
        return vote with { Signature = Secp256k1.Sign(digest, signer.PrivateKey) };
    }

    private static byte[] Join(DevelopmentAccount joiner, string node, byte[] consent)
    {
        byte[] text = System.Text.Encoding.UTF8.GetBytes(node);
        byte[] padded = [.. text, .. new byte[(32 - text.Length % 32) % 32]];
        byte[] tail =
        [
            .. new UInt256((ulong)text.Length).ToBigEndian(), .. padded,
            .. new UInt256((ulong)consent.Length).ToBigEndian(), .. consent,
            .. new byte[(32 - consent.Length % 32) % 32],
        ];
        return
        [
            .. Encode("join(address,string,bytes)", new AbiTuple().Add(joiner.Address)
                .Add((UInt256)96UL).Add((UInt256)(ulong)(96 + 32 + padded.Length))),
            .. tail,
        ];
    }

    private static byte[] Slash(Vote first, Vote second) => EvidenceCall.Encode(
        new Evidence(first, second));

    private static bool Send(
        SteeredChain chain, int account, byte[] data, UInt256 value = default,
        Address? to = null) =>
        chain.Next(
            [.. chain.Validators.Select(
                v => new SignedObservation(v.Address, SteeredChain.Report(default)))],
            [chain.CallOf(
                account, to ?? PredeployAddresses.ValidatorSet, data, 8_000_000, value)])
            .Receipts[1].Succeeded;

    private static byte[] Call(SteeredChain chain, string signature, AbiTuple arguments) =>
        chain.Read(PredeployAddresses.ValidatorSet, Encode(signature, arguments));

    private static byte[] Encode(string signature, AbiTuple arguments) =>
    [
        .. Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(signature)).Bytes[..4],
        .. arguments.Encode(),
    ];
}
