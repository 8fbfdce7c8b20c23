using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>What the pool needs to know of a sender; zeros for an absent account.</summary>
/// <param name="Refused">What the network's lists keep it from.</param>
public readonly record struct AccountStanding(
    ulong Nonce, UInt256 Balance, Refused Refused = Refused.Nothing);

/// <summary>Reads senders in one state; see <see cref="SnapshotAccounts"/>.</summary>
public interface IAccounts
{
    AccountStanding Read(in Address sender);
}
