using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// The whole state at one root. Immutable, safe to read from any thread; snapshots of successive
/// blocks share all that did not change. Trie nodes are loaded from the source as they are asked
/// for and then stay in memory until <see cref="Release"/> lets them go.
/// </summary>
public sealed class WorldSnapshot
{
    private TrieNode? _accounts;

    internal WorldSnapshot(TrieNode? accounts, INodeSource source)
    {
        _accounts = accounts;
        Source = source;
        Root = TrieSealer.RootHash(accounts);
    }

    public Hash256 Root { get; }

    public INodeSource Source { get; }

    internal TrieNode? Accounts => _accounts;

    /// <summary>
    /// The state without accounts; code of later blocks is looked for in the source.
    /// </summary>
    public static WorldSnapshot Empty(INodeSource source) => new(null, source);

    /// <summary>The state at a root the source holds; nothing is read yet.</summary>
    public static WorldSnapshot Open(in Hash256 root, INodeSource source) =>
        new(root == Keccak.EmptyTrie ? null : new UnloadedNode(root), source);

    /// <summary>Null when absent.</summary>
    public AccountState? GetAccount(in Address address) => FindAccount(address)?.State;

    /// <summary>Zero when the slot or the account is absent.</summary>
    public UInt256 GetStorage(in Address address, in UInt256 slot)
    {
        AccountNode? account = FindAccount(address);
        return account is null ? UInt256.Zero : ReadSlot(ref account.Storage, slot, Source);
    }

    /// <summary><see cref="Code.Empty"/> when the account is absent or has none.</summary>
    public Code GetCode(in Address address)
    {
        AccountNode? account = FindAccount(address);
        return account is null ? Code.Empty : LoadCode(account, Source);
    }

    /// <summary>Proofs of an account and of slots of it, as eth_getProof gives them.</summary>
    public AccountProof Prove(in Address address, IReadOnlyList<UInt256> slots)
    {
        byte[] key = Keccak.Hash(address.Bytes).ToArray();
        List<byte[]> nodes = TrieProof.Make(ref _accounts, key, Source);
        AccountNode? account = FindAccount(address);
        var proofs = new List<StorageProof>(slots.Count);
        foreach (UInt256 slot in slots)
        {
            if (account is null)
            {
                proofs.Add(new StorageProof(slot, UInt256.Zero, []));
                continue;
            }
            List<byte[]> path = TrieProof.Make(ref account.Storage, KeyOf(slot), Source);
            proofs.Add(new StorageProof(slot, ReadSlot(ref account.Storage, slot, Source), path));
        }
        return new AccountProof(address, account?.State, nodes, proofs);
    }

    /// <summary>
    /// Trie nodes and code of this state that the source lacks, as far as is known, parents first:
    /// what a store must add to hold this state as well. A node that came to be a second time may
    /// be listed again; the same bytes never have two hashes, so that is harmless.
    /// </summary>
    public UnstoredNodes Unstored() => UnstoredNodes.Of(_accounts);

    /// <summary>
    /// Lets go of nodes and codes in memory that the source has, down to the limits where that is
    /// possible; they are loaded again when asked for. Any thread may do so while others read.
    /// Returns what is still loaded.
    /// </summary>
    public LoadedState Release(int nodeLimit, long codeBytesLimit) =>
        new NodeRelease(nodeLimit, codeBytesLimit).Release(_accounts);

    internal static byte[] KeyOf(in UInt256 slot) => Keccak.Hash(slot.ToBigEndian()).ToArray();

    internal AccountNode? FindAccount(in Address address)
    {
        byte[] key = Keccak.Hash(address.Bytes).ToArray();
        return FindAccount(ref _accounts, key, Source);
    }

    internal static AccountNode? FindAccount(ref TrieNode? root, byte[] key, INodeSource source)
    {
        LeafNode? leaf = MerkleTrie.Find(ref root, key, source);
        return leaf is null ? null : leaf.Account ??= DecodeAccount(leaf.Value);
    }

    private static AccountNode DecodeAccount(byte[] value)
    {
        if (!AccountState.TryDecode(value, out AccountState state))
        {
            throw new StateUnavailable("malformed account in the state trie");
        }
        TrieNode? storage =
            state.StorageRoot == Keccak.EmptyTrie ? null : new UnloadedNode(state.StorageRoot);
        return new AccountNode(state, storage, state.HasCode ? null : Code.Empty)
        {
            IsCodeStored = true,
        };
    }

    internal static UInt256 ReadSlot(ref TrieNode? storage, in UInt256 slot, INodeSource source)
    {
        if (storage is null)
        {
            return UInt256.Zero;
        }
        LeafNode? leaf = MerkleTrie.Find(ref storage, KeyOf(slot), source);
        if (leaf is null)
        {
            return UInt256.Zero;
        }
        var reader = new RlpReader(leaf.Value);
        return reader.ReadUInt256();
    }

    internal static Code LoadCode(AccountNode account, INodeSource source)
    {
        if (account.Code is { } known)
        {
            return known;
        }
        Hash256 hash = account.State.CodeHash;
        Code? code = source is CodeMemo memo ? memo.Find(hash) : CodeMemo.Read(source, hash);
        if (code is null)
        {
            throw new StateUnavailable($"code {hash} is missing");
        }
        account.Code = code;
        return code;
    }
}
