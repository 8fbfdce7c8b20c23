using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Puts a caller's accounts over a state, with geth's rules for precompiles among them.
/// </summary>
internal static class StateOverrides
{
    /// <summary>Null when all are applied, else geth's text.</summary>
    public static string? Apply(
        WorldState world, IReadOnlyList<KeyValuePair<Address, AccountOverride>> accounts,
        PrecompileOverrides precompiles)
    {
        var taken = new LookupSet<Address>();
        foreach ((Address address, AccountOverride account) in accounts.OrderBy(pair => pair.Key))
        {
            if (taken.Contains(address))
            {
                return $"account {address.ToChecksum()} has already been overridden by a "
                    + "precompile";
            }
            if (account.MovePrecompileTo is { } target)
            {
                if (accounts.Any(pair => pair.Key == target))
                {
                    return $"account {target.ToChecksum()} is already overridden";
                }
                if (!precompiles.TryMove(address, target))
                {
                    return $"account {address.ToChecksum()} is not a precompile";
                }
                taken.Add(target);
            }
            precompiles.Remove(address);
            world.Override(address, account);
        }
        world.EndTransaction(clearsEmptyAccounts: false);
        return null;
    }
}
