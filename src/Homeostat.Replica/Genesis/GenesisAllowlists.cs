using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Who may send and who may deploy from genesis on; null: everybody. Governance changes it later.
/// </summary>
public sealed record GenesisAllowlists(
    IReadOnlyList<Address>? Senders, IReadOnlyList<Address>? Deployers)
{
    /// <summary>Null when it is one that a network can live with.</summary>
    public string? Fault => Senders is { Count: 0 }
        ? "allowlists.senders is empty: nobody could send anything, not even a vote"
        : Deployers is { } deployers && Senders is { } senders
            && deployers.FirstOrDefault(d => !senders.Contains(d)) is var alone
            && alone != default
                ? $"allowlists.deployers: {alone.ToChecksum()} is not among the senders"
                : null;

    /// <summary>The contract's storage: the lists in force, the owner, who is on them.</summary>
    internal static SortedDictionary<UInt256, UInt256> StorageOf(ChainConfig config)
    {
        GenesisAllowlists lists = config.Allowlists ?? new GenesisAllowlists(null, null);
        var inForce = (lists.Senders is null ? 0 : Refused.Sending)
            | (lists.Deployers is null ? 0 : Refused.Deploying);
        var storage = new SortedDictionary<UInt256, UInt256>
        {
            [UInt256.Zero] = config.Governance.ToWord() | ((UInt256)(ulong)inForce << 160),
        };
        Put(lists.Senders, Refused.Sending);
        Put(lists.Deployers, Refused.Deploying);
        return storage;

        void Put(IReadOnlyList<Address>? accounts, Refused bit)
        {
            foreach (Address account in accounts ?? [])
            {
                UInt256 slot = Ledger.Allowlists.SlotOf(account);
                storage[slot] = storage.GetValueOrDefault(slot) | (UInt256)(ulong)bit;
            }
        }
    }
}
