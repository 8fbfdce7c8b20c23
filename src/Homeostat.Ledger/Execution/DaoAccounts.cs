using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>The accounts whose balances EIP-779 moves.</summary>
internal static class DaoAccounts
{
    public static readonly IReadOnlyList<Address> All = [];
}
