using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Xunit.Abstractions;

namespace Homeostat.Steering.Tests;

/// <summary>
/// How far an adversary gets that controls every model, every twin and every rule: the
/// Constitution's own code on the EVM rules on whatever it proposes. How long it tries is set by
/// HOMEOSTAT_ENVELOPE_EPOCHS
/// (100,000 for the full run; the gate's form is shorter).
/// </summary>
public sealed class EnvelopeTests(ITestOutputHelper output)
{
    private const ulong CooldownBlocks = 2;
    private const ulong BlockMs = 250;
    private const ulong DayMs = 86_400_000;

    private static int Epochs => int.TryParse(
        Environment.GetEnvironmentVariable("HOMEOSTAT_ENVELOPE_EPOCHS"), out int epochs)
            ? epochs
            : 1_500;

    [Fact]
    public void An_adversary_in_every_place_never_leaves_the_envelope()
    {
        var law = new Law();
        var random = new SeededRandom(0xe57e);
        LoopRules genesis = law.Rules;
        int applied = 0;
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            law.Height += (ulong)random.NextBetween(1, 4);
            ulong[] model = Hostile(random, law.Rules);
            ulong[] twin = Hostile(random, law.Rules);
            bool isRule = random.NextBetween(0, 3) == 0;
            if (isRule)
            {
                law.DecideByRule(model, (ulong)random.NextBetween(0, 20));
            }
            else
            {
                law.Decide(model, twin);
            }
            LoopRules now = law.Rules;
            applied += now.InForce.SequenceEqual(genesis.InForce) ? 0 : 1;
            for (int i = 0; i < now.Fields; i++)
            {
                ActuatorRules rules = now.Actuators[i];
                Assert.InRange(now.InForce[i], rules.LeastLegal, rules.GreatestLegal);
                Assert.Equal(genesis.Actuators[i].Ratified, rules.Ratified);
                Assert.Equal(genesis.Actuators[i].Maximum, rules.Maximum);
            }
            Assert.Equal(UInt256.Zero, now.Excess(law, now.InForce));
        }
        Assert.InRange(applied, Epochs / 4, Epochs);
        output.WriteLine($"{Epochs} epochs, {applied} of them away from the ratified vector");
    }

    // The minimum base fee stands in no invariant: step, cooldown and distance alone bound it.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_most_damage_a_day_is_what_the_closed_form_says(bool raises)
    {
        const int field = 2;
        var law = new Law();
        LoopRules rules = law.Rules;
        ulong ratified = rules.Actuators[field].Ratified;
        UInt128 damage = 0;
        ulong decisions = DayMs / (CooldownBlocks * BlockMs);
        ulong moving = 24;
        for (ulong n = 0; n < moving; n++)
        {
            law.Height += CooldownBlocks;
            ulong[] wanted = [.. law.Rules.InForce];
            ActuatorRules actuator = law.Rules.Actuators[field];
            wanted[field] = actuator.Step(wanted[field],
                raises ? actuator.GreatestLegal : actuator.LeastLegal, new Height(law.Height));
            law.Decide(wanted, wanted);
            Assert.Equal(wanted, law.Rules.InForce);
            damage += Distance(law.Rules.InForce[field], ratified);
        }
        ulong extreme = law.Rules.InForce[field];
        damage += (UInt128)(decisions - moving) * Distance(extreme, ratified);

        double step = rules.Actuators[field].StepBasisPoints / 10_000.0;
        double factor = rules.Actuators[field].DistanceBasisPoints / 10_000.0;
        double closed = ClosedForm(ratified, step, factor, decisions, raises);
        double got = (double)damage / decisions;
        output.WriteLine(
            $"{(raises ? "up" : "down")}: mean distance over a day {got:N0} wei by attack, "
            + $"{closed:N0} by closed form; at most {ratified * (factor - 1):N0}");
        Assert.InRange(got / closed, 0.999, 1.001);
    }

    // With q = 1 ± step, the vector is r q^k after k decisions until n = ⌊ln D / |ln q|⌋, then at
    // its extreme r D (or r / D): a geometric sum, and the rest of the day.
    private static double ClosedForm(
        double ratified, double step, double factor, double decisions, bool raises)
    {
        double q = raises ? 1 + step : 1 - step;
        double n = Math.Floor(Math.Log(factor) / Math.Abs(Math.Log(q)));
        double sum = ratified * (q * (Math.Pow(q, n) - 1) / (q - 1) - n);
        double extreme = ratified * (raises ? factor - 1 : 1 / factor - 1);
        return Math.Abs(sum + (decisions - n) * extreme) / decisions;
    }

    private static ulong Distance(ulong a, ulong b) => a > b ? a - b : b - a;

    // Anything: random words, extremes, and what is just inside or outside of each law.
    private static ulong[] Hostile(SeededRandom random, LoopRules rules)
    {
        ulong[] vector = [.. rules.InForce];
        for (int i = 0; i < vector.Length; i++)
        {
            ActuatorRules actuator = rules.Actuators[i];
            ulong step = actuator.StepFrom(vector[i]);
            vector[i] = random.NextBetween(0, 12) switch
            {
                0 => (ulong)random.NextBetween(0, long.MaxValue),
                1 => ulong.MaxValue,
                2 => 0,
                3 => vector[i] + step + 1,
                4 or 5 => vector[i] + step,
                6 or 7 => vector[i] - Math.Min(vector[i], step),
                8 => actuator.GreatestLegal,
                9 => actuator.LeastLegal,
                10 => vector[i] + (ulong)random.NextBetween(0, (long)step + 1),
                _ => vector[i],
            };
        }
        return random.NextBetween(0, 64) == 0 ? vector[..^1] : vector;
    }

    /// <summary>The Constitution of genesis alone, its code run call by call.</summary>
    private sealed class Law : IStorageReader
    {
        private const ulong Gas = 2_000_000;
        private readonly EvmEngine _engine = new();
        private readonly WorldState _world =
            new(WorldSnapshot.Empty(new MemoryNodeSource()));

        public Law()
        {
            SortedDictionary<Address, GenesisAccount> genesis =
                DevelopmentNetwork.Create(1).Genesis.Allocations;
            GenesisAccount account = genesis[PredeployAddresses.Constitution];
            Address code = PredeployAddresses.ImplementationOf(PredeployAddresses.Constitution);
            _world.SetCode(PredeployAddresses.Constitution, new Code(account.Code));
            _world.SetCode(code, new Code(genesis[code].Code));
            foreach ((UInt256 slot, UInt256 value) in account.Storage)
            {
                _world.SetStorage(PredeployAddresses.Constitution, slot, value);
            }
            _world.EndTransaction(clearsEmptyAccounts: false);
        }

        public ulong Height { get; set; } = 10;

        public LoopRules Rules =>
            ConstitutionStorage.ReadLoop(this, SteeringProgram.CapacityLoopName)!;

        public UInt256 Read(in Address contract, in UInt256 slot) =>
            _world.GetStorage(contract, slot);

        public void Decide(ulong[] model, ulong[] twin) => Call(
            PredeployAddresses.Steering, AbiCall.Encode("decide(bytes32,uint64[],uint64[])",
                new AbiTuple().Add(SteeringProgram.CapacityLoopName).Add(model).Add(twin)));

        public void DecideByRule(ulong[] vector, ulong hold) => Call(
            PredeployAddresses.RuleBook, AbiCall.Encode("decideByRule(bytes32,uint64[],uint32)",
                new AbiTuple().Add(SteeringProgram.CapacityLoopName).Add(vector)
                    .Add((UInt256)hold)));

        private void Call(Address from, byte[] data)
        {
            var context = new EvmContext(
                _world, ForkRules.For(Fork.Osaka),
                new BlockEnvironment
                {
                    Coinbase = default,
                    Number = Height,
                    Timestamp = DevelopmentNetwork.GenesisTimeMs / 1_000 + Height,
                    GasLimit = Gas,
                    BaseFee = UInt256.Zero,
                    ChainId = 1,
                    BlockHashes = new NoHashes(),
                },
                new TransactionEnvironment { Origin = from });
            CallResult result = _engine.Execute(context, new CallMessage(
                CallKind.Call, from, PredeployAddresses.Constitution, UInt256.Zero, Gas, data));
            Assert.True(result.IsSuccess);
            _world.EndTransaction(clearsEmptyAccounts: false);
        }

        private sealed class NoHashes : IBlockHashes
        {
            public Hash256 Get(ulong number) => Hash256.Zero;
        }
    }
}
