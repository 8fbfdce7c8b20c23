using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Steering.Tests;

/// <summary>
/// The language of invariants, on the chain: what governance writes is what binds, across loops,
/// and the contract computes what <see cref="InvariantCode"/> computes.
/// </summary>
public sealed class InvariantTests
{
    private const int Owner = 9;
    private static readonly Hash256 Second = SteeringLoops.NameOf("second");

    [Fact]
    public void Malformed_code_is_refused_by_both()
    {
        var random = new SeededRandom(77);
        var chain = new SteeredChain();
        int accepted = 0;
        for (int i = 0; i < 200; i++)
        {
            byte[] code = RandomCode(random, isSound: i % 2 == 0);
            bool mine = InvariantCode.TryCreate(code, out InvariantCode? made) &&
                made!.Loops != 0 && made.Loops >> Added == 0;
            // Only the ratified vector's obedience is the chain's business beside the form.
            bool theirs = Send(chain, SetInvariant(5, AtMostZero(code)));
            Assert.True(mine == theirs, Hex.Encode(code));
            accepted += mine ? 1 : 0;
        }
        Assert.InRange(accepted, 50, 150);
    }

    // Shifted to be 0 at the ratified vector, an expression binds at once: a proposal with one
    // field moved by one is refused exactly when the C# copy says that the value rises.
    [Fact]
    public void The_contract_and_the_program_compute_the_same()
    {
        var random = new SeededRandom(78);
        int above = 0;
        int checks = 0;
        for (int i = 0; i < 60; i++)
        {
            var chain = new SteeredChain();
            LoopRules rules = ConstitutionStorage.ReadLoop(
                chain.Reader, SteeringProgram.CapacityLoopName)!;
            byte[] bytes = Shifted(RandomCode(random, isSound: true), rules);
            if (!InvariantCode.TryCreate(bytes, out InvariantCode? code))
            {
                continue;
            }
            Assert.True(Send(chain, SetInvariant(7, bytes)), Hex.Encode(bytes));
            chain.Next(alter: call => call with { Decisions = [] });
            ulong[] moved = [.. rules.InForce];
            moved[(int)random.NextBelow(4)] += 1;
            bool isBroken = !Excess(code!, moved, rules).IsZero;
            ushort refusal = Decide(chain, SteeringProgram.CapacityLoopName, moved);
            Assert.True(isBroken == (refusal == (7 << 8 | 7)), Hex.Encode(bytes));
            above += isBroken ? 1 : 0;
            checks++;
        }
        Assert.True(checks > 10 && above > 2, $"{above} of {checks}");
    }

    // The place of a loop that people add.
    private static int Added =>
        GenesisLoops.All(DevelopmentNetwork.Create(1).Genesis.Config).Count;

    // Two loops tied by one invariant: the second may not go where the first would break it.
    [Fact]
    public void An_invariant_binds_the_vectors_of_two_loops()
    {
        var chain = new SteeredChain();
        Assert.True(Send(chain, AddLoop(Second, [1_000, 50])));
        Assert.True(Send(chain, Encode("setMode(bytes32,uint8)",
            new AbiTuple().Add(Second).Add(UInt256.Zero))));
        // second[0] · 100,000 ≤ gas limit: at the gas limit of genesis 600 would just pass.
        InvariantCode tie = new InvariantBuilder()
            .Field(Added, 0).Number(50_000).Multiply().Field(0, 1).Subtract().Build();
        Assert.Equal(1UL | (1UL << Added), tie.Loops);
        Assert.True(Send(chain, SetInvariant(4, tie.Bytes.ToArray())));
        Assert.Equal(0, Decide(chain, Second, [1_200, 50]));
        Assert.Equal(7 << 8 | 4, Decide(chain, Second, [1_201, 50], wait: 2));
        // The first loop is bound by what the second now is.
        Assert.Equal(7 << 8 | 4, Decide(chain, SteeringProgram.CapacityLoopName,
            [20_000_000, 59_999_999, 100_000_000, 250]));
        Assert.Equal([1_200, 50],
            ConstitutionStorage.ReadLoop(chain.Reader, Second)!.InForce);
    }

