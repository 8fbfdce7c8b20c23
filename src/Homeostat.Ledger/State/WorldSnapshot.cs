using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// The whole state at one root. Immutable, safe to read from any thread; snapshots of successive
/// blocks share all that did not change. Trie nodes are loaded from the source as they are asked
/// for and then stay in memory for as long as a snapshot that holds them does:
/// <see cref="Open"/> again at the same root lets them go.
/// </summary>
public sealed class WorldSnapshot
{
    public Hash256 Root => throw new NotSupportedException();

    /// <summary>The state without accounts; code of later blocks is looked for in the source.</summary>
    public static WorldSnapshot Empty(INodeSource source) => throw new NotSupportedException();

    /// <summary>The state at a root the source holds; nothing is read yet.</summary>
    public static WorldSnapshot Open(in Hash256 root, INodeSource source) =>
        throw new NotSupportedException();

    /// <summary>Null when absent.</summary>
    public AccountState? GetAccount(in Address address) => throw new NotSupportedException();

    /// <summary>Zero when the slot or the account is absent.</summary>
    public UInt256 GetStorage(in Address address, in UInt256 slot) =>
        throw new NotSupportedException();

    /// <summary><see cref="Code.Empty"/> when the account is absent or has none.</summary>
    public Code GetCode(in Address address) => throw new NotSupportedException();

    /// <summary>Proofs of an account and of slots of it, as eth_getProof gives them.</summary>
    public AccountProof Prove(in Address address, IReadOnlyList<UInt256> slots) =>
        throw new NotSupportedException();

    /// <summary>
    /// Trie nodes and code of this state that are not in the other (null: all that are in memory),
    /// each with its hash, parents first: what a store must add to hold this state as well.
    /// </summary>
    public IReadOnlyList<KeyValuePair<Hash256, byte[]>> NodesSince(WorldSnapshot? older) =>
        throw new NotSupportedException();
}

/// <summary>A slot with the trie nodes from the storage root to it.</summary>
public sealed record StorageProof(UInt256 Slot, UInt256 Value, IReadOnlyList<byte[]> Nodes);

/// <summary>
/// An account (null: absent) with the trie nodes from the state root to it or to where it would be.
/// </summary>
public sealed record AccountProof(
    Address Address,
    AccountState? Account,
    IReadOnlyList<byte[]> Nodes,
    IReadOnlyList<StorageProof> Slots)
{
    /// <summary>True when the nodes prove the account and all slots against the state root.</summary>
    public bool Verify(in Hash256 stateRoot) => throw new NotSupportedException();
}
