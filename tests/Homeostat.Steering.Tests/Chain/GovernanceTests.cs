using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Steering.Tests;

/// <summary>What people may do to the loop, through the predeploys. Account 9 governs, account 8 is
/// the guardian.</summary>
public sealed class GovernanceTests
{
    private const int Owner = 9;
    private const int Guardian = 8;
    private const int Stranger = 0;

    [Fact]
    public void The_guardians_power_ends_with_its_term()
    {
        byte[] off = Encode("switchOff(bytes32)", Loop());
        ulong nextSecond = DevelopmentNetwork.GenesisTimeMs / 1_000 + 1;
        var over = new SteeredChain(amend: world => SetGuardianExpiry(world, nextSecond));
        Assert.False(Send(over, Guardian, PredeployAddresses.Constitution, off, 1_000));
        Assert.Equal(LoopMode.Act, CapacityRules.Read(over.Reader).Mode);

        var last = new SteeredChain(amend: world => SetGuardianExpiry(world, nextSecond + 1));
        Assert.True(Send(last, Guardian, PredeployAddresses.Constitution, off, 1_000));
        Assert.Equal(LoopMode.Off, CapacityRules.Read(last.Reader).Mode);
    }

    [Fact]
    public void The_guardian_may_restrain_a_loop_and_never_loosen_it()
    {
        var chain = new SteeredChain();
        byte[] advise = Encode("switchToAdvise(bytes32)", Loop());
        byte[] off = Encode("switchOff(bytes32)", Loop());
        Assert.False(Send(chain, Stranger, PredeployAddresses.Constitution, advise));
        Assert.True(Send(chain, Guardian, PredeployAddresses.Constitution, advise));
        Assert.Equal(LoopMode.Advise, CapacityRules.Read(chain.Reader).Mode);
        Assert.False(Send(chain, Guardian, PredeployAddresses.Constitution, advise));
        Assert.True(Send(chain, Guardian, PredeployAddresses.Constitution, off));
        Assert.False(Send(chain, Guardian, PredeployAddresses.Constitution, advise));
        Assert.Equal(LoopMode.Off, CapacityRules.Read(chain.Reader).Mode);
    }

    [Fact]
    public void The_owner_may_end_the_guardians_term_and_the_guardian_may_not()
    {
        var chain = new SteeredChain();
        byte[] dismiss = Encode("dismissGuardian()", new AbiTuple());
        Assert.False(Send(chain, Guardian, PredeployAddresses.Constitution, dismiss));
        Assert.True(Send(chain, Owner, PredeployAddresses.Constitution, dismiss));
        Assert.False(Send(chain, Guardian, PredeployAddresses.Constitution,
            Encode("switchOff(bytes32)", Loop())));
    }

    // What is in force stays until decisions step there; off goes to the new one.
    [Fact]
    public void Ratifying_moves_what_the_loop_is_measured_from_and_not_what_is_in_force()
    {
        var chain = new SteeredChain();
        ulong[] wanted = [25_000_000, 70_000_000, 90_000_000, 300];
        // Block 1 makes no decision of its own.
        Assert.True(Send(chain, Owner, PredeployAddresses.Constitution, Ratify(wanted)));
        Assert.Equal(
            wanted, CapacityRules.Read(chain.Reader).Actuators.Select(a => a.Ratified));
        Assert.Equal(DevelopmentNetwork.Capacity, chain.Parameters);
        Assert.False(Send(chain, Stranger, PredeployAddresses.Constitution, Ratify(
            CapacityRuleTests.Values(DevelopmentNetwork.Capacity))));
        Assert.True(Send(chain, Guardian, PredeployAddresses.Constitution,
            Encode("switchOff(bytes32)", Loop())));
        for (int i = 0; i < 60; i++)
        {
            chain.Next();
        }
        Assert.Equal(wanted, CapacityRuleTests.Values(chain.Parameters));
    }

    [Fact]
    public void A_vector_out_of_bounds_or_against_an_invariant_is_not_ratified()
    {
        var chain = new SteeredChain();
        CapacityRules rules = CapacityRules.Read(chain.Reader);
        ulong[] now = CapacityRuleTests.Values(DevelopmentNetwork.Capacity);
        ulong[] under = [rules.GasTarget.Minimum - 1, .. now[1..]];
        ulong[] over = [.. now[..3], rules.BlockInterval.Maximum + 1];
        ulong[] broken = [now[0], now[0] * rules.SecondsPerLimit + 1, now[2], now[3]];
        foreach (ulong[] vector in (ulong[][])[under, over, broken, now[..3]])
        {
            Assert.False(Send(chain, Owner, PredeployAddresses.Constitution, Ratify(vector)));
        }
        Assert.Equal(now, CapacityRules.Read(chain.Reader).Actuators.Select(a => a.Ratified));
    }

    [Fact]
    public void Invariants_are_amended_by_the_owner_and_never_against_the_ratified_vector()
    {
        var chain = new SteeredChain();
        Assert.False(Send(chain, Stranger, PredeployAddresses.Constitution, Invariants(1, 20)));
        Assert.True(Send(chain, Owner, PredeployAddresses.Constitution, Invariants(1, 20)));
        CapacityRules rules = CapacityRules.Read(chain.Reader);
        Assert.Equal((1u, 20u), (rules.IntervalsPerLimit, rules.SecondsPerLimit));
        // The ratified limit holds more seconds of the ratified target than none.
        Assert.False(Send(chain, Owner, PredeployAddresses.Constitution, Invariants(1, 0)));
        Assert.False(Send(chain, Owner, PredeployAddresses.Constitution,
            Invariants(uint.MaxValue, 20)));
        Assert.Equal(20u, CapacityRules.Read(chain.Reader).SecondsPerLimit);
    }

