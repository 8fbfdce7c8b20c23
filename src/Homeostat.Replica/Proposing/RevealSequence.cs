using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// A validator's chains of reveals, one after the other without end: where a chain runs low, or
/// none was ever committed to, its next block commits to the next one instead of revealing. All of
/// them follow from the key, so a restarted node finds its place by what the state says.
/// </summary>
internal sealed class RevealSequence(ISigner signer, ulong chainId)
{
    /// <summary>
    /// A chain is renewed with so many reveals left: twice what one validator alone uses up in
    /// <see cref="Ledger.PlaceSeed.DelayBlocks"/>.
    /// </summary>
    public const int RenewAt = 512;

    /// <summary>
    /// Length of later chains: three days of all blocks at four a second; 0.6 s to hash.
    /// </summary>
    public const int LaterLength = 1 << 20;

    /// <summary>Chains looked through for a commitment after a restart.</summary>
    private const uint MostGenerations = 64;

    private RevealChain? _chain;
    private uint _generation;
    private Hash256 _unknown;

    /// <summary>
    /// What the leader puts into its block: a reveal, the commitment to its next chain, or zero
    /// where the state's commitment is none of this key's.
    /// </summary>
    /// <param name="commitment">In force in that block; zero: none.</param>
    /// <param name="isRenewing">A next chain is already on its way.</param>
    public Hash256 Next(in Hash256 commitment, bool isRenewing)
    {
        if (commitment.IsZero)
        {
            return isRenewing ? Hash256.Zero : Chain(0).CommitmentOf(RevealChain.DefaultLength);
        }
        if (!TryFind(commitment, out RevealChain chain))
        {
            return Hash256.Zero;
        }
        Hash256 reveal = chain.RevealFor(commitment);
        return chain.Left < RenewAt && !isRenewing
            ? Chain(_generation + 1).CommitmentOf(LaterLength)
            : reveal;
    }

    private RevealChain Chain(uint generation) =>
        RevealChain.Of(signer, chainId, generation);

    private bool TryFind(in Hash256 commitment, out RevealChain chain)
    {
        chain = _chain ??= Chain(0);
        if (commitment == _unknown)
        {
            return false;
        }
        for (uint generation = _generation; generation < MostGenerations; generation++)
        {
            chain = generation == _generation ? _chain : Chain(generation);
            int length = generation == 0 ? RevealChain.MaximumLength : LaterLength;
            if (chain.Has(commitment, length))
            {
                (_chain, _generation) = (chain, generation);
                return true;
            }
        }
        _unknown = commitment;
        return false;
    }
}