    [Fact]
    public void Unknown_loops_are_refused_and_names_are_taken_once()
    {
        var chain = new SteeredChain();
        Assert.Equal(9 << 8, Decide(chain, Second, [1]));
        Assert.True(Send(chain, AddLoop(Second, [1, 2, 3, 4, 5, 6, 7, 8])));
        Assert.False(Send(chain, AddLoop(Second, [1])));
        Assert.False(Send(chain, AddLoop(SteeringLoops.NameOf("third"), [])));
        // An invariant over a loop that does not exist yet.
        Assert.False(Send(chain, SetInvariant(5,
            new InvariantBuilder().Field(Added + 1, 0).Build().Bytes.ToArray())));
        Assert.Equal(8, ConstitutionStorage.ReadLoop(chain.Reader, Second)!.Fields);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8],
            ConstitutionStorage.ReadLoop(chain.Reader, Second)!.InForce);
    }

    private static UInt256 Excess(InvariantCode code, IReadOnlyList<ulong> vector, LoopRules rules)
        => code.Excess((_, f) => f < 4 ? vector[f] : 0, (_, p) => rules.Settings[p]);

    // Code less its value at the ratified vector; as it was where that is no uint64.
    private static byte[] Shifted(byte[] code, LoopRules rules)
    {
        if (!InvariantCode.TryCreate(code, out InvariantCode? plain) ||
            !InvariantCode.TryCreate([1, 0, .. code, 0x11], out InvariantCode? negated))
        {
            return [];
        }
        UInt256 over = Excess(plain!, rules.InForce, rules);
        UInt256 under = Excess(negated!, rules.InForce, rules);
        UInt256 size = UInt256.Max(over, under);
        return size.IsUInt64
            ? [.. code, 2, .. size.ToBigEndian()[24..], (byte)(over.IsZero ? 0x10 : 0x11)]
            : [];
    }

    // min(code, 0): whatever it computes, the ratified vector obeys.
    private static byte[] AtMostZero(byte[] code) => [.. code, 1, 0, 0x14];

    private static byte[] RandomCode(SeededRandom random, bool isSound)
    {
        var bytes = new List<byte>();
        int depth = 0;
        int length = 1 + (int)random.NextBelow(14);
        for (int i = 0; i < length || depth > 1; i++)
        {
            if (i < length && (depth < 2 || random.NextBelow(2) == 0) && depth < 8)
            {
                AppendPush(bytes, random);
                depth++;
            }
            else if (depth >= 3 && random.NextBelow(6) == 0)
            {
                bytes.Add(0x17);
                depth -= 2;
            }
            else
            {
                bytes.Add((byte)(0x10 + random.NextBelow(7)));
                depth--;
            }
        }
        if (!isSound)
        {
            bytes[(int)random.NextBelow((ulong)bytes.Count)] = (byte)random.NextBelow(256);
        }
        return [.. bytes];
    }

    private static void AppendPush(List<byte> bytes, SeededRandom random)
    {
        switch (random.NextBelow(4))
        {
            case 0:
                bytes.AddRange([1, (byte)random.NextBelow(256)]);
                break;
            case 1:
                bytes.Add(2);
                bytes.AddRange(((UInt256)random.NextUInt64()).ToBigEndian()[24..]);
                break;
            case 2:
                bytes.AddRange([4, (byte)random.NextBelow(10)]);
                break;
            default:
                bytes.AddRange([3, (byte)random.NextBelow(4)]);
                break;
        }
    }

    private static ushort Decide(
        SteeredChain chain, Hash256 loop, ulong[] proposal, int wait = 0)
    {
        for (int i = 0; i < wait; i++)
        {
            chain.Next(alter: call => call with { Decisions = [] });
        }
        var decision = new DecisionInput(
            loop, Hash256.Zero, Hash256.Zero, SteeringFailure.None, Fixed.One, Fixed.One,
            [], proposal, [], [], [], [], [], []);
        return chain.Next(alter: call => call with { Decisions = [decision] })
            .Decisions[0].ModelRefusal;
    }

    private static bool Send(SteeredChain chain, byte[] data) => chain.Next(
        transactions: [chain.CallOf(Owner, PredeployAddresses.Constitution, data, 4_000_000)],
        alter: call => call with { Decisions = [] }).Receipts[1].Succeeded;

    private static byte[] SetInvariant(ulong index, byte[] code) =>
    [
        .. Encode("setInvariant(uint256,bytes)", new AbiTuple().Add((UInt256)index)
            .Add((UInt256)64UL).Add((UInt256)(ulong)code.Length)),
        .. code, .. new byte[(32 - code.Length % 32) % 32],
    ];

    private static byte[] AddLoop(in Hash256 name, ulong[] values) => Encode(
        "addLoop(bytes32,uint32,bytes32[2]," +
        "(uint64,uint64,uint64,uint64,uint32,uint32,uint32)[])",
        new AbiTuple().Add(name).Add(UInt256.Zero).Add(UInt256.Zero).Add(UInt256.Zero)
            .Add([.. values.Select(Rules)], tuplesAreDynamic: false));

    private static AbiTuple Rules(ulong value) => new AbiTuple()
        .Add(UInt256.Zero).Add((UInt256)1_000_000UL).Add((UInt256)value).Add(UInt256.Zero)
        .Add((UInt256)2_500UL).Add((UInt256)2UL).Add((UInt256)40_000UL);

    private static byte[] Encode(string signature, AbiTuple arguments) =>
    [
        .. Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(signature)).Bytes[..4],
        .. arguments.Encode(),
    ];
}
