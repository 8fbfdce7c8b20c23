using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Node.Client;
using Homeostat.Node.Governance;

namespace Homeostat.Node.Operating;

/// <summary>How a running node does, by its own JSON-RPC: what is wrong and what to do.</summary>
internal sealed class NodeDoctor(RpcClient rpc, Uri endpoint, Findings findings)
{
    /// <summary>Transactions that wait this long without a final block are a fault.</summary>
    private const double StalledSeconds = 30;

    /// <summary>A validator holds what is this far ahead of its clock.</summary>
    private const double ClockSeconds = 1;

    public async Task CheckAsync(CancellationToken stop)
    {
        string version;
        ulong height;
        try
        {
            version = (await CallAsync("web3_clientVersion", stop)).GetString() ?? "";
            height = RpcClient.Quantity(await CallAsync("eth_blockNumber", stop));
        }
        catch (RpcException error)
        {
            findings.Add(false, "the node does not answer",
                $"is it running, and is JSON-RPC at {endpoint}? ({error.Message})");
            return;
        }
        findings.Add(new Finding(true, $"{version} answers at {endpoint}"));
        await CheckReadyAsync(stop);
        await CheckPeersAsync(stop);
        await CheckBlocksAsync(height, stop);
        await CheckRevisionAsync(stop);
        await new ValidatorDoctor(rpc, findings).CheckAsync(stop);
        await new LoopDoctor(rpc, findings).CheckAsync(stop);
    }

    /// <summary>A node that does not know what comes stops there: to be seen before.</summary>
    private async Task CheckRevisionAsync(CancellationToken stop)
    {
        JsonElement revisions = await CallAsync("homeostat_revisions", stop);
        JsonElement proposed = revisions.GetProperty("proposed");
        if (proposed.ValueKind != JsonValueKind.Object)
        {
            return;
        }
        bool isLocked = proposed.GetProperty("lockedAt").ValueKind == JsonValueKind.String;
        string what = $"protocol revision {RpcClient.Quantity(proposed.GetProperty("number"))} is "
            + (isLocked ? "locked in" : "proposed")
            + $", {RevisionReport.Share(revisions)} of the weight is ready";
        string remedy = $"this node does not know it: install version "
            + $"{proposed.GetProperty("version").GetString()} or later before it comes into "
            + "force, or this node stops there";
        bool knows = revisions.GetProperty("node").GetProperty("knowsProposed").GetBoolean();
        if (knows || !isLocked)
        {
            findings.Note(knows ? $"{what}, this node among it" : $"{what}; {remedy}");
            return;
        }
        findings.Add(false, what, remedy);
    }

    private async Task CheckReadyAsync(CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(
                new Uri(endpoint, "/readiness"), stop);
            string text = (await answer.Content.ReadAsStringAsync(stop)).Trim();
            findings.Add(
                answer.IsSuccessStatusCode, answer.IsSuccessStatusCode ? "ready" : "not ready",
                text.Length > 0 ? text : "its log says what it waits for");
        }
        catch (HttpRequestException error)
        {
            findings.Add(false, "no /readiness", error.Message);
        }
        JsonElement syncing = await CallAsync("eth_syncing", stop);
        if (syncing.ValueKind == JsonValueKind.Object)
        {
            ulong at = RpcClient.Quantity(syncing.GetProperty("currentBlock"));
            ulong highest = RpcClient.Quantity(syncing.GetProperty("highestBlock"));
            findings.Note($"it is catching up: block {at} of {highest}; its log says how long it "
                + "will take");
        }
    }

    private async Task CheckPeersAsync(CancellationToken stop)
    {
        ulong peers = RpcClient.Quantity(await CallAsync("net_peerCount", stop));
        int validators = (await CallAsync("homeostat_validators", stop)).GetArrayLength();
        int others = validators - 1;
        // Of four equal ones the node and two others can make a block final.
        int needed = validators * 2 / 3;
        findings.Add(
            (int)peers >= needed, $"{peers} peers, {validators} validators",
            $"{Math.Max(0, needed - (int)peers)} more of the {others} others must be reached "
            + "before blocks become final: look at their names, addresses and firewalls");
    }

    private async Task CheckBlocksAsync(ulong height, CancellationToken stop)
    {
        ulong timeMs = RpcClient.Quantity(await CallAsync("homeostat_time", stop, "latest"));
        JsonElement pool = await CallAsync("txpool_status", stop);
        ulong waiting = RpcClient.Quantity(pool.GetProperty("pending"));
        double age = (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - (double)timeMs) / 1_000;
        string when = height == 0
            ? "genesis"
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, age):F1} s old");
        string what = $"block {height}, {when}, {waiting} transactions wait";
        findings.Add(
            age <= StalledSeconds || waiting == 0, what,
            "nothing becomes final: more than a third of the weight is away, or this node is cut "
            + "off; run doctor against the others");
        findings.Add(
            age >= -ClockSeconds, "this machine's clock is not behind the chain's",
            "its clock is late: keep it by NTP");
    }

    private Task<JsonElement> CallAsync(
        string method, CancellationToken stop, params string[] parameters) =>
        rpc.CallAsync(method, [.. parameters.Select(x => (JsonNode)x)], stop);
}
