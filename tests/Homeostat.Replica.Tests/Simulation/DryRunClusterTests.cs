using Homeostat.Evm;
using Homeostat.Primitives;
using Homeostat.Simulator;
using Homeostat.Steering;

namespace Homeostat.Replica.Tests;

/// <summary>
/// Four production replicas are asked for a dry run: each computes it in the background and attests
/// it in its votes, a restart does not make it forget, and all attest what anyone computes.
/// </summary>
public sealed class DryRunClusterTests
{
    private const long Second = 1_000_000;
    private const ulong RequestedAt = 12;
    private const int Validators = 4;

    private ChainHead? _head;
    private ChainHead? _requested;

    [Fact]
    public void All_attest_what_anyone_computes_and_a_restart_forgets_nothing()
    {
        var cluster = new Cluster(77, new ClusterSetup(WithRequest()))
        {
            Shown = See,
        };
        cluster.StartAll();
        cluster.Load(15, 300 * Second);
        Assert.True(cluster.RunUntil(
            120 * Second, () => _head is { } head && Attesting(head) == Validators));
        Assert.True(_head!.Height.Value < RequestedAt + 20, $"{_head.Height}");
        Hash256 digest = AttestedBy(_head, 0);
        ChainHead requested = _requested!;
        DryRunResult result = DryRun.Run(
            requested.State, requested.Header, requested.Receipts[0].GasUsed,
            new NetworkRules(DevelopmentNetwork.ChainId).ChildOf(
                RevisionStorage.Read(Reader(requested))).At(
                requested.Header.Number, requested.Header.Timestamp),
            new EvmEngine(), DryRunStorage.Current(Reader(requested))!);
        Assert.Equal(DryRunVerdict.Passed, result.Verdict);
        Assert.Equal(result.Digest, digest);
        Assert.Equal(((UInt128)4, (UInt128)4), DryRunStorage.Attested(Reader(_head), digest));

        // It comes back after the request's block is final, and says what it said.
        cluster.Stop(1, losesPower: false);
        cluster.Start(1);
        Height restarted = _head.Height;
        Assert.True(cluster.RunUntil(
            cluster.NowUs + 60 * Second,
            () => cluster.Checks.Announced(1).Value > restarted.Value + 30));
        Assert.Equal(digest, AttestedBy(_head, 1));
        Assert.Equal(Validators, Attesting(_head));
        Assert.All(cluster.Nodes, node => Assert.Null(node.HaltReason));
    }

    private void See(ChainHead head)
    {
        _head = _head is null || head.Height > _head.Height ? head : _head;
        _requested = head.Height.Value == RequestedAt ? head : _requested;
    }

    private static int Attesting(ChainHead head)
    {
        Hash256 first = AttestedBy(head, 0);
        return first.IsZero
            ? 0
            : Enumerable.Range(0, Validators).Count(i => AttestedBy(head, i) == first);
    }

    private static Hash256 AttestedBy(ChainHead head, int validator)
    {
        StateReader reader = Reader(head);
        return new SteeringStorage(reader)
            .Signals(ValidatorStorage.Read(reader)[validator].Address).Attestation;
    }

    private static StateReader Reader(ChainHead head) => new(head.State);

    /// <summary>Genesis as a request in a block to come leaves it.</summary>
    private static DevelopmentNetwork WithRequest()
    {
        DevelopmentNetwork network = SimulationRunner.Create(Validators, config => config with
        {
            Staking = config.Staking with { Presence = 0 },
            LeaderTimeoutMs = (ulong)ClusterSetup.ShortTiming.LeaderTimeoutMs,
        });
        byte[] ratify = AbiCall.Encode("ratify(bytes32,uint64[])",
            new AbiTuple().Add(SteeringProgram.CapacityLoopName)
                .Add((ulong[])[25_000_000, 70_000_000, 90_000_000, 300]));
        byte[] calls = new AbiTuple()
            .AddWords([PredeployAddresses.Constitution.ToWord()])
            .AddWords([UInt256.Zero])
            .AddBytesArray([ratify]).Encode();
        var accounts = new SortedDictionary<Address, GenesisAccount>(network.Genesis.Allocations);
        GenesisAccount runs = accounts[PredeployAddresses.DryRuns];
        var storage = new SortedDictionary<UInt256, UInt256>(runs.Storage)
        {
            [DryRunStorage.SubjectSlot] = UInt256.MaxValue,
            [DryRunStorage.RequestSlot] = new UInt256(RequestedAt, 1, 1, 0),
        };
        StorageLayout.WriteBytes(storage, DryRunStorage.CallsSlot, calls);
        accounts[PredeployAddresses.DryRuns] = runs with { Storage = storage };
        return network with { Genesis = network.Genesis with { Allocations = accounts } };
    }

    private sealed class StateReader(Ledger.WorldSnapshot state) : IStorageReader
    {
        public UInt256 Read(in Address contract, in UInt256 slot) =>
            state.GetStorage(contract, slot);
    }
}
