using Homeostat.Ledger;
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

    /// <summary>
    /// Every account by address: funded ones, predeploys, Ethereum's system contracts.
    /// </summary>
    public required SortedDictionary<Address, GenesisAccount> Allocations { get; init; }

    /// <summary>
    /// keccak256 of the canonical config text, 32 bytes: it makes config part of the hash.
    /// </summary>
    public byte[] ExtraData => Keccak.Hash(GenesisJson.WriteConfig(Config)).ToArray();

    /// <summary>The config's predeploys and these balances.</summary>
    public static GenesisDocument Create(
        ChainConfig config, IEnumerable<KeyValuePair<Address, UInt256>> balances) => new()
        {
            Config = config,
            Allocations = GenesisAllocations.Create(config, balances),
        };

    /// <summary>Block 0 over the state root that <see cref="Allocations"/> give.</summary>
    public BlockHeader Header(in Hash256 stateRoot) => new()
    {
        StateRoot = stateRoot,
        GasLimit = Config.Capacity.GasLimit,
        Timestamp = Config.GenesisTimeMs / 1000,
        ExtraData = ExtraData,
        BaseFee = Config.InitialBaseFee,
        WithdrawalsRoot = Keccak.EmptyTrie,
        BlobGasUsed = 0,
        ExcessBlobGas = 0,
        ParentBeaconBlockRoot = Hash256.Zero,
        RequestsHash = EmptyRequests,
    };

    /// <summary>Parses genesis.json; false with the reason when it is not one of ours.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> json, out GenesisDocument? document, out string? error) =>
        GenesisJson.TryRead(json, out document, out error);

    /// <summary>genesis.json, the same bytes for the same document.</summary>
    public byte[] ToJson() => GenesisJson.Write(this);

    // SHA-256 of nothing: the hash of no requests (EIP-7685).
    private static readonly Hash256 EmptyRequests =
        new("0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
