using System.Text;
using Homeostat.Ledger;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Tests.Store;

/// <summary>Blocks with two transactions and one log each, encoded as the replica does.</summary>
internal static class TestBlocks
{
    private const int HeaderFields = 15;

    public static FinalizedBlock Create(ulong height) => new()
    {
        Height = new Height(height),
        View = new View(height),
        Hash = Keccak.Hash(BitConverter.GetBytes(height)),
        ParentHash = Keccak.Hash(BitConverter.GetBytes(height - 1)),
        StateRoot = Keccak.Hash([3]),
        TimeMs = (long)height * 100,
        Encoded = Encode(height),
        Receipts = EncodeReceipts(height),
        Certificate = [1, 2, 3],
    };

    public static PersistBatch WithChanges(ulong height) => new()
    {
        Durable = true,
        Finalized = [Create(height) with { Changes = StateChanges.None }],
    };

    public static byte[] Marker(ulong height) =>
        Encoding.ASCII.GetBytes($"marker of block {height}");

    public static Address Emitter(ulong height) => Address.FromNumber((uint)(1000 + height));

    public static Hash256 Topic(ulong height) => Keccak.Hash(Marker(height));

    public static Hash256 TransactionHash(ulong height, int index) =>
        Keccak.Hash(index == 0 ? Typed(height) : Legacy(height));

    public static bool Matches(ulong height, LogQuery query) =>
        (query.Addresses.Count == 0 || query.Addresses.Contains(Emitter(height)))
        && query.Topics.All(x => x.Count == 0 || x.Contains(Topic(height)));

    private static byte[] Typed(ulong height) => [2, .. Marker(height), 0];

    private static byte[] Legacy(ulong height)
    {
        var writer = new RlpWriter();
        int mark = writer.StartList();
        writer.Write(height);
        writer.EndList(mark);
        return writer.ToArray();
    }

    private static byte[] Encode(ulong height)
    {
        var writer = new RlpWriter();
        int pair = writer.StartList();
        int block = writer.StartList();
        int header = writer.StartList();
        for (int i = 0; i < HeaderFields; i++)
        {
            if (i == 6)
            {
                writer.Write(BloomOf(height));
            }
            else
            {
                writer.Write((ulong)i);
            }
        }
        writer.EndList(header);
        int transactions = writer.StartList();
        writer.Write(Typed(height));
        writer.WriteRaw(Legacy(height));
        writer.EndList(transactions);
        writer.EndList(block);
        writer.Write("payload"u8);
        writer.EndList(pair);
        return writer.ToArray();
    }

    private static byte[] EncodeReceipts(ulong height)
    {
        var inner = new RlpWriter();
        int receipt = inner.StartList();
        inner.Write(1UL);
        inner.Write(21000UL);
        inner.Write(BloomOf(height));
        int logs = inner.StartList();
        int log = inner.StartList();
        inner.Write(Emitter(height));
        int topics = inner.StartList();
        inner.Write(Topic(height));
        inner.Write(Topic(height));
        inner.EndList(topics);
        inner.Write("data"u8);
        inner.EndList(log);
        inner.EndList(logs);
        inner.EndList(receipt);
        var writer = new RlpWriter();
        int list = writer.StartList();
        writer.Write([2, .. inner.WrittenSpan]);
        writer.EndList(list);
        return writer.ToArray();
    }

    private static byte[] BloomOf(ulong height)
    {
        byte[] bloom = new byte[256];
        Set(Emitter(height).ToArray());
        Set(Topic(height).ToArray());
        return bloom;

        void Set(byte[] value)
        {
            byte[] hash = Keccak.Hash(value).ToArray();
            for (int i = 0; i < 6; i += 2)
            {
                int bit = ((hash[i] << 8) | hash[i + 1]) & 2047;
                bloom[255 - (bit / 8)] |= (byte)(1 << (bit % 8));
            }
        }
    }
}
