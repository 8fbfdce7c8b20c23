using System.Text.Json;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>Which block a call is about: a tag, a number, or a hash (EIP-1898).</summary>
internal readonly record struct BlockSelector(
    BlockTag Tag, ulong Number = 0, Hash256 Hash = default)
{
    public static readonly BlockSelector Latest = new(BlockTag.Latest);

    public static readonly BlockSelector Pending = new(BlockTag.Pending);

    public static BlockSelector At(ulong number) => new(BlockTag.Number, number);

    public static BlockSelector Read(JsonElement value, string place)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            return ReadObject(value, place);
        }
        string text = JsonInput.Text(value, place);
        return text switch
        {
            "latest" or "safe" or "finalized" => Latest,
            "pending" => Pending,
            "earliest" => At(0),
            { Length: 66 } => new(BlockTag.Hash, Hash: JsonInput.Hash(value, place)),
            _ => At(JsonInput.UInt64(value, place)),
        };
    }

    private static BlockSelector ReadObject(JsonElement value, string place)
    {
        bool hasHash = JsonInput.TryMember(value, "blockHash"u8, out JsonElement hash);
        bool hasNumber = JsonInput.TryMember(value, "blockNumber"u8, out JsonElement number);
        if (hasHash == hasNumber)
        {
            throw JsonInput.Wrong(place, hasHash
                ? "cannot specify both BlockHash and BlockNumber, choose one or the other"
                : "expected blockNumber or blockHash");
        }
        return hasHash
            ? new(BlockTag.Hash, Hash: JsonInput.Hash(hash, place))
            : Read(number, place);
    }
}

/// <summary>`safe` and `finalized` are `latest` here: only final blocks have numbers.</summary>
internal enum BlockTag
{
    Latest,
    Pending,
    Number,
    Hash,
}
