using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>What the pool needs to know of a sender; zeros for an absent account.</summary>
public readonly record struct AccountStanding(ulong Nonce, UInt256 Balance);

/// <summary>Reads senders in one state; see <see cref="SnapshotAccounts"/>.</summary>
public interface IAccounts
{
    AccountStanding Read(in Address sender);
}
