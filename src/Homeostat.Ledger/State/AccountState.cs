using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>An account as the state trie holds it.</summary>
public sealed record AccountState(
    ulong Nonce, UInt256 Balance, Hash256 StorageRoot, Hash256 CodeHash)
{
    public static readonly AccountState Empty =
        new(0, UInt256.Zero, Keccak.EmptyTrie, Keccak.Empty);

    public bool HasCode => CodeHash != Keccak.Empty;

    /// <summary>As EIP-161 says: no code, nonce 0, balance 0.</summary>
    public bool IsEmpty => Nonce == 0 && Balance.IsZero && !HasCode;

    public byte[] Encode()
    {
        var writer = new RlpWriter(128);
        int list = writer.StartList();
        writer.Write(Nonce);
        writer.Write(Balance);
        writer.Write(StorageRoot);
        writer.Write(CodeHash);
        writer.EndList(list);
        return writer.ToArray();
    }

    public static bool TryDecode(ReadOnlySpan<byte> rlp, out AccountState account)
    {
        var reader = new RlpReader(rlp);
        RlpReader list = reader.ReadList();
        account = new AccountState(
            list.ReadUInt64(), list.ReadUInt256(), list.ReadHash256(), list.ReadHash256());
        reader.Close(list);
        return reader.Finished;
    }
}
