using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// The rules of one network, by the protocol revisions its state names. Immutable but for a memo,
/// so any thread may ask. All revisions share one INFER, which remembers models.
/// </summary>
public sealed class NetworkRules
{
    private readonly BlockRules[] _revisions;
    private readonly ChainRules[] _children;
    private volatile Timeline? _newest;

    /// <param name="newestRevision">
    /// The node follows and signals none above it; null: the newest that the code knows.
    /// </param>
    public NetworkRules(ChainId chainId, ulong? newestRevision = null)
    {
        ChainId = chainId;
        Newest = Math.Clamp(
            newestRevision ?? ProtocolRevisions.Newest, ProtocolRevisions.First,
            ProtocolRevisions.Newest);
        BlockRules first = EthereumForks.Homeostat(
            chainId.Value, allowsBlobs: false, new InferPrecompile());
        _revisions =
        [
            .. ProtocolRevisions.All.Where(x => x.Number <= Newest)
                .Select(x => ProtocolRevisions.Rules(first, x.Number)),
        ];
        _children = [.. _revisions.Select(x => new ChainRules(chainId.Value, [FromOn(0, x)]))];
    }

    public ChainId ChainId { get; }

    /// <summary>The highest revision this node can run.</summary>
    public ulong Newest { get; }

    /// <summary>Whether this node can go on from a state with that revision in force.</summary>
    public bool Knows(ActiveRevision? active) =>
        active is null || Knows(active.Number, active.Spec);

    /// <summary>Whether this node can run what governance proposes.</summary>
    public bool Knows(ProposedRevision proposed) => Knows(proposed.Number, proposed.Spec);

    /// <summary>
    /// What this node signals: the revision that is proposed if it knows it, else the newest it
    /// knows.
    /// </summary>
    public Hash256 Signal(ProposedRevision? proposed) =>
        proposed is not null && Knows(proposed)
            ? proposed.Spec
            : ProtocolRevisions.Find(Newest)!.Spec;

    /// <summary>The rules of the child of a block whose state has that revision in force.</summary>
    public ChainRules ChildOf(ActiveRevision? active)
    {
        Invariant.Require(Knows(active));
        return _children[(active?.Number ?? ProtocolRevisions.First) - ProtocolRevisions.First];
    }

    /// <summary>
    /// The rules for transactions now: of the newest revision known, where the one in force is not.
    /// </summary>
    public BlockRules Of(ActiveRevision? active) => _revisions[
        Math.Clamp(active?.Number ?? 0, ProtocolRevisions.First, Newest)
            - ProtocolRevisions.First];

    /// <summary>
    /// The rules of all blocks up to the child of the one with this state. Of a revision that this
    /// node does not know, there is nothing to say: it has stopped there.
    /// </summary>
    public ChainRules UpTo(IStorageReader state)
    {
        ulong count = RevisionStorage.ReadCount(state);
        if (_newest is { } memo && memo.Count == count)
        {
            return memo.Rules;
        }
        ForkActivation[] activations =
        [
            .. RevisionStorage.ReadAll(state).TakeWhile(Knows).Select(
                x => FromOn(x.FirstBlock.Value, _revisions[x.Number - ProtocolRevisions.First])),
        ];
        ChainRules rules = activations.Length == 0
            ? _children[0]
            : new ChainRules(ChainId.Value, activations);
        _newest = new Timeline(count, rules);
        return rules;
    }

    private bool Knows(ulong number, in Hash256 spec) =>
        number <= Newest && ProtocolRevisions.Find(number) is { } known && known.Spec == spec;

    private static ForkActivation FromOn(ulong block, BlockRules rules) =>
        new() { Block = block, Rules = rules };

    private sealed record Timeline(ulong Count, ChainRules Rules);
}
