using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Reconstructs an older state from a newer one by reverse differences: of each block between, the
/// accounts and slots it changed as they were before it (docs/adr/0022). Differences are taken in
/// from the newest back, an older value in place of a newer one; then all are put over the newer
/// state at once. The root that comes out proves the result: the caller compares it with the older
/// block's header.
/// </summary>
/// <remarks>
/// Exact although slots of a destroyed account that nobody read are not listed: an account is
/// destroyed only in the transaction that created it (EIP-6780), and none is created over storage
/// (EIP-7610).
/// </remarks>
public sealed class EarlierState(WorldSnapshot newer)
{
    private readonly SortedDictionary<Address, EarlierAccount> _accounts = [];
    private readonly SortedDictionary<Hash256, Code> _codes = [];

    /// <summary>Accounts and slots taken in so far, each as often as it was listed.</summary>
    public long Changes { get; private set; }

    /// <summary>
    /// RLP list of [accounts, codes]. An account is [address, state, slots]; its state is
    /// [nonce, balance, code hash] or the empty list when it was absent; a slot is [key, value],
    /// both as integers. Codes are those that accounts have no more.
    /// </summary>
    public static byte[] Encode(StateChanges changes)
    {
        var writer = new RlpWriter(1_024);
        int outer = writer.StartList();
        int accounts = writer.StartList();
        foreach (AccountChange change in changes.Accounts)
        {
            WriteAccount(writer, change);
        }
        writer.EndList(accounts);
        int codes = writer.StartList();
        foreach (Code code in changes.ReplacedCodes)
        {
            writer.Write(code.Bytes);
        }
        writer.EndList(codes);
        writer.EndList(outer);
        return writer.ToArray();
    }

    /// <summary>
    /// Takes in the difference of the block before the last one taken in; false when its bytes are
    /// not what <see cref="Encode"/> writes.
    /// </summary>
    public bool TryAdd(ReadOnlySpan<byte> encoded)
    {
        var reader = new RlpReader(encoded);
        RlpReader outer = reader.ReadList();
        RlpReader accounts = outer.ReadList();
        while (accounts.HasMore)
        {
            RlpReader account = accounts.ReadList();
            ReadAccount(ref account);
            accounts.Close(account);
        }
        outer.Close(accounts);
        RlpReader codes = outer.ReadList();
        while (codes.HasMore)
        {
            var code = new Code(codes.ReadBytes().ToArray());
            _codes[code.Hash] = code;
        }
        outer.Close(codes);
        reader.Close(outer);
        return reader.Finished;
    }

    /// <summary>The older state. Of no use after.</summary>
    public WorldSnapshot Build()
    {
        var world = new WorldState(newer);
        foreach ((Address address, EarlierAccount account) in _accounts)
        {
            _codes.TryGetValue(account.CodeHash, out Code? code);
            world.Restore(address, account, account.CodeHash == Keccak.Empty ? Code.Empty : code);
        }
        world.EndTransaction(clearsEmptyAccounts: false);
        return world.Commit().State;
    }

    private static void WriteAccount(RlpWriter writer, AccountChange change)
    {
        int account = writer.StartList();
        writer.Write(change.Address);
        int state = writer.StartList();
        if (change.Before is { } before)
        {
            writer.Write(before.Nonce);
            writer.Write(before.Balance);
            writer.Write(before.CodeHash);
        }
        writer.EndList(state);
        int slots = writer.StartList();
        foreach (SlotChange slot in change.Before is null ? [] : change.Slots)
        {
            writer.Write(slot.Slot);
            writer.Write(slot.Before);
        }
        writer.EndList(slots);
        writer.EndList(account);
    }

    private void ReadAccount(ref RlpReader reader)
    {
        Address address = reader.ReadAddress();
        if (!_accounts.TryGetValue(address, out EarlierAccount? account))
        {
            account = new EarlierAccount();
            _accounts.Add(address, account);
        }
        RlpReader state = reader.ReadList();
        account.Exists = state.HasMore;
        if (account.Exists)
        {
            account.Nonce = state.ReadUInt64();
            account.Balance = state.ReadUInt256();
            account.CodeHash = state.ReadHash256();
        }
        else
        {
            account.WasAbsent = true;
            account.CodeHash = Keccak.Empty;
            account.Slots.Clear();
        }
        reader.Close(state);
        RlpReader slots = reader.ReadList();
        while (slots.HasMore)
        {
            UInt256 slot = slots.ReadUInt256();
            account.Slots[slot] = slots.ReadUInt256();
            Changes++;
        }
        reader.Close(slots);
        Changes++;
    }
}

/// <summary>An account as it was at an older block.</summary>
internal sealed class EarlierAccount
{
    public bool Exists;

    /// <summary>It was absent at some block between, so nothing newer in storage stays.</summary>
    public bool WasAbsent;

    public ulong Nonce;
    public UInt256 Balance;
    public Hash256 CodeHash = Keccak.Empty;

    /// <summary>Slots that differ from the newer state.</summary>
    public readonly SortedDictionary<UInt256, UInt256> Slots = [];
}
