using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// The verified votes of one kind in one view: at most one a validator, its first, so a tally is
/// bounded by the set and an equivocator's second vote adds no weight.
/// </summary>
internal sealed class VoteTally(ValidatorSet validators)
{
    private readonly Vote?[] _votes = new Vote?[validators.Count];
    private readonly SortedDictionary<Hash256, ulong> _weights = [];

    public Vote? this[ValidatorIndex signer] => _votes[signer.Value];

    /// <summary>Adds a signer's first vote; the weight that its block now has.</summary>
    public ulong Add(Vote vote)
    {
        Invariant.Require(_votes[vote.Signer.Value] is null);
        _votes[vote.Signer.Value] = vote;
        ulong weight = WeightOf(vote.BlockHash) + validators[vote.Signer].Weight;
        _weights[vote.BlockHash] = weight;
        return weight;
    }

    public ulong WeightOf(in Hash256 block) => _weights.GetValueOrDefault(block);

    /// <summary>Blocks voted for, and their weights, by hash.</summary>
    public IEnumerable<KeyValuePair<Hash256, ulong>> Weights => _weights;

    public List<Vote> For(Hash256 block) =>
        [.. _votes.OfType<Vote>().Where(vote => vote.BlockHash == block)];
}
