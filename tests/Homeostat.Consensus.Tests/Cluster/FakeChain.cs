using Homeostat.Primitives;

namespace Homeostat.Consensus.Tests;

/// <summary>
/// Blocks that are a payload and a list of numbers, and signatures that are hashes.
/// </summary>
internal sealed class FakeChain : IBlockReader, IVoteVerifier
{
    public static readonly Hash256 GenesisHash = Keccak.Hash("genesis"u8);

    public static readonly ConsensusConfig Config = new(new ChainId(4242), GenesisHash);

    // Bytes are the same object at all nodes of a test: reading them once is enough.
    private readonly LookupTable<byte[], (BlockReference, ConsensusPayload, ulong[])> _read = new();

    public static BlockReference Genesis => BlockReference.Genesis(GenesisHash, 0);

    public static byte[] Encode(
        BlockReference parent, ConsensusPayload payload, IReadOnlyList<ulong> transactions)
    {
        var writer = new RlpWriter();
        int list = writer.StartList();
        writer.Write(parent.Height.Value + 1);
        writer.Write(parent.Hash);
        writer.Write(payload.Encode());
        int inner = writer.StartList();
        foreach (ulong transaction in transactions)
        {
            writer.Write(transaction);
        }
        writer.EndList(inner);
        writer.EndList(list);
        return writer.ToArray();
    }

    public bool TryRead(byte[] encoded, out BlockReference reference, out ConsensusPayload payload)
    {
        bool read = TryRead(encoded, out reference, out payload, out _);
        return read;
    }

    public ulong[] TransactionsOf(byte[] encoded)
    {
        TryRead(encoded, out _, out _, out ulong[] transactions);
        return transactions;
    }

    public bool TryRecover(in Hash256 digest, in Signature signature, out Address signer)
    {
        signer = Address.FromWord(signature.R);
        return signature.S == FakeSigner.Mark(digest, signer);
    }

    private bool TryRead(
        byte[] encoded, out BlockReference reference, out ConsensusPayload payload,
        out ulong[] transactions)
    {
        if (!_read.TryGetValue(encoded, out var known))
        {
            known = Parse(encoded);
            _read[encoded] = known;
        }
        (reference, payload, transactions) = known;
        return reference is not null;
    }

    private static (BlockReference, ConsensusPayload, ulong[]) Parse(byte[] encoded)
    {
        var reader = new RlpReader(encoded);
        RlpReader list = reader.ReadList();
        ulong height = list.ReadUInt64();
        Hash256 parent = list.ReadHash256();
        string? error = ConsensusPayload.TryDecode(list.ReadBytes(), out ConsensusPayload? payload);
        RlpReader inner = list.ReadList();
        var transactions = new List<ulong>();
        while (inner.HasMore)
        {
            transactions.Add(inner.ReadUInt64());
        }
        list.Close(inner);
        reader.Close(list);
        if (!reader.Finished || error is not null)
        {
            return (null!, null!, []);
        }
        var block = new BlockReference(
            new Height(height), payload!.View, payload.ParentView, Keccak.Hash(encoded), parent,
            payload.TimeMs);
        return (block, payload, [.. transactions]);
    }
}

/// <summary>Signs with a hash of address and digest: quick, deterministic, forgeable.</summary>
internal sealed class FakeSigner(Address address) : ISigner
{
    public Address Address { get; } = address;

    public static Address AddressAt(int index) => Address.FromNumber((uint)(0x1000 + index));

    public static UInt256 Mark(in Hash256 digest, in Address address)
    {
        // Not a hash worth the name, but good against everything these adversaries do.
        UInt256 word = UInt256.FromBigEndian(digest.Bytes);
        return word ^ address.ToWord();
    }

    public Signature Sign(in Hash256 digest) => new(Address.ToWord(), Mark(digest, Address), false);
}
