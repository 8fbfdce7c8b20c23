using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Explain;

/// <summary>
/// The storage words and accounts that proofs speak of. What is asked for and not among them reads
/// as zero, or as no account, and is noted: asking again with its proof at hand, until none is
/// missing, finds all that a pure function reads.
/// </summary>
internal sealed class ProvenStorage : IStorageReader
{
    private readonly Dictionary<(Address, UInt256), UInt256> _words = [];
    private readonly Dictionary<Address, AccountState?> _accounts = [];
    private readonly HashSet<(Address, UInt256)> _missing = [];
    private readonly HashSet<Address> _missingAccounts = [];
    private readonly HashSet<Address> _missingCodes = [];

    public ProvenStorage(IEnumerable<AccountProof> proofs)
    {
        foreach (AccountProof proof in proofs)
        {
            _accounts[proof.Address] = proof.Account;
            foreach (StorageProof slot in proof.Slots)
            {
                _words[(proof.Address, slot.Slot)] = slot.Value;
            }
        }
    }

    /// <summary>What was asked for and is not proven, each once.</summary>
    public IReadOnlyCollection<(Address Contract, UInt256 Slot)> Missing => _missing;

    /// <summary>Accounts that were asked for and are not proven.</summary>
    public IReadOnlyCollection<Address> MissingAccounts => _missingAccounts;

    /// <summary>Accounts whose code was asked for and is not at hand.</summary>
    public IReadOnlyCollection<Address> MissingCodes => _missingCodes;

    /// <summary>Whether all that was asked for was there.</summary>
    public bool IsWhole =>
        _missing.Count + _missingAccounts.Count + _missingCodes.Count == 0;

    /// <summary>The account, or null where it is not in the state.</summary>
    public AccountState? Account(in Address address)
    {
        if (_accounts.TryGetValue(address, out AccountState? account))
        {
            return account;
        }
        _missingAccounts.Add(address);
        return null;
    }

    public void NoteCode(in Address address) => _missingCodes.Add(address);

    public UInt256 Read(in Address contract, in UInt256 slot)
    {
        if (_words.TryGetValue((contract, slot), out UInt256 word))
        {
            return word;
        }
        _missing.Add((contract, slot));
        return UInt256.Zero;
    }
}
