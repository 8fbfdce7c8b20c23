using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Explain;

/// <summary>
/// The storage words that proofs speak of. One that is asked for and not among them reads as zero
/// and is noted: asking again with its proof at hand, until none is missing, finds all that a pure
/// function reads.
/// </summary>
internal sealed class ProvenStorage : IStorageReader
{
    private readonly Dictionary<(Address, UInt256), UInt256> _words = [];
    private readonly HashSet<(Address, UInt256)> _missing = [];

    public ProvenStorage(IEnumerable<AccountProof> proofs)
    {
        foreach (AccountProof proof in proofs)
        {
            foreach (StorageProof slot in proof.Slots)
            {
                _words[(proof.Address, slot.Slot)] = slot.Value;
            }
        }
    }

    /// <summary>What was asked for and is not proven, each once.</summary>
    public IReadOnlyCollection<(Address Contract, UInt256 Slot)> Missing => _missing;

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
