using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>The irregular state change of mainnet's block 1,920,000 (EIP-779).</summary>
internal static class DaoFork
{
    private static readonly Address Refund = new("0xbf4ed7b27f1d666546e30d74d50d173d20bca754");

    public static void Apply(WorldState world)
    {
        foreach (Address account in DaoAccounts.All)
        {
            UInt256 balance = world.GetBalance(account);
            if (!balance.IsZero)
            {
                world.SubtractBalance(account, balance);
                world.AddBalance(Refund, balance);
            }
        }
        world.EndTransaction(clearsEmptyAccounts: false);
    }
}
