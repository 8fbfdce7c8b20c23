using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>A safety invariant did not hold: the run ends here.</summary>
internal sealed class SafetyViolation(string message) : Exception(message);

/// <summary>
/// The invariants, looked at in every effect of every honest node:
/// no two blocks of one height are final; what a node called final stays so through any crash;
/// state roots agree at every height; an honest validator never contradicts its own votes, also
/// not across its crashes.
/// </summary>
internal sealed class SafetyChecks(int nodes)
{
    /// <summary>
    /// Heights and views that are looked back on, ten times what a seed has; days have far more.
    /// </summary>
    private const ulong Memory = 2_048;

    private readonly SortedDictionary<Height, (Hash256 Hash, Hash256 Root)> _final = [];
    private readonly Height[] _announced = new Height[nodes];
    private readonly Dictionary<(int Node, Epoch Epoch, View View), Said> _said = [];

    /// <summary>
    /// False leaves contradictory votes to be found by what comes of them. A test that wants to see
    /// two final blocks says so; they are found sooner here.
    /// </summary>
    public bool ChecksVotes { get; init; } = true;

    public Height Highest { get; private set; }

    /// <summary>Its time.</summary>
    public long HighestTimeMs { get; private set; }

    /// <summary>Transactions in final blocks, the protocol's own not counted.</summary>
    public long Transactions { get; private set; }

    public Height Announced(int node) => _announced[node];

    /// <summary>A node writes a block as final.</summary>
    public void Finalizes(SimulatedNode node, FinalizedBlock block)
    {
        if (_final.TryGetValue(block.Height, out (Hash256 Hash, Hash256 Root) known))
        {
            Require(
                known.Hash == block.Hash,
                $"node {node.Index} finalizes {block.Hash} at height {block.Height}, where "
                + $"{known.Hash} is final");
            Require(
                known.Root == block.StateRoot,
                $"node {node.Index} has another state root at height {block.Height}");
            return;
        }
        _final.Add(block.Height, (block.Hash, block.StateRoot));
        if (block.Height > Highest)
        {
            (Highest, HighestTimeMs) = (block.Height, block.TimeMs);
        }
        Forget(block.View);
        Transactions += block.Executed is { } executed ? executed.Transactions.Count - 1 : 0;
    }

    private void Forget(View view)
    {
        if (Highest.Value % Memory != 0)
        {
            return;
        }
        foreach (Height old in _final.Keys.Where(x => x.Value + Memory < Highest.Value).ToArray())
        {
            _final.Remove(old);
        }
        foreach (var old in _said.Keys.Where(x => x.View.Value + Memory < view.Value).ToArray())
        {
            _said.Remove(old);
        }
    }

    /// <summary>A node shows clients a final head.</summary>
    public void Announces(SimulatedNode node, ChainHead head)
    {
        Require(
            head.Height >= _announced[node.Index],
            $"node {node.Index} goes back from height {_announced[node.Index]} to {head.Height}");
        _announced[node.Index] = head.Height;
        if (head.Height > Height.Genesis)
        {
            bool isKnown = _final.TryGetValue(head.Height, out (Hash256 Hash, Hash256 Root) known);
            Require(
                isKnown && known.Hash == head.Hash,
                $"node {node.Index} shows {head.Hash} at height {head.Height} as final");
        }
    }

    /// <summary>A node starts again: what it announced must be on its disk.</summary>
    public void Restarts(SimulatedNode node)
    {
        Height stored = node.Disk.LastFinalized?.Height ?? Height.Genesis;
        Require(
            stored >= _announced[node.Index],
            $"node {node.Index} announced height {_announced[node.Index]} and has {stored} "
            + "after its restart");
    }

    /// <summary>
    /// A node's disk is gone, and with it what it announced; what it said is not forgotten by the
    /// others, so it must not contradict it.
    /// </summary>
    public void Forgets(int node) => _announced[node] = Height.Genesis;

    /// <summary>A message leaves a node.</summary>
    public void Sends(SimulatedNode node, byte[] bytes)
    {
        if (!ChecksVotes || bytes.Length == 0
            || (WireKind)bytes[0] is not
                (WireKind.Vote or WireKind.Proposal or WireKind.CompactProposal)
            || WireMessage.TryDecode(bytes, out WireMessage? message) is not null)
        {
            return;
        }
        Check(node, message switch
        {
            ProposalMessage proposal => proposal.LeaderVote,
            CompactProposalMessage compact => compact.LeaderVote,
            _ => ((VoteMessage)message!).Vote,
        });
    }

    private void Check(SimulatedNode node, Vote vote)
    {
        Said said = _said.GetValueOrDefault((node.Index, vote.Epoch, vote.View)) ?? new Said();
        _said[(node.Index, vote.Epoch, vote.View)] = said;
        switch (vote.Kind)
        {
            case VoteKind.Notarize:
                said.Notarize ??= vote;
                Require(
                    said.Notarize.SaysSameAs(vote),
                    $"node {node.Index} notarizes two things in view {vote.View}");
                break;
            case VoteKind.Finalize:
                said.Finalize ??= vote;
                Require(
                    said.Finalize.BlockHash == vote.BlockHash,
                    $"node {node.Index} finalizes two blocks in view {vote.View}");
                break;
            default:
                said.HasNullified = true;
                break;
        }
        Require(
            said.Finalize is null || !said.HasNullified,
            $"node {node.Index} nullifies and finalizes in view {vote.View}");
    }

    private static void Require(bool condition, string violation)
    {
        if (!condition)
        {
            throw new SafetyViolation(violation);
        }
    }

    private sealed class Said
    {
        public Vote? Notarize { get; set; }

        public Vote? Finalize { get; set; }

        public bool HasNullified { get; set; }
    }
}
