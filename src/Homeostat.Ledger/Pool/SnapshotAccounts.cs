using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>Reads senders in a snapshot.</summary>
public sealed class SnapshotAccounts(WorldSnapshot snapshot) : IAccounts
{
    public AccountStanding Read(in Address sender) =>
        snapshot.GetAccount(sender) is { } account
            ? new AccountStanding(account.Nonce, account.Balance)
            : default;
}
