using System.Text.Json;
using Homeostat.Node.Healing;
using Homeostat.Steering;

namespace Homeostat.Node.Rpc;

/// <summary>What the methods need of the node's own healing.</summary>
/// <param name="Log">The node's record and its peers.</param>
/// <param name="Beside">Data folders of the network's nodes on this machine, under `up`.</param>
internal sealed record NodeHealth(HealingLog Log, IReadOnlyList<string> Beside);

/// <summary>
/// homeostat_epoch: who bonded and how each does, as the chain has it. homeostat_health: what this
/// node mended, and how its peers came and went.
/// </summary>
internal sealed class HealthMethods(RpcContext context)
{
    public void Register(RpcTable.Builder table)
    {
        table.Add("homeostat_epoch", GetEpoch);
        table.Add("homeostat_health", (_, result) => GetHealth(result));
    }

    /// <summary>Of the block after the given one (latest by default).</summary>
    private void GetEpoch(RpcParams arguments, Utf8JsonWriter result)
    {
        RpcBlock block = context.Chain.Get(arguments.Block(0));
        var state = new StateStorage(context.Chain.StateAt(arguments.Block(0)));
        ulong epoch = ValidatorStorage.ReadEpoch(state);
        ulong blocks = EpochClock.Read(state).Blocks;
        IReadOnlyList<ValidatorStanding> standings = ValidatorStanding.ReadAll(state);
        result.WriteStartObject();
        result.Quantity("epoch"u8, epoch);
        result.Quantity("epochBlocks"u8, blocks);
        result.Quantity("firstBlock"u8, epoch * blocks + 1);
        // One epoch without end has no last block.
        if (blocks == 0)
        {
            result.WriteNull("lastBlock"u8);
        }
        else
        {
            result.Quantity("lastBlock"u8, (epoch + 1) * blocks);
        }
        ulong counted = block.Number - Math.Min(block.Number, epoch * blocks);
        result.Quantity("blocksCounted"u8, blocks == 0 ? 0 : counted);
        result.Quantity("turns"u8, (ulong)standings.Sum(x => x.Turns));
        result.WriteStartArray("members"u8);
        foreach (ValidatorStanding standing in standings)
        {
            Write(result, state, standing);
        }
        result.WriteEndArray();
        result.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter result, StateStorage state, ValidatorStanding member)
    {
        StakeRecord stake = member.Stake;
        result.WriteStartObject();
        result.Data("address"u8, member.Address);
        result.Data("owner"u8, stake.Owner);
        result.Quantity("stake"u8, stake.Stake);
        result.Quantity("weight"u8, member.Weight);
        result.WriteString("node"u8, ValidatorStorage.ReadNodeAddress(state, member.Address));
        if (stake.JailedUntil == 0)
        {
            result.WriteNull("jailedUntil"u8);
        }
        else
        {
            result.Quantity("jailedUntil"u8, stake.JailedUntil);
        }
        result.WriteBoolean("tombstoned"u8, stake.IsTombstoned);
        result.WriteBoolean("leaving"u8, stake.IsLeaving);
        result.Quantity("turns"u8, (ulong)member.Turns);
        result.Quantity("led"u8, member.Led);
        result.Quantity("failed"u8, member.Failed);
        result.Quantity("ledBefore"u8, member.LedBefore);
        result.Quantity("failedBefore"u8, member.FailedBefore);
        result.Quantity("present"u8, member.Present);
        result.WriteEndObject();
    }

    private void GetHealth(Utf8JsonWriter result)
    {
        NodeHealth? health = context.Node.Health;
        HealingRecord? own = health?.Log.Record;
        result.WriteStartObject();
        result.WriteStartArray("nodes"u8);
        if (own is not null)
        {
            Write(result, own, isThis: true);
        }
        foreach (string folder in health?.Beside ?? [])
        {
            if (HealingRecord.Read(folder) is { } record && record.Address != own?.Address)
            {
                Write(result, record, isThis: false);
            }
        }
        result.WriteEndArray();
        result.WriteStartArray("peers"u8);
        foreach (PeerHealth peer in health?.Log.Peers ?? [])
        {
            result.WriteStartObject();
            result.Data("address"u8, peer.Address);
            result.WriteBoolean("connected"u8, peer.IsConnected);
            result.Quantity("since"u8, (ulong)peer.SinceMs);
            result.Quantity("lost"u8, peer.Lost);
            result.Quantity("awayMs"u8, (ulong)peer.AwayMs);
            result.WriteEndObject();
        }
        result.WriteEndArray();
        result.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter result, HealingRecord record, bool isThis)
    {
        result.WriteStartObject();
        result.WriteString("address"u8, record.Address);
        result.WriteBoolean("this"u8, isThis);
        result.Quantity("startedAt"u8, (ulong)record.StartedAtMs);
        result.Quantity("starts"u8, record.Starts);
        result.Quantity("restarts"u8, record.Restarts);
        result.Quantity("repairs"u8, record.Repairs);
        result.Quantity("resyncs"u8, record.Resyncs);
        result.Quantity("resyncedBlocks"u8, record.ResyncedBlocks);
        result.Quantity("snapshots"u8, record.Snapshots);
        result.WriteStartArray("events"u8);
        foreach (HealingEvent happened in record.Events)
        {
            result.WriteStartObject();
            result.Quantity("time"u8, (ulong)happened.TimeMs);
            result.WriteString("kind"u8, happened.Kind);
            result.WriteString("text"u8, happened.Text);
            result.WriteEndObject();
        }
        result.WriteEndArray();
        result.WriteEndObject();
    }
}
