using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// The bytes that consensus carries for a block: an RLP list of the block in Ethereum's encoding
/// and the consensus payload whose hash stands in the header as parentBeaconBlockRoot.
/// </summary>
public sealed class BlockCodec : IBlockReader
{
    public static byte[] Encode(Block block, ConsensusPayload payload)
    {
        byte[] body = block.Encode();
        byte[] consensus = payload.Encode();
        var writer = new RlpWriter(body.Length + consensus.Length + 32);
        int list = writer.StartList();
        writer.WriteRaw(body);
        writer.WriteRaw(consensus);
        writer.EndList(list);
        return writer.ToArray();
    }

    /// <inheritdoc/>
    /// <remarks>Reads the header and the payload only: cheap enough for a step.</remarks>
    public bool TryRead(
        byte[] encoded, out BlockReference reference, out ConsensusPayload payload)
    {
        (reference, payload) = (null!, null!);
        if (!TrySplit(encoded, out ReadOnlySpan<byte> block, out ReadOnlySpan<byte> consensus)
            || !TryReadHeader(block, out BlockHeader header)
            || ConsensusPayload.TryDecode(consensus, out ConsensusPayload? decoded) is not null)
        {
            return false;
        }
        if (header.ParentBeaconBlockRoot != Keccak.Hash(consensus)
            || decoded!.TimeMs < 0
            || header.Timestamp != (ulong)decoded.TimeMs / 1_000)
        {
            return false;
        }
        payload = decoded;
        reference = new BlockReference(
            header.Number, payload.View, payload.ParentView, header.Hash, header.ParentHash,
            payload.TimeMs);
        return true;
    }

    /// <summary>
    /// The whole block; false with the reason when the bytes are not exactly one.
    /// </summary>
    public static bool TryReadBlock(byte[] encoded, out Block block, out string error)
    {
        block = null!;
        error = "not a list of a block and a payload";
        return TrySplit(encoded, out ReadOnlySpan<byte> body, out _)
            && Block.TryDecode(body, out block, out error);
    }

    /// <summary>RLP of the header of a block that is known to be sound.</summary>
    internal static byte[] HeaderBytes(byte[] encoded)
    {
        Invariant.Require(TrySplit(encoded, out ReadOnlySpan<byte> body, out _));
        var reader = new RlpReader(body);
        RlpReader list = reader.ReadList();
        return list.ReadRaw().ToArray();
    }

    /// <summary>RLP of the payload of a block that is known to be sound.</summary>
    internal static byte[] PayloadBytes(byte[] encoded)
    {
        Invariant.Require(TrySplit(encoded, out _, out ReadOnlySpan<byte> payload));
        return payload.ToArray();
    }

    private static bool TrySplit(
        ReadOnlySpan<byte> encoded, out ReadOnlySpan<byte> block, out ReadOnlySpan<byte> payload)
    {
        var reader = new RlpReader(encoded);
        RlpReader list = reader.ReadList();
        block = list.ReadRaw();
        payload = list.ReadRaw();
        reader.Close(list);
        return reader.Finished;
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> block, out BlockHeader header)
    {
        var reader = new RlpReader(block);
        RlpReader list = reader.ReadList();
        header = BlockHeader.ReadFrom(ref list);
        return !reader.Failed && !list.Failed;
    }
}