    [Fact]
    public void A_registered_model_becomes_champion_and_acts()
    {
        var chain = new SteeredChain();
        byte[] model = Trees();
        Assert.InRange(model.Length, 100, ModelStorage.BudgetBytes);
        Hash256 hash = Keccak.Hash(model);
        Assert.False(Send(chain, Owner, PredeployAddresses.ModelRegistry, Champion(hash)));
        Assert.False(Send(chain, Stranger, PredeployAddresses.ModelRegistry, Register(model)));
        Assert.True(Send(chain, Owner, PredeployAddresses.ModelRegistry, Register(model)));
        Assert.Equal(
            SteeringFailure.None, ModelStorage.TryRead(chain.Reader, hash, out byte[] stored));
        Assert.Equal(model, stored);
        Assert.False(Send(chain, Stranger, PredeployAddresses.ModelRegistry, Champion(hash)));
        Assert.True(Send(chain, Owner, PredeployAddresses.ModelRegistry, Champion(hash)));
        DecisionEvent decision = chain.NextDecision().Decisions[0];
        Assert.Equal((hash, SteeringFailure.None), (decision.ModelHash, decision.Failure));
        Assert.Equal(DemandFeatures.Count + 1, decision.Attributions.Count);
        Assert.Equal(
            decision.ModelOutput.Raw, decision.Attributions.Sum(share => share.Raw));
        Assert.True(Send(chain, Owner, PredeployAddresses.ModelRegistry, Champion(Hash256.Zero)));
        Assert.Equal(
            SteeringFailure.NoChampion, chain.NextDecision().Decisions[0].Failure);
    }

    [Fact]
    public void The_registry_takes_no_empty_and_no_oversized_model()
    {
        var chain = new SteeredChain();
        Assert.False(Send(chain, Owner, PredeployAddresses.ModelRegistry, Register([])));
        Assert.False(Send(
            chain, Owner, PredeployAddresses.ModelRegistry, Register(new byte[24_577])));
    }

    [Fact]
    public void Who_is_given_ownership_has_it_and_who_gave_it_has_it_no_more()
    {
        foreach (Address contract in (Address[])
            [PredeployAddresses.Constitution, PredeployAddresses.ModelRegistry])
        {
            var chain = new SteeredChain();
            Assert.False(Send(chain, Stranger, contract, Transfer(Stranger)));
            Assert.True(Send(chain, Owner, contract, Transfer(Stranger)));
            Assert.False(Send(chain, Owner, contract, Transfer(Owner)));
            byte[] act = contract == PredeployAddresses.Constitution
                ? Invariants(1, 20)
                : Register([1, 2, 3]);
            Assert.False(Send(chain, Owner, contract, act));
            Assert.True(Send(chain, Stranger, contract, act));
        }
    }

    private static byte[] Trees()
    {
        var random = new SeededRandom(21);
        var rows = new List<Fixed[]>();
        for (int i = 0; i < 400; i++)
        {
            rows.Add([.. Enumerable.Range(0, DemandFeatures.Count)
                .Select(_ => Fixed.FromRaw(random.NextBetween(0, 30L << 32)))]);
        }
        return GradientBoosting.Train(
            10, rows, [.. rows.Select(row => row[0])],
            BoostingOptions.Default with { Trees = 4, Depth = 2 }).Encode();
    }

    private static void SetGuardianExpiry(Ledger.WorldState world, ulong second) =>
        world.SetStorage(
            PredeployAddresses.Constitution, ConstitutionStorage.GuardianSlot,
            DevelopmentNetwork.FundedAccounts[Guardian].Address.ToWord() |
                ((UInt256)second << 160));

    private static bool Send(
        SteeredChain chain, int account, in Address to, byte[] data, ulong elapsedMs = 250) =>
        chain.Next(
            transactions: [chain.CallOf(account, to, data, 8_000_000)], elapsedMs: elapsedMs)
            .Receipts[1].Succeeded;

    private static AbiTuple Loop() => new AbiTuple().Add(SteeringProgram.CapacityLoopName);

    private static byte[] Ratify(ulong[] values) =>
        Encode("ratify(bytes32,uint64[])", Loop().Add(values));

    private static byte[] Invariants(uint intervals, uint seconds)
    {
        LoopSettings settings = LoopParameters.Default.ToSettings(intervals, seconds);
        return Encode("setParameters(bytes32,bytes32[2])",
            Loop().Add(settings.First).Add(settings.Second));
    }

    private static byte[] Champion(in Hash256 model) =>
        Encode("setChampion(bytes32,bytes32)", Loop().Add(model));

    private static byte[] Transfer(int account) => Encode(
        "transferOwnership(address)",
        new AbiTuple().Add(DevelopmentNetwork.FundedAccounts[account].Address));

    // One dynamic argument: its offset, its length, its bytes padded to whole words.
    private static byte[] Register(byte[] model) =>
    [
        .. Encode("register(bytes)",
            new AbiTuple().Add((UInt256)32UL).Add((UInt256)(ulong)model.Length)),
        .. model, .. new byte[(32 - model.Length % 32) % 32],
    ];

    private static byte[] Encode(string signature, AbiTuple arguments) =>
    [
        .. Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(signature)).Bytes[..4],
        .. arguments.Encode(),
    ];
}
