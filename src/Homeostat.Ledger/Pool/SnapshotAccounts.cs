using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>Reads senders in a snapshot.</summary>
public sealed class SnapshotAccounts(WorldSnapshot snapshot) : IAccounts
{
    private readonly Allowlists? _lists = Allowlists.Of(snapshot);

    public AccountStanding Read(in Address sender)
    {
        Refused refused = _lists?.RefusedTo(sender) ?? Refused.Nothing;
        return snapshot.GetAccount(sender) is { } account
            ? new AccountStanding(account.Nonce, account.Balance, refused)
            : new AccountStanding(0, UInt256.Zero, refused);
    }
}
