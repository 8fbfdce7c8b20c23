using System.Diagnostics.CodeAnalysis;
using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// A fork's precompiles as a simulated call is to find them: some moved to other addresses, some
/// gone because the caller put an account of its own there.
/// </summary>
public sealed class PrecompileOverrides(Fork fork)
{
    private readonly LookupTable<Address, IPrecompile?> _changes = new();

    public bool TryGet(in Address address, [NotNullWhen(true)] out IPrecompile? precompile) =>
        _changes.TryGetValue(address, out precompile)
            ? precompile is not null
            : Precompiles.TryGet(fork, address, out precompile);

    /// <summary>Whatever is there, it is an ordinary account from now on.</summary>
    public void Remove(in Address address) => _changes[address] = null;

    /// <summary>
    /// Lets it answer at another address; what was there is lost. False when it is no precompile.
    /// </summary>
    public bool TryMove(in Address from, in Address to)
    {
        if (!TryGet(from, out IPrecompile? precompile))
        {
            return false;
        }
        _changes[to] = precompile;
        _changes[from] = null;
        return true;
    }
}
