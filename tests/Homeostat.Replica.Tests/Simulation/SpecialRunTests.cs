using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Simulator;
using Homeostat.Steering;

namespace Homeostat.Replica.Tests;

/// <summary>What issue 2 asks to see beside the fault mix.</summary>
public sealed class SpecialRunTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void A_node_with_one_weight_changed_is_outvoted_and_named()
    {
        var setup = new ClusterSetup(SimulationRunner.Network(4))
        {
            Change = (index, config) => index == 2
                ? config with
                {
                    Transaction0 = (state, facts) =>
                        SteeringProgram.Transaction0(new OneWeightChanged(state), facts),
                }
                : config,
        };
        var cluster = new Cluster(3, setup);
        cluster.StartAll();
        cluster.Load(20, 60 * Second);
        cluster.RunUntil(60 * Second, () => cluster.Nodes[2].HaltReason is not null);
        Height before = cluster.Checks.Highest;
        string name = cluster.Nodes[2].Id.ToString();
        Assert.Contains(
            cluster.Warnings,
            warning => !warning.Contains("node 2:", StringComparison.Ordinal)
                && warning.Contains($"validator {name} refuses", StringComparison.Ordinal));
        cluster.RunUntil(cluster.NowUs + 10 * Second);
        Assert.True(cluster.Checks.Highest.Value > before.Value + 5, "the chain goes on");
    }

    [Fact]
    public void A_block_that_makes_execution_throw_is_refused_by_all_and_dumped()
    {
        // Verifiers throw on one transfer, which the proposer's build does not look at.
        Address poison = Address.FromNumber(0x10000 + 7);
        bool isArmed = true;
        var setup = new ClusterSetup(SimulationRunner.Network(4))
        {
            Change = (_, config) => config with
            {
                BeforeTransaction = transaction =>
                {
                    if (isArmed && transaction.Transaction.To == poison)
                    {
                        throw new InvalidOperationException("thrown on purpose");
                    }
                },
            },
        };
        var cluster = new Cluster(5, setup);
        cluster.StartAll();
        cluster.Load(20, 60 * Second);
        cluster.RunUntil(20 * Second, () => cluster.Dumps.Count >= 3);
        Assert.True(cluster.Dumps.Count >= 3, $"{cluster.Dumps.Count} dumps");
        Assert.All(
            cluster.Dumps,
            dump => Assert.Contains("thrown on purpose", dump.Reason, StringComparison.Ordinal));
        Assert.All(cluster.Nodes, node => Assert.Null(node.HaltReason));
        isArmed = false;
        Height before = cluster.Checks.Highest;
        cluster.RunUntil(cluster.NowUs + 15 * Second);
        Assert.True(cluster.Checks.Highest.Value > before.Value + 5, "the chain goes on");
    }

    [Fact]
    public void A_censored_account_gets_in_by_the_others_blocks()
    {
        var setup = new ClusterSetup(SimulationRunner.Network(4));
        Address censored = DevelopmentNetwork.FundedAccounts[3].Address;
        var cluster = new Cluster(8, setup);
        cluster.Corrupt(1, new CensoringLeader(censored));
        cluster.StartAll();
        cluster.Load(40, 10 * Second);
        cluster.RunUntil(20 * Second);
        var included = new List<Address>();
        for (ulong height = 1; height <= cluster.Checks.Highest.Value; height++)
        {
            Assert.True(cluster.Nodes[0].Disk.TryGet(new Height(height), out FinalizedBlock block));
            Assert.True(BlockCodec.TryReadBlock(block.Encoded, out Block decoded, out _));
            Address[] senders = [.. decoded.Transactions.Skip(1).Select(SenderOf)];
            Address proposer = decoded.Header.Coinbase;
            bool isCensors = proposer == cluster.Nodes[1].Id.Address;
            Assert.False(isCensors && senders.Contains(censored));
            included.AddRange(senders);
        }
        Assert.Contains(censored, included);
        Assert.True(included.Count > 300, $"{included.Count} included");
    }

    private static Address SenderOf(Transaction transaction)
    {
        Assert.True(SimulatedKeys.Instance.TryRecover(transaction, out var recovered));
        return recovered.Sender;
    }

    /// <summary>The champion of the capacity loop, but for the last bit of one weight.</summary>
    private sealed class OneWeightChanged(IStorageReader state) : IStorageReader
    {
        private readonly UInt256 _weights = StorageLayout.ContentSlot(StorageLayout.MappingSlot(
            UInt256.FromHash256(ModelStorage.Champion(state, Capacity)), 1));

        /// <summary>The loop's name in ASCII, padded to a word.</summary>
        private static Hash256 Capacity { get; } =
            new([.. "capacity"u8, .. new byte[Hash256.Size - 8]]);

        public UInt256 Read(in Address contract, in UInt256 slot)
        {
            UInt256 word = state.Read(contract, slot);
            return contract == PredeployAddresses.ModelRegistry && slot == _weights
                ? word ^ UInt256.One
                : word;
        }
    }
}
