using System.Runtime.CompilerServices;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// A node of a Merkle-Patricia trie (Yellow Paper, appendix D). What it says never changes once it
/// is sealed, that is once its hash is known; only an <see cref="UnloadedNode"/> may be replaced,
/// in its place, by the node it stands for, and a stored node by an unloaded one
/// (<see cref="NodeRelease"/>). Either says the same, so readers on other threads need no lock.
/// </summary>
internal abstract class TrieNode
{
    private Hash256 _hash;

    /// <summary>The RLP, when it is under 32 bytes and so stands in the parent itself.</summary>
    public byte[]? Inline { get; private set; }

    /// <summary>The hash or inline form is known: the node and all under it are final.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>
    /// The source has the node, and all under it. Set once, by whoever wrote or read it there; a
    /// reader that sees the old value does more work and nothing wrong.
    /// </summary>
    public bool IsStored { get; set; }

    /// <summary>
    /// Someone came through since <see cref="NodeRelease"/> last looked. Only a hint, so it is
    /// written without a lock.
    /// </summary>
    public bool IsUsed { get; set; } = true;

    /// <summary>Keccak-256 of the RLP; of a sealed node that is not inline.</summary>
    public ref readonly Hash256 Hash => ref _hash;

    public void Seal(in Hash256 hash)
    {
        _hash = hash;
        IsSealed = true;
    }

    public void SealInline(byte[] rlp)
    {
        Inline = rlp;
        IsSealed = true;
    }

    /// <summary>Both are sealed and stand for the same content.</summary>
    public static bool Same(TrieNode? a, TrieNode? b) =>
        ReferenceEquals(a, b)
        || (a is not null && b is not null && a.Inline is null && b.Inline is null
            && a.Hash == b.Hash);
}

/// <summary>A node of which only the hash is known; it is in the source.</summary>
internal sealed class UnloadedNode : TrieNode
{
    public UnloadedNode(in Hash256 hash) => Seal(hash);
}

/// <summary>The end of a key.</summary>
internal sealed class LeafNode(in NibblePath path, byte[] value, AccountNode? account = null)
    : TrieNode
{
    public NibblePath Path { get; } = path;
    public byte[] Value { get; } = value;

    /// <summary>In the trie of accounts: the value decoded, once someone has asked.</summary>
    public AccountNode? Account { get; set; } = account;
}

/// <summary>A path shared by all keys under the child, which is a branch.</summary>
internal sealed class ExtensionNode(in NibblePath path, TrieNode child) : TrieNode
{
    public TrieNode? Child = child;

    public NibblePath Path { get; } = path;
}

/// <summary>A fork by the next nibble; the value is of the key that ends here.</summary>
internal sealed class BranchNode : TrieNode
{
    public BranchChildren Children;

    public byte[]? Value { get; set; }

    public BranchNode Copy() => new() { Children = Children, Value = Value };
}

[InlineArray(Size)]
internal struct BranchChildren
{
    public const int Size = 16;

    private TrieNode? _first;
}

/// <summary>
/// An account in the trie with what hangs on it: its storage trie and code, each loaded when asked
/// for. Code that is not in the source yet lives here.
/// </summary>
internal sealed class AccountNode(AccountState state, TrieNode? storage, Evm.Code? code)
{
    public TrieNode? Storage = storage;

    public AccountState State { get; } = state;
    public Evm.Code? Code { get; set; } = code;

    /// <summary>The source has the code: it may be let go of and read again.</summary>
    public bool IsCodeStored { get; set; }
}

/// <summary>The source lacks something that is part of a state: local data is damaged.</summary>
public sealed class StateUnavailable(string message) : Exception(message);
