using System.Buffers.Binary;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Store;

/// <summary>
/// What the index holds of one block: its transactions' hashes, its header's bloom and the keys
/// of its logs. Read from the encodings alone, so the index needs no execution and no state.
/// </summary>
internal sealed class BlockEntries
{
    private const int HeaderBloomField = 6;

    public required Height Height { get; init; }

    public required IReadOnlyList<Hash256> TransactionHashes { get; init; }

    /// <summary>Keys of the emitting addresses and of the first topics, each once.</summary>
    public required IReadOnlyCollection<long> LogKeys { get; init; }

    /// <summary>The header's 256-byte logs bloom.</summary>
    public required byte[] Bloom { get; init; }

    public static BlockEntries Of(FinalizedBlock block)
    {
        var outer = new RlpReader(block.Encoded);
        RlpReader pair = outer.ReadList();
        RlpReader body = pair.ReadList();
        RlpReader header = body.ReadList();
        for (int i = 0; i < HeaderBloomField; i++)
        {
            header.ReadRaw();
        }
        byte[] bloom = header.ReadExactly(256).ToArray();
        var hashes = new List<Hash256>();
        RlpReader transactions = body.ReadList();
        while (transactions.HasMore)
        {
            // A legacy transaction is a list, a typed one a string that holds its envelope.
            hashes.Add(transactions.NextIsList
                ? Keccak.Hash(transactions.ReadRaw())
                : Keccak.Hash(transactions.ReadBytes()));
        }
        Invariant.Require(!header.Failed);
        Invariant.Require(!transactions.Failed);
        return new BlockEntries
        {
            Height = block.Height,
            TransactionHashes = hashes,
            LogKeys = LogKeysOf(block.Receipts),
            Bloom = bloom,
        };
    }

    /// <summary>
    /// The index's short form of a hash; collisions are told apart by the reader.
    /// </summary>
    public static long KeyOf(in Hash256 hash) => BinaryPrimitives.ReadInt64BigEndian(hash.Bytes);

    public static long KeyOfEmitter(in Address address) => Mix(1, address.Bytes);

    public static long KeyOfFirstTopic(in Hash256 topic) => Mix(2, topic.Bytes);

    private static HashSet<long> LogKeysOf(byte[] encoded)
    {
        var keys = new HashSet<long>();
        var outer = new RlpReader(encoded);
        RlpReader receipts = outer.ReadList();
        while (receipts.HasMore)
        {
            // EIP-2718: a legacy receipt is a list, a typed one a string of type and list.
            RlpReader holder = receipts.NextIsList
                ? new RlpReader(receipts.ReadRaw())
                : new RlpReader(receipts.ReadBytes()[1..]);
            RlpReader receipt = holder.ReadList();
            receipt.ReadRaw();
            receipt.ReadRaw();
            receipt.ReadRaw();
            AddLogKeys(receipt.ReadList(), keys);
            Invariant.Require(!receipt.Failed);
        }
        Invariant.Require(!receipts.Failed);
        return keys;
    }

    private static void AddLogKeys(RlpReader logs, HashSet<long> keys)
    {
        while (logs.HasMore)
        {
            RlpReader log = logs.ReadList();
            keys.Add(KeyOfEmitter(log.ReadAddress()));
            RlpReader topics = log.ReadList();
            if (topics.HasMore)
            {
                keys.Add(KeyOfFirstTopic(topics.ReadHash256()));
            }
        }
    }

    /// <summary>FNV-1a: who makes keys collide slows a query down, and no more.</summary>
    private static long Mix(byte kind, ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            ulong hash = (0xcbf29ce484222325 ^ kind) * 0x100000001b3;
            foreach (byte b in bytes)
            {
                hash = (hash ^ b) * 0x100000001b3;
            }
            return (long)hash;
        }
    }
}
