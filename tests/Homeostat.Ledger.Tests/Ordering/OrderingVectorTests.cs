using System.Buffers.Binary;
using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

/// <summary>
/// Our own conformance vectors for docs/spec/ordering.md, hashed: another implementation that
/// draws the same inputs from the same generator gets the same digests.
/// </summary>
public sealed class OrderingVectorTests
{
    private const string Places =
        "0x6490926511429a8bea2a299b256af4aae7f09f5dac05cf044b706fe747f1f30a";

    private const string Seeds =
        "0xbe74486a404c97df32a5701de032a793c778bafd2cb29ec07191134f11feece0";

    private const string Classes =
        "0x4a45375c346bda4d3971299c72b7c970e964ded47aae24a86535badd34a8ef9d";

    private const string Lanes =
        "0x6b695a10f3ca54dec781eb37edea1a6d07ab119d10d7676228076f30bbb4604d";

    private const string Sealings =
        "0x71028aff2634f5f7559ed0a5ca1658dabab742016b5a512be923ef931c55fc2c";

    // Rank, the lots of three quotas, and chances of a large transaction.
    [Fact]
    public void Places_lots_and_chances()
    {
        var random = new SeededRandom(0x0d1);
        Pinned(Places, 2_000, bytes =>
        {
            var draw = new PlaceDraw(Hash(random));
            Address sender = AddressOf(random);
            Put(bytes, draw.RankOf(sender).Value);
            foreach (FeeClass quota in Enum.GetValues<FeeClass>())
            {
                Put(bytes, draw.LotOf(sender, quota).Value);
                ulong whole = 1 + (random.NextUInt64() >> random.NextBelow(60));
                Put(bytes, draw.Chance(sender, quota, random.NextBelow(whole), whole) ? 1UL : 0);
            }
        });
    }

    [Fact]
    public void Seeds_from_reveals()
    {
        var random = new SeededRandom(0x0d2);
        Hash256 seed = Hash256.Zero;
        Pinned(Seeds, 1_000, bytes =>
        {
            // Every seventh leader reveals nothing.
            seed = PlaceSeed.Next(seed, random.Chance(1, 7) ? Hash256.Zero : Hash(random));
            bytes.AddRange(seed.ToArray());
        });
    }

    // What a sender's transactions pay one after another in a block, and the prices' encoding.
    [Fact]
    public void Classes_and_prices()
    {
        var random = new SeededRandom(0x0d3);
        Pinned(Classes, 500, bytes =>
        {
            ulong fast = random.NextUInt64() >> (8 + random.NextBelow(50));
            var prices = new ClassPrices(
                fast, fast + (random.NextUInt64() >> 10), random.NextUInt64() >> 40);
            bytes.AddRange(prices.ToExtraData());
            var classes = new BlockClasses(prices);
            UInt256 baseFee = random.NextUInt64() >> random.NextBelow(60);
            for (int i = 0; i < 6; i++)
            {
                UInt256 tip = random.Chance(1, 3) ? UInt256.Zero
                    : prices.PremiumOf((FeeClass)random.NextBelow(3))
                        + (UInt256)(ulong)random.NextBelow(3);
                var transaction = new Transaction
                {
                    Type = TransactionType.DynamicFee,
                    MaxFee = baseFee + tip + (random.NextUInt64() >> random.NextBelow(64)),
                    MaxPriorityFee = tip,
                };
                Address sender = Address.FromNumber((uint)random.NextBelow(2));
                Put(bytes, (ulong)prices.ClassOf(transaction, baseFee));
                bytes.AddRange(
                    classes.PriceOfNext(transaction, sender, baseFee).ToHash256().ToArray());
            }
        });
    }

    [Fact]
    public void Lanes_from_votes()
    {
        var random = new SeededRandom(0x0d4);
        Pinned(Lanes, 500, bytes =>
        {
            Hash256[] hashes = [.. Enumerable.Range(0, 20).Select(_ => Hash(random))];
            int voters = 1 + random.NextBelow(9);
            var votes = new List<OverdueVote>();
            ulong all = 0;
            for (int v = 0; v < voters; v++)
            {
                ulong weight = 1 + random.NextBelow(9UL);
                all += weight;
                var listed = new List<Hash256>();
                for (int i = random.NextBelow(17); i > 0; i--)
                {
                    Hash256 hash = hashes[random.NextBelow(hashes.Length)];
                    if (!listed.Contains(hash))
                    {
                        listed.Add(hash);
                    }
                }
                votes.Add(new OverdueVote(weight, listed));
            }
            foreach (Hash256 hash in OverdueLane.Agree(votes, all + random.NextBelow(9UL)))
            {
                bytes.AddRange(hash.ToArray());
            }
        });
    }

    // Mix hashes, commitments, and the words that the ledger writes for them.
    [Fact]
    public void Commitments_and_their_ring()
    {
        var random = new SeededRandom(0x0d5);
        WorldState world = new(WorldSnapshot.Empty(new MemoryNodeSource()));
        world.AddBalance(EthereumForks.FeePool, 1);
        ulong height = 0;
        Pinned(Sealings, 60, bytes =>
        {
            height++;
            bytes.AddRange(PlaceSeed.MixHashOf(Hash(random)).ToArray());
            var made = new List<RecoveredTransaction>();
            for (int i = random.Chance(1, 3) ? 0 : random.NextBelow(300); i > 0; i--)
            {
                Hash256 commitment = SealedCommitments.CommitmentTo(Hash(random));
                bytes.AddRange(commitment.ToArray());
                made.Add(new RecoveredTransaction(
                    new Transaction
                    {
                        To = random.Chance(1, 9) ? Address.Zero : SealedCommitments.Target,
                        Data = commitment.ToArray()[random.NextBelow(2)..],
                    },
                    Address.Zero));
            }
            SealedCommitments.Record(world, EthereumForks.FeePool, new Height(height), made);
            world.EndTransaction(clearsEmptyAccounts: true);
            bytes.AddRange(world.Commit().State.Root.ToArray());
        });
    }

    private static void Pinned(string digest, int rounds, Action<List<byte>> round)
    {
        Hash256 hash = Hash256.Zero;
        for (int i = 0; i < rounds; i++)
        {
            var bytes = new List<byte>(hash.ToArray());
            round(bytes);
            hash = Keccak.Hash([.. bytes]);
        }
        Assert.True(hash.ToString() == digest, hash.ToString());
    }

    private static void Put(List<byte> bytes, ulong value)
    {
        byte[] big = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(big, value);
        bytes.AddRange(big);
    }

    private static Hash256 Hash(SeededRandom random) =>
        new UInt256(
            random.NextUInt64(), random.NextUInt64(), random.NextUInt64(), random.NextUInt64())
            .ToHash256();

    private static Address AddressOf(SeededRandom random) => Address.FromWord(
        new UInt256(random.NextUInt64(), random.NextUInt64(), random.NextUInt64() >> 32, 0));
}
