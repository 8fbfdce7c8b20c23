using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// What operators agreed on when more than a third of the weight was gone for good: after this
/// final block the chain goes on without these validators (docs/operating/recover.md). No protocol
/// can decide that; whoever runs a node does, by giving it the same record as the others.
/// </summary>
/// <param name="Height">Of the last block that stands.</param>
/// <param name="BlockHash">Its hash.</param>
/// <param name="Without">Who votes no more, whatever the state says.</param>
public sealed record ValidatorRecovery(
    Height Height, Hash256 BlockHash, IReadOnlyList<Address> Without)
{
    /// <summary>
    /// The validators that vote on the children of the block at a height; all of them where nobody
    /// would be left.
    /// </summary>
    internal static ValidatorSet After(
        IReadOnlyList<ValidatorRecovery> recoveries, Height height, ValidatorSet set)
    {
        var gone = new SortedSet<Address>(
            recoveries.Where(x => x.Height <= height).SelectMany(x => x.Without));
        Validator[] left = [.. set.Validators.Where(x => !gone.Contains(x.Address))];
        return left.Length == 0 || left.Length == set.Count ? set : ValidatorSet.Create(left);
    }
}
