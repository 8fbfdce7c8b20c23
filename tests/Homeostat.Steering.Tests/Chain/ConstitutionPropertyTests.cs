using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

/// <summary>
/// Properties of the Constitution over random amendments and proposals, on the contract itself:
/// from a legal vector only a legal one follows, and from whatever amendments have made of it, a
/// legal one is reached. HOMEOSTAT_PROPERTY_ROUNDS lengthens the run.
/// </summary>
public sealed class ConstitutionPropertyTests
{
    private const int Owner = 9;

    private static readonly int Rounds = int.TryParse(
        Environment.GetEnvironmentVariable("HOMEOSTAT_PROPERTY_ROUNDS"), out int rounds)
        ? rounds
        : 2;

    // Bounds narrow, widen and move, other vectors are ratified, invariants tighten, all while
    // decisions go on: whatever is legal stays legal, and the way back ends.
    [Fact]
    public void From_any_reachable_state_a_legal_vector_is_reached_in_finite_steps()
    {
        int illegal = 0;
        int longest = 0;
        for (int round = 0; round < Rounds; round++)
        {
            var random = new SeededRandom(1_000 + (ulong)round);
            var chain = new SteeredChain();
            for (int amendments = 0; amendments < 4; amendments++)
            {
                Wander(chain, random, 10);
                Amend(chain, random);
                illegal += IsLegal(chain) ? 0 : 1;
                longest = Math.Max(longest, ComeBack(chain));
            }
        }
        Assert.True(illegal > Rounds, $"{illegal} states had become illegal");
        // A factor of a thousand in steps of a quarter, two blocks each, is 64.
        Assert.InRange(longest, 1, 128);
    }

    private static void Wander(SteeredChain chain, SeededRandom random, int decisions)
    {
        for (int i = 0; i < decisions; i++)
        {
            bool wasLegal = IsLegal(chain);
            LoopRules rules = Rules(chain);
            ulong[] before = [.. rules.InForce];
            Decide(chain, [.. before.Select(v => Wild(random, v))]);
            LoopRules after = Rules(chain);
            Assert.True(!wasLegal || IsLegal(chain), "a legal vector became illegal");
            for (int f = 0; f < before.Length; f++)
            {
                ulong moved = after.InForce[f] > before[f]
                    ? after.InForce[f] - before[f]
                    : before[f] - after.InForce[f];
                Assert.True(moved <= rules.Actuators[f].StepFrom(before[f]), "a jump");
            }
        }
    }

    // New ratified values and bounds around them; refused amendments change nothing.
    private static void Amend(SteeredChain chain, SeededRandom random)
    {
        for (int attempt = 0; attempt < 40; attempt++)
        {
            LoopRules rules = Rules(chain);
            AbiTuple[] amendments = [.. Enumerable.Range(0, rules.Fields).Select(f =>
            {
                ulong ratified = Math.Max(2, Scale(rules.Actuators[f].Ratified, random));
                ulong low = ratified - random.NextBelow(ratified / 2);
                ulong high = ratified + random.NextBelow(ratified / 2);
                return new AbiTuple().Add(SteeringProgram.CapacityLoopName).Add((UInt256)(ulong)f)
                    .Add((UInt256)low).Add((UInt256)high).Add((UInt256)ratified)
                    .Add(UInt256.Zero).Add((UInt256)2_500UL).Add((UInt256)2UL)
                    .Add((UInt256)(15_000UL + random.NextBelow(30_000UL)));
            })];
            if (Send(chain, Encode(
                "amend((bytes32,uint256,(uint64,uint64,uint64,uint64,uint32,uint32,uint32))[])",
                new AbiTuple().Add(amendments, tuplesAreDynamic: false))))
            {
                return;
            }
        }
    }

    // Homing decisions alone; at most so many of them until the vector is legal.
    private static int ComeBack(SteeredChain chain)
    {
        for (int step = 0; step < 1_000; step++)
        {
            if (IsLegal(chain))
            {
                return step;
            }
            LoopRules rules = Rules(chain);
            ulong[] home = [.. rules.Actuators.Select((a, f) => Toward(
                rules.InForce[f], a, chain.Head.Number.Next))];
            Decide(chain, home);
        }
        return int.MaxValue;
    }

    // One step toward the ratified value, whatever the bounds say.
    private static ulong Toward(ulong from, in ActuatorRules rules, Height height)
    {
        if (rules.IsCooling(height))
        {
            return from;
        }
        ulong step = rules.StepFrom(from);
        return rules.Ratified > from
            ? Math.Min(rules.Ratified, from + step)
            : Math.Max(rules.Ratified, from - Math.Min(from, step));
    }

    private static bool IsLegal(SteeredChain chain)
    {
        LoopRules rules = Rules(chain);
        for (int f = 0; f < rules.Fields; f++)
        {
            ActuatorRules a = rules.Actuators[f];
            UInt128 value = rules.InForce[f];
            if (value < a.Minimum || value > a.Maximum ||
                value * ActuatorRules.Basis > (UInt128)a.Ratified * a.DistanceBasisPoints ||
                (UInt128)a.Ratified * ActuatorRules.Basis > value * a.DistanceBasisPoints)
            {
                return false;
            }
        }
        return rules.Excess(chain.Reader, rules.InForce).IsZero;
    }

    private static LoopRules Rules(SteeredChain chain) =>
        ConstitutionStorage.ReadLoop(chain.Reader, SteeringProgram.CapacityLoopName)!;

    private static void Decide(SteeredChain chain, ulong[] proposal)
    {
        var decision = new DecisionInput(
            SteeringProgram.CapacityLoopName, Hash256.Zero, Hash256.Zero, SteeringFailure.None,
            Fixed.One, Fixed.One, [], proposal, [], [], [], [], [], []);
        chain.Next(alter: call => call with { Decisions = [decision], Outcomes = [] });
    }

    private static ulong Scale(ulong value, SeededRandom random) => random.NextBelow(3) switch
    {
        0 => value,
        1 => value + value * random.NextBelow(200UL) / 100,
        _ => value - value * random.NextBelow(60UL) / 100,
    };

    private static ulong Wild(SeededRandom random, ulong value) => random.NextBelow(8) switch
    {
        0 => random.NextUInt64(),
        1 => value + value / 4,
        2 => value - value / 4,
        3 => value + value / 9,
        4 => value - value / 7,
        _ => value,
    };

    private static bool Send(SteeredChain chain, byte[] data) => chain.Next(
        transactions: [chain.CallOf(Owner, PredeployAddresses.Constitution, data, 4_000_000)],
        alter: call => call with { Decisions = [], Outcomes = [] }).Receipts[1].Succeeded;

    private static byte[] Encode(string signature, AbiTuple arguments) =>
    [
        .. Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(signature)).Bytes[..4],
        .. arguments.Encode(),
    ];
}
