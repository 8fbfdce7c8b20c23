using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Simulator;
using Homeostat.Steering;
using Xunit.Abstractions;

namespace Homeostat.Replica.Tests;

/// <summary>
/// The block interval moves on a running network, from a second to the tenth of one and back:
/// governance ratifies another, the capacity loop takes it there step by step, and blocks follow,
/// also while a node dies and links are bad.
/// </summary>
public sealed class BlockIntervalTests(ITestOutputHelper output)
{
    private const long Second = 1_000_000;
    private const int Governor = 4;
    private const ulong Slow = 1_000;
    private const ulong Fast = 100;

    private readonly List<(ulong Height, long TimeMs, ulong IntervalMs)> _blocks = [];
    private ChainHead? _head;

    [Fact]
    public void A_second_becomes_a_tenth_and_a_second_again_while_blocks_go_on()
    {
        Cluster cluster = Start();
        cluster.RunUntil(20 * Second);
        Assert.Equal(Slow, _blocks[^1].IntervalMs);
        Assert.InRange(Gap(from: 0), (long)Slow, 1_300);
        int before = _blocks.Count;
        Ratify(cluster, Fast);
        Assert.True(cluster.RunUntil(
            cluster.NowUs + 60 * Second, () => _blocks[^1].IntervalMs == Fast));
        long took = _blocks[^1].TimeMs - _blocks[before].TimeMs;
        int there = _blocks.Count;
        cluster.Stop(0, losesPower: true);
        cluster.Network.Faults = new NetworkFaults { MaxDelayUs = 40_000, LossPerMille = 50 };
        cluster.RunUntil(cluster.NowUs + 5 * Second);
        cluster.Start(0);
        cluster.Network.Faults = NetworkFaults.None;
        cluster.RunUntil(cluster.NowUs + 2 * Second);
        int healed = _blocks.Count;
        cluster.RunUntil(cluster.NowUs + 10 * Second);
        Assert.InRange(Gap(healed), (long)Fast, 160);
        output.WriteLine(
            $"{Slow} to {Fast} ms in {there - before} blocks, {took} ms; then {Gap(healed)} ms "
            + "between blocks (median)");
        Ratify(cluster, Slow);
        Assert.True(cluster.RunUntil(
            cluster.NowUs + 60 * Second, () => _blocks[^1].IntervalMs == Slow));
        int back = _blocks.Count;
        cluster.RunUntil(cluster.NowUs + 15 * Second);
        Assert.InRange(Gap(back), (long)Slow, 1_300);
        StepsAreLegal();
    }

    private Cluster Start()
    {
        DevelopmentNetwork network = DevelopmentNetwork.CreateSignedBy(
            account => new SimulatedSigner(account.Address), reveals: 1_024, validatorCount: 4,
            change: config => config with
            {
                Capacity = config.Capacity with { BlockIntervalMs = Slow },
                Governance = DevelopmentNetwork.ValidatorAccount(0, Governor).Address,
            },
            candidates: 1);
        var cluster = new Cluster(41, new ClusterSetup(network)) { Shown = Show };
        cluster.StartAll();
        cluster.Load(20, 300 * Second);
        return cluster;
    }

    private void Show(ChainHead head)
    {
        if (_head is null || head.Height > _head.Height)
        {
            _head = head;
            _blocks.Add((
                head.Height.Value, head.TimeMs,
                ChainParameters.Read(new SnapshotStorage(head.State)).BlockIntervalMs));
        }
    }

    /// <summary>People's word for another interval; the rest stays as it is.</summary>
    private void Ratify(Cluster cluster, ulong intervalMs)
    {
        Address governor = cluster.Nodes[Governor].Id.Address;
        ChainParameters ratified = DevelopmentNetwork.Capacity;
        byte[] data =
        [
            .. Keccak.Hash("ratify(bytes32,uint64[])"u8).Bytes[..4],
            .. new AbiTuple().Add(SteeringProgram.CapacityLoopName)
                .Add(
                [
                    ratified.GasTargetPerSecond, ratified.GasLimit,
                    ratified.MinimumBaseFee, intervalMs,
                ])
                .Encode(),
        ];
        var unsigned = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = DevelopmentNetwork.ChainId.Value,
            Nonce = _head!.State.GetAccount(governor)?.Nonce ?? 0,
            MaxFee = 100_000_000_000,
            MaxPriorityFee = 1_000_000_000,
            GasLimit = 1_000_000,
            To = PredeployAddresses.Constitution,
            Data = data,
        };
        Signature signature = SimulatedKeys.Sign(governor, unsigned.SigningHash);
        cluster.Submit(1, unsigned.WithSignature(signature).Encoded.ToArray());
    }

    /// <summary>Median time between blocks from one on.</summary>
    private long Gap(int from)
    {
        long[] gaps =
        [
            .. _blocks.Skip(from).Zip(_blocks.Skip(from + 1), (a, b) =>
                (b.TimeMs - a.TimeMs) / (long)(b.Height - a.Height)).Order(),
        ];
        return gaps[gaps.Length / 2];
    }

    /// <summary>A quarter at a time, no two changes in neighbouring blocks, time kept.</summary>
    private void StepsAreLegal()
    {
        ulong changed = 0;
        int changes = 0;
        foreach ((var one, var next) in _blocks.Zip(_blocks.Skip(1)))
        {
            if (next.Height != one.Height + 1)
            {
                continue;
            }
            Assert.True(
                next.TimeMs - one.TimeMs >= (long)one.IntervalMs, $"{one} then {next}");
            if (next.IntervalMs == one.IntervalMs)
            {
                continue;
            }
            ulong step = one.IntervalMs > next.IntervalMs
                ? one.IntervalMs - next.IntervalMs
                : next.IntervalMs - one.IntervalMs;
            Assert.True(step <= Math.Max(1, one.IntervalMs / 4), $"{one} then {next}");
            Assert.True(next.Height >= changed + 2, $"{one} then {next}");
            changed = next.Height;
            changes++;
        }
        Assert.True(changes >= 16, $"{changes} changes");
    }
}
