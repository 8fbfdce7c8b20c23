using System.Globalization;
using System.Text.Json;
using Homeostat.Node.Client;

namespace Homeostat.Node.Operating;

/// <summary>
/// The validators as the node sees them: who is missing and where to look for it, who is jailed,
/// slashed or about to be, and what the node had to mend.
/// </summary>
internal sealed class ValidatorDoctor(IRpcCaller rpc, Findings findings)
{
    /// <summary>
    /// Twice the share of blocks under which a validator of the default genesis is jailed.
    /// </summary>
    private const double LeastPresence = 0.2;

    /// <summary>Before so many blocks of an epoch a share says little.</summary>
    private const ulong LeastBlocks = 64;

    public async Task CheckAsync(CancellationToken stop)
    {
        JsonElement health = await rpc.CallAsync("homeostat_health", [], stop);
        JsonElement epoch = await rpc.CallAsync("homeostat_epoch", [], stop);
        JsonElement[] nodes = [.. health.GetProperty("nodes").EnumerateArray()];
        JsonElement own = nodes.FirstOrDefault(node => node.GetProperty("this").GetBoolean());
        string self = own.ValueKind == JsonValueKind.Object ? Text(own, "address") : "";
        ulong number = Number(epoch, "epoch");
        ulong counted = Number(epoch, "blocksCounted");
        foreach (JsonElement member in epoch.GetProperty("members").EnumerateArray())
        {
            CheckMember(member, Text(member, "address") == self, number, counted);
        }
        CheckMissing(epoch, health, self);
        if (own.ValueKind == JsonValueKind.Object)
        {
            CheckHealing(own);
        }
    }

    private void CheckMember(JsonElement member, bool isSelf, ulong epoch, ulong counted)
    {
        string address = Text(member, "address");
        string who = isSelf ? $"this validator {address}" : $"validator {address}";
        if (member.GetProperty("tombstoned").GetBoolean())
        {
            Say(isSelf, $"{who} is slashed for good",
                "its key signed two votes that contradict each other: find out where else it runs, "
                + "and join with a new key (docs/operating, Key rotation)");
        }
        else if (member.GetProperty("jailedUntil") is { ValueKind: JsonValueKind.String } until)
        {
            ulong free = RpcClient.Quantity(until);
            Say(isSelf, $"{who} is jailed for absence until epoch {free}; epoch {epoch} is under "
                + "way", $"keep its node up; {(epoch >= free ? "now" : "then")} its owner "
                + $"{Text(member, "owner")} may call unjail({address}) of "
                + "0x00000000000000000000000000000000484f0004");
        }
        else if (Number(member, "weight") > 0 && counted >= LeastBlocks
            && Number(member, "present") < counted * LeastPresence)
        {
            Say(isSelf, string.Create(
                CultureInfo.InvariantCulture,
                $"{who} voted in {Number(member, "present")} of {counted} blocks of the epoch"),
                "whoever is absent in nearly all of an epoch is jailed at its end: is its node up, "
                + "reachable, and on time?");
        }
    }

    /// <summary>A fault of one's own; of others worth knowing, with what their operator does.
    /// </summary>
    private void Say(bool isSelf, string what, string remedy)
    {
        if (isSelf)
        {
            findings.Add(false, what, remedy);
        }
        else
        {
            findings.Note($"{what}: {remedy}");
        }
    }

    private void CheckMissing(JsonElement epoch, JsonElement health, string self)
    {
        var here = health.GetProperty("peers").EnumerateArray()
            .Where(peer => peer.GetProperty("connected").GetBoolean())
            .Select(peer => Text(peer, "address")).ToHashSet();
        string[] missing =
        [
            .. epoch.GetProperty("members").EnumerateArray()
                .Where(x => Number(x, "weight") > 0 && Text(x, "address") != self
                    && !here.Contains(Text(x, "address")))
                .Select(x => Text(x, "node") is { Length: > 0 } node
                    ? $"{Text(x, "address")} at {node}"
                    : Text(x, "address")),
        ];
        // Where the node says nothing of its peers there is nothing to miss.
        if (missing.Length > 0 && self.Length > 0)
        {
            findings.Note($"not connected: {string.Join(", ", missing)}: is it up, does its name "
                + "resolve here, is its peer port open?");
        }
    }

    private void CheckHealing(JsonElement own)
    {
        ulong restarts = Number(own, "restarts");
        ulong repairs = Number(own, "repairs");
        ulong resyncs = Number(own, "resyncs");
        if (restarts + repairs + resyncs > 0)
        {
            findings.Note($"it healed itself: {restarts} restarts, {repairs} repairs, {resyncs} "
                + "resyncs since its data folder was made (what and when: the console's "
                + "Validators page, or homeostat_health)");
        }
    }

    private static string Text(JsonElement item, string name) =>
        item.GetProperty(name).GetString() ?? "";

    private static ulong Number(JsonElement item, string name) =>
        RpcClient.Quantity(item.GetProperty(name));
}
