using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>One account of genesis' state.</summary>
public sealed record GenesisAccount(
    UInt256 Balance, ulong Nonce, byte[] Code, SortedDictionary<UInt256, UInt256> Storage);

/// <summary>
/// A network's first block and state, as genesis.json holds them in geth's layout. What a node
/// commits is <see cref="Allocations"/>, the state, and the header's fields; hash and state root
/// follow from them.
/// </summary>
public sealed record GenesisDocument
{
    public required ChainConfig Config { get; init; }

    /// <summary>keccak256 of the canonical config text: 32 bytes.</summary>
    public required byte[] ExtraData { get; init; }

    /// <summary>Every account by address: funded ones, predeploys, Ethereum's system contracts.</summary>
    public required SortedDictionary<Address, GenesisAccount> Allocations { get; init; }

    /// <summary>Parses genesis.json; false with the reason when it is not one of ours.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> json, out GenesisDocument? document, out string? error) =>
        throw new NotSupportedException();

    /// <summary>genesis.json, the same bytes for the same document.</summary>
    public byte[] ToJson() => throw new NotSupportedException();
}
