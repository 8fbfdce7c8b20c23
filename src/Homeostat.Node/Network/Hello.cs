using Homeostat.Primitives;

namespace Homeostat.Node.Network;

/// <summary>What two nodes must agree on before they exchange messages.</summary>
internal sealed record Hello(ChainId ChainId, Hash256 GenesisHash)
{
    /// <summary>Raised when frames change incompatibly.</summary>
    public const ulong TransportVersion = 1;

    public byte[] Encode()
    {
        var writer = new RlpWriter();
        int mark = writer.StartList();
        writer.Write(TransportVersion);
        writer.Write(ChainId.Value);
        writer.Write(GenesisHash);
        writer.EndList(mark);
        return writer.ToArray();
    }

    /// <summary>Null when the peer is of our network, else the reason it isn't.</summary>
    public string? RefusalOf(ReadOnlySpan<byte> theirs)
    {
        var outer = new RlpReader(theirs);
        RlpReader reader = outer.ReadList();
        ulong version = reader.ReadUInt64();
        if (!reader.Failed && version != TransportVersion)
        {
            return $"transport version {version}, ours is {TransportVersion}";
        }
        ulong chainId = reader.ReadUInt64();
        Hash256 genesis = reader.ReadHash256();
        outer.Close(reader);
        if (reader.Failed || !outer.Finished)
        {
            return "malformed hello";
        }
        if (chainId != ChainId.Value)
        {
            return $"chain id {chainId}, ours is {ChainId}";
        }
        return genesis == GenesisHash ? null : $"genesis {genesis}, ours is {GenesisHash}";
    }
}
