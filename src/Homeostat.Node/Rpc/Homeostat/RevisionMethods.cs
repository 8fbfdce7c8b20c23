using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Node.Rpc;

/// <summary>
/// homeostat_revisions: which protocol revision blocks follow, what comes next, who is ready for
/// it, and whether this node is.
/// </summary>
internal sealed class RevisionMethods(RpcContext context)
{
    public void Register(RpcTable.Builder table) => table.Add("homeostat_revisions", Get);

    /// <summary>As the state after a block has it (latest by default).</summary>
    private void Get(RpcParams arguments, Utf8JsonWriter result)
    {
        var state = new StateStorage(context.Chain.StateAt(arguments.Block(0)));
        IReadOnlyList<ActiveRevision> all = RevisionStorage.ReadAll(state);
        ProposedRevision? proposed = RevisionStorage.ReadProposed(state);
        result.WriteStartObject();
        result.WriteStartArray("history"u8);
        foreach (ActiveRevision revision in all)
        {
            result.WriteStartObject();
            result.Quantity("number"u8, revision.Number);
            result.Quantity("firstBlock"u8, revision.FirstBlock.Value);
            result.Data("spec"u8, revision.Spec);
            result.WriteString("version"u8, revision.Version);
            result.WriteEndObject();
        }
        result.WriteEndArray();
        WriteProposed(result, proposed);
        WriteNode(result, all, proposed);
        WriteValidators(result, state, proposed);
        result.WriteEndObject();
    }

    private static void WriteProposed(Utf8JsonWriter result, ProposedRevision? proposed)
    {
        if (proposed is null)
        {
            result.WriteNull("proposed"u8);
            return;
        }
        result.WriteStartObject("proposed"u8);
        result.Quantity("number"u8, proposed.Number);
        result.Data("spec"u8, proposed.Spec);
        result.WriteString("version"u8, proposed.Version);
        result.Quantity("deadline"u8, proposed.Deadline);
        result.Quantity("proposedAt"u8, proposed.ProposedAt.Value);
        if (proposed.LockedAt is { } locked)
        {
            result.Quantity("lockedAt"u8, locked.Value);
        }
        else
        {
            result.WriteNull("lockedAt"u8);
        }
        result.WriteEndObject();
    }

    private void WriteNode(
        Utf8JsonWriter result, IReadOnlyList<ActiveRevision> all, ProposedRevision? proposed)
    {
        NetworkRules? rules = context.Node.Network;
        result.WriteStartObject("node"u8);
        result.Quantity("newest"u8, rules?.Newest ?? ProtocolRevisions.Newest);
        result.Data("signals"u8, rules?.Signal(proposed) ?? Hash256.Zero);
        result.WriteBoolean("knowsActive"u8, rules is null || all.Count == 0
            || rules.Knows(all[^1]));
        result.WriteBoolean(
            "knowsProposed"u8, rules is null || proposed is null || rules.Knows(proposed));
        result.WriteEndObject();
    }

    private static void WriteValidators(
        Utf8JsonWriter result, StateStorage state, ProposedRevision? proposed)
    {
        var steering = new SteeringStorage(state);
        UInt128 ready = 0;
        UInt128 total = 0;
        result.WriteStartArray("validators"u8);
        foreach (ValidatorEntry validator in ValidatorStorage.Read(state))
        {
            Hash256 signal = steering.Signals(validator.Address).Revision;
            total += validator.Weight;
            ready += proposed?.Spec == signal ? validator.Weight : 0;
            result.WriteStartObject();
            result.Data("address"u8, validator.Address);
            result.Quantity("weight"u8, validator.Weight);
            result.Data("signals"u8, signal);
            // By the texts this program knows; another's revisions have no number here.
            if (ProtocolRevisions.All.FirstOrDefault(x => x.Spec == signal) is { } known)
            {
                result.Quantity("revision"u8, known.Number);
            }
            else
            {
                result.WriteNull("revision"u8);
            }
            result.WriteEndObject();
        }
        result.WriteEndArray();
        result.Quantity("readyWeight"u8, (UInt256)(ulong)ready);
        result.Quantity("totalWeight"u8, (UInt256)(ulong)total);
    }
}
