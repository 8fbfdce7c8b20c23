using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Simulator;

namespace Homeostat.Replica.Tests;

/// <summary>
/// On a cluster of production replicas: who commits first and gives the transaction after that
/// stands before everybody else who is drawn, in blocks of any leader.
/// </summary>
public sealed class SealedTests
{
    private const long Second = 1_000_000;
    private const int Rounds = 6;

    private readonly List<ChainHead> _heads = [];
    private static readonly int Last = DevelopmentNetwork.FundedAccounts.Count - 1;
    private ulong _nonce;

    [Fact]
    public void A_sealed_transaction_is_the_first_of_its_block_among_rivals()
    {
        DevelopmentNetwork network = SimulationRunner.Create(4, config => config);
        var cluster = new Cluster(31, new ClusterSetup(network))
        {
            Shown = head => _heads.Add(head),
        };
        cluster.StartAll();
        cluster.RunUntil(5 * Second);
        int among = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] trade = Signed(Last, _nonce + 1, Address.Zero, []);
            Hash256 hash = Keccak.Hash(trade);
            Hash256 commitment = SealedCommitments.CommitmentTo(hash);
            byte[] commit = Signed(Last, _nonce, SealedCommitments.Target, commitment.ToArray());
            cluster.Submit(round % 4, commit);
            Assert.True(cluster.RunUntil(
                cluster.NowUs + 60 * Second, () => Find(Keccak.Hash(commit)) is not null));
            // Everybody else has an even draw against it.
            for (int rival = 0; rival < Last; rival++)
            {
                cluster.Submit(rival % 4, Signed(rival, (ulong)round, Address.Zero, []));
            }
            cluster.Submit((round + 1) % 4, trade);
            Assert.True(cluster.RunUntil(
                cluster.NowUs + 60 * Second, () => Find(hash) is not null));
            ChainHead block = Find(hash)!;
            Assert.Equal(hash, block.Transactions[1].Hash);
            among += block.Transactions.Count - 2;
            _nonce += 2;
        }
        Assert.True(among > 2 * Rounds, $"{among} others in their blocks");
        Assert.All(cluster.Nodes, node => Assert.Null(node.HaltReason));
    }

    private ChainHead? Find(Hash256 hash) =>
        _heads.Find(head => head.Transactions.Any(item => item.Hash == hash));

    private static byte[] Signed(int from, ulong nonce, in Address to, byte[] data)
    {
        DevelopmentAccount account = DevelopmentNetwork.FundedAccounts[from];
        var unsigned = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = DevelopmentNetwork.ChainId.Value,
            Nonce = nonce,
            MaxFee = 100_000_000_000,
            MaxPriorityFee = 10_000_000_000,
            GasLimit = 60_000,
            To = to,
            Data = data,
        };
        Signature signature = SimulatedKeys.Sign(account.Address, unsigned.SigningHash);
        return unsigned.WithSignature(signature).Encoded.ToArray();
    }
}
