using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// Follows the protocol revisions that final states name: signals what this node can run, warns
/// from the proposal on of one that it can't, and says when the node must end because it would not
/// know how to go on.
/// </summary>
internal sealed class RevisionWatch(NetworkRules rules, Outbox outbox, Observer observer)
{
    private (Hash256 Spec, bool IsLocked) _said;

    /// <summary>
    /// A block is final, or the chain begins at it. False: the node can't follow its children.
    /// </summary>
    /// <param name="isLast">Of its epoch: what is wrong is said again.</param>
    public bool Follow(TreeBlock block, bool isLast)
    {
        ProposedRevision? proposed = RevisionStorage.ReadProposed(
            new SnapshotStorage(block.State));
        observer.Signals = observer.Signals with { Revision = rules.Signal(proposed) };
        Tell(proposed, isLast);
        return rules.Knows(block.Revision);
    }

    /// <summary>What to do when a revision is in force that this node does not know.</summary>
    public static string WhatToInstall(ActiveRevision active, NetworkRules rules) =>
        $"protocol revision {active.Number} (specification {active.Spec}) is in force from block "
        + $"{active.FirstBlock} on, and this node knows none above {rules.Newest}: install "
        + $"{NameOf(active.Version)} and start it on the same data folder; nothing is lost";

    private void Tell(ProposedRevision? proposed, bool again)
    {
        (Hash256, bool) now = proposed is null
            ? default
            : (proposed.Spec, proposed.LockedAt is not null);
        if (proposed is null || (now == _said && !(again && !rules.Knows(proposed))))
        {
            _said = now;
            return;
        }
        _said = now;
        string revision = $"protocol revision {proposed.Number} (specification {proposed.Spec}) "
            + (proposed.LockedAt is { } locked
                ? $"is locked in since block {locked}"
                : "is proposed");
        if (rules.Knows(proposed))
        {
            outbox.Log(LogLevel.Information, $"{revision}; this node knows it and signals it");
            return;
        }
        outbox.Log(
            LogLevel.Warning,
            $"{revision}, and this node does not know it: install {NameOf(proposed.Version)} "
            + "before it comes into force, or this node stops there");
    }

    private static string NameOf(string version) =>
        version.Length == 0 ? "a version that does" : $"version {version} or later";
}
