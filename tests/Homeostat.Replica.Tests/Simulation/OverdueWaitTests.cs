using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Simulator;
using Homeostat.Steering;
using Xunit.Abstractions;

namespace Homeostat.Replica.Tests;

/// <summary>
/// The worst-case wait of docs/spec/ordering.md on production replicas: more comes than blocks
/// take, of three sizes, and whoever has become overdue is in a block within the proven bound,
/// whatever its size, with all validators there and with one that is down.
/// </summary>
public sealed class OverdueWaitTests(ITestOutputHelper output)
{
    private const long Second = 1_000_000;
    private const int PerSecond = 24;
    private const int Seconds = 20;
    private const long OverdueMs = 10_000; // Genesis' value.
    private const ulong GasLimit = 20_000_000;
    private static readonly UInt256 Rich = new UInt256(1) << 80;
    private static readonly ulong[] Sizes = [1_500_000, 5_000_000, 7_000_000];

    private readonly List<Sent> _sent = [];
    private readonly Dictionary<Hash256, ulong> _heights = [];
    private readonly SortedDictionary<ulong, long> _times = [];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_overdue_transaction_of_any_size_waits_longer_than_proven(bool oneIsDown)
    {
        Cluster cluster = Start();
        cluster.RunUntil(3 * Second);
        for (int i = 0; i < PerSecond * Seconds; i++)
        {
            Give(cluster, i, oneIsDown ? 3 : 4);
            if (i == PerSecond && oneIsDown)
            {
                cluster.Stop(3, losesPower: false);
            }
            cluster.RunUntil(cluster.NowUs + Second / PerSecond);
        }
        bool all = cluster.RunUntil(
            cluster.NowUs + 90 * Second, () => _heights.Count == _sent.Count);
        Assert.True(all, $"{_heights.Count} of {_sent.Count} in {_times.Count} blocks");
        output.WriteLine($"{_sent.Count} in {_times.Count} blocks");
        Check();
        Assert.All(cluster.Nodes, node => Assert.Null(node.HaltReason));
    }

    private void Check()
    {
        int[] bounded = new int[Sizes.Length];
        long[] slack = [long.MaxValue, long.MaxValue, long.MaxValue];
        for (int i = 0; i < _sent.Count; i++)
        {
            ulong height = _heights[_sent[i].Hash];
            // The first block whose parent was surely voted for after it had become overdue.
            ulong first = _times.FirstOrDefault(
                block => block.Value >= _sent[i].AtMs + OverdueMs).Key + 1;
            if (first == 1 || height < first)
            {
                continue; // In a block before it was called overdue.
            }
            Sent[] before =
                [.. _sent.Take(i).Where(other => _heights[other.Hash] >= first)];
            ulong largest = Math.Max(_sent[i].Gas, before.Select(other => other.Gas)
                .DefaultIfEmpty(0UL).Max());
            decimal gas = before.Sum(other => (decimal)other.Gas);
            decimal room = Math.Max(1, (decimal)OrderingTerms.LaneGas(GasLimit) - largest);
            long blocks = 1 + (long)Math.Max(
                Math.Ceiling((before.Length + 1) / 16m), Math.Ceiling(gas / room));
            blocks = Math.Min(blocks, before.Length + 2);
            int size = Array.IndexOf(Sizes, _sent[i].Gas);
            bounded[size]++;
            slack[size] = Math.Min(slack[size], (long)first + blocks - 1 - (long)height);
        }
        for (int size = 0; size < Sizes.Length; size++)
        {
            output.WriteLine(
                $"{Sizes[size]} gas: {bounded[size]} overdue waits, {slack[size]} blocks left");
            Assert.True(bounded[size] > 0, $"nothing of {Sizes[size]} gas was overdue");
            Assert.True(slack[size] >= 0, $"{Sizes[size]} gas: {-slack[size]} blocks too late");
        }
    }

    private Cluster Start()
    {
        DevelopmentNetwork network = SimulationRunner.Create(4, config => config with
        {
            Capacity = config.Capacity with
            {
                BlockIntervalMs = 1_000,
                GasLimit = GasLimit,
                GasTargetPerSecond = GasLimit / 2,
            },
        });
        var accounts = new SortedDictionary<Address, GenesisAccount>(network.Genesis.Allocations);
        for (int i = 0; i < PerSecond * Seconds; i++)
        {
            accounts[SenderOf(i)] = new GenesisAccount(Rich, 0, [], []);
        }
        network = network with { Genesis = network.Genesis with { Allocations = accounts } };
        var cluster = new Cluster(53, new ClusterSetup(network)) { Shown = Show };
        cluster.StartAll();
        return cluster;
    }

    private void Show(ChainHead head)
    {
        if (_times.TryAdd(head.Height.Value, head.TimeMs))
        {
            foreach (RecoveredTransaction transaction in head.Transactions.Skip(1))
            {
                _heights[transaction.Hash] = head.Height.Value;
            }
        }
    }

    /// <summary>All validators that are up get it at once, so all have it in one order.</summary>
    private void Give(Cluster cluster, int number, int nodes)
    {
        ulong gas = Sizes[number % 12 == 0 ? 2 : number % 3 == 0 ? 1 : 0];
        Address sender = SenderOf(number);
        var unsigned = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = DevelopmentNetwork.ChainId.Value,
            MaxFee = 100_000_000_000_000,
            // Most pay for speed, which is what makes the others wait.
            MaxPriorityFee = number % 4 != 0 ? 10_000_000_000 : UInt256.Zero,
            GasLimit = gas,
            To = PredeployAddresses.GasBurner, // Uses half of what it declares.
            Data = new UInt256(gas).ToBigEndian(),
        };
        Transaction signed =
            unsigned.WithSignature(SimulatedKeys.Sign(sender, unsigned.SigningHash));
        for (int node = 0; node < nodes; node++)
        {
            cluster.Submit(node, signed.Encoded.ToArray());
        }
        _sent.Add(new Sent(signed.Hash, gas, SimulatedNode.StartMs + cluster.NowUs / 1_000));
    }

    private static Address SenderOf(int number) => Address.FromNumber(0x30000 + (uint)number);

    private readonly record struct Sent(Hash256 Hash, ulong Gas, long AtMs);
}
