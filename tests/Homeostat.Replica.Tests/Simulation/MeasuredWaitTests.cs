using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Simulator;
using Homeostat.Steering;
using Xunit.Abstractions;

namespace Homeostat.Replica.Tests;

/// <summary>
/// What production replicas measure that the urgent class waits (docs/spec/ordering.md, "The
/// loop"), each transaction given to one node of four: the next block while there is room, longer
/// when more comes than its quotas hold; and its premium follows.
/// </summary>
public sealed class MeasuredWaitTests(ITestOutputHelper output)
{
    private const long Second = 1_000_000;
    private const int Seconds = 12;
    private const ulong Gas = 1_500_000;
    private static readonly UInt256 Rich = new UInt256(1) << 80;

    private readonly SortedDictionary<ulong, (byte[] Waits, ulong Premium)> _told = [];

    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    public void Premiums_follow_what_replicas_measure(int perSecond)
    {
        Cluster cluster = Start(perSecond);
        cluster.RunUntil(3 * Second);
        for (int i = 0; i < perSecond * Seconds; i++)
        {
            cluster.Submit(i % 4, Urgent(i));
            cluster.RunUntil(cluster.NowUs + Second / perSecond);
        }
        ulong genesis = _told.First().Value.Premium;
        ulong premium = _told.Last().Value.Premium;
        byte[] waits = [.. _told.Last().Value.Waits.Order()];
        output.WriteLine($"waits {string.Join(", ", waits)}; premium {genesis} to {premium}");
        Assert.Equal(4, waits.Length);
        if (perSecond > 20)
        {
            Assert.True(waits[1] > 40, $"{waits[1]} / 32 of a block");
            // It fell while nobody had come yet.
            ulong least = _told.Values.Min(block => block.Premium);
            Assert.True(premium > least, $"{genesis} to {least} to {premium}");
        }
        else
        {
            Assert.True(waits[2] is >= 32 and < 40, $"{waits[2]} / 32 of a block");
            Assert.True(premium < genesis, $"{genesis} to {premium}");
        }
        Assert.All(cluster.Nodes, node => Assert.Null(node.HaltReason));
    }

    private Cluster Start(int perSecond)
    {
        DevelopmentNetwork network = SimulationRunner.Create(4, config => config with
        {
            Capacity = config.Capacity with
            {
                BlockIntervalMs = 500,
                GasLimit = 8_000_000,
                GasTargetPerSecond = 8_000_000,
            },
        });
        var accounts = new SortedDictionary<Address, GenesisAccount>(network.Genesis.Allocations);
        for (int i = 0; i < perSecond * Seconds; i++)
        {
            accounts[SenderOf(i)] = new GenesisAccount(Rich, 0, [], []);
        }
        network = network with { Genesis = network.Genesis with { Allocations = accounts } };
        var cluster = new Cluster(59, new ClusterSetup(network)) { Shown = Show };
        cluster.StartAll();
        return cluster;
    }

    private void Show(ChainHead head)
    {
        var state = new SnapshotStorage(head.State);
        var storage = new SteeringStorage(state);
        var waits = new List<byte>();
        foreach (ValidatorEntry validator in ValidatorStorage.Read(state))
        {
            if (storage.TryGetObservation(validator.Address, out Observation seen, out _))
            {
                waits.Add(seen.UrgentWait);
            }
        }
        _told.TryAdd(
            head.Height.Value, ([.. waits], OrderingParameters.Read(state).UrgentPremium));
    }

    private static byte[] Urgent(int number)
    {
        Address sender = SenderOf(number);
        var unsigned = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = DevelopmentNetwork.ChainId.Value,
            MaxFee = 100_000_000_000_000,
            MaxPriorityFee = 10_000_000_000_000,
            GasLimit = Gas,
            To = PredeployAddresses.GasBurner, // Uses half of what it declares.
            Data = new UInt256(Gas).ToBigEndian(),
        };
        return unsigned.WithSignature(SimulatedKeys.Sign(sender, unsigned.SigningHash))
            .Encoded.ToArray();
    }

    private static Address SenderOf(int number) => Address.FromNumber(0x40000 + (uint)number);
}
