using System.Globalization;
using Homeostat.Node.Client;
using Homeostat.Node.Drills;
using Homeostat.Node.Explain;
using Homeostat.Node.Governance;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Node.Tests.EndToEnd;

/// <summary>
/// A rule that pays on a live network of four: proposed, voted, its dry run attested by the nodes'
/// votes, carried out; its firing is explained with its outcome, and recomputed from proofs of what
/// it read and paid.
/// </summary>
[Collection("EndToEnd")]
[Trait("Category", "EndToEnd")]
public sealed class GovernanceTests : IDisposable
{
    private readonly string _folder =
        Directory.CreateTempSubdirectory("homeostat-governance-").FullName;
    private readonly int _http = FreePorts.Several(4, 10);
    private readonly int _p2p = FreePorts.Several(4, 1);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_rule_that_pays_is_adopted_after_its_dry_run_and_its_firing_verifies()
    {
        await using UpProcess up = await UpProcess.StartAsync(
            Path.Combine(_folder, "network"), _http, _p2p, 4);
        string url = up.Urls[0];
        using var stop = new CancellationTokenSource();
        Task ticking = TickAsync(url, stop.Token);
        await UpProcess.UntilAsync(
            async () => await UpProcess.HeightAsync(url) > 4, "four blocks", 60);
        string id = await ProposeAsync(url);
        await VoteAsync(url, UInt256.Parse(id));
        // Which is attested is what another node computes too.
        string dryRun = await RunAsync("governance", "dry-run", id, "--request", Key(3),
            "--rpc", up.Urls[1]);
        Assert.Contains("passed: it can be carried out", dryRun, StringComparison.Ordinal);
        Assert.Contains("answer to the price (elasticity 0.5): mean base fee", dryRun,
            StringComparison.Ordinal);
        string advice = await RunAsync("governance", "status", id, "--rpc", url);
        foreach (string said in (string[])
            ["adopt a standing rule", "the rule: when treasuryGwei > 5", "all senders: ",
             "plain payments", "validators: 4 of them", "What was done before"])
        {
            Assert.Contains(said, advice, StringComparison.Ordinal);
        }
        await UntilStateAsync(url, UInt256.Parse(id), ProposalState.Succeeded);
        await RunAsync("governance", "carry", id, "--rpc", url, "--key", Key(0));
        string status = await RunAsync("governance", "dry-run", id, "--rpc", url);
        Assert.Contains("published: passed", status, StringComparison.Ordinal);
        await Task.Delay(3_000);
        await RunAsync("governance", "carry", id, "--rpc", url, "--key", Key(0));
        string file = Path.Combine(_folder, "firing.json");
        string explained = await FiringAsync(url, file);
        Assert.Contains("pay 0x", explained, StringComparison.Ordinal);
        await stop.CancelAsync();
        await ticking;
        await up.StopAsync();
        AssertAltered(DecisionEvidence.FromJson(await File.ReadAllTextAsync(file)));
    }

    private async Task<string> ProposeAsync(string url)
    {
        await RunAsync("governance", "propose", "--when", "treasuryGwei > 5", "--do",
            "pay 0x00000000000000000000000000000000abcdef01 1000000000", "--interval", "3600",
            "--budget", "5000000000", "--why", "a test", "--rpc", url, "--key", Key(0));
        string output = await RunAsync("governance", "status", "--rpc", url);
        // The Treasury is filled before the rule is in force.
        string[] lines = output.Split('\n');
        int at = Array.FindIndex(lines, line => line.Contains("calls", StringComparison.Ordinal));
        string id = lines.Take(at).Last(line => line.Length > 40 && line[0] is >= '0' and <= '9');
        string paid = await UpProcess.TransferAsync(
            url, 4, 0, PredeployAddresses.Treasury, 10_000_000_000, 60_000);
        await UpProcess.UntilAsync(
            async () => await UpProcess.ReceiptBlockAsync(url, paid) > 0, "the payment");
        return id.Trim();
    }

    // At once: voting is over in twelve seconds, and a busy machine starts processes slowly.
    private static async Task VoteAsync(string url, UInt256 id)
    {
        await UntilStateAsync(url, id, ProposalState.Active);
        using var rpc = new RpcClient(new Uri(url));
        var client = new GovernanceClient(rpc);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(i => client.SendAsync(
            DevelopmentNetwork.FundedAccounts[i].PrivateKey, PredeployAddresses.Governor,
            GovernorCalls.Vote(id, VoteSupport.For), UInt256.Zero, CancellationToken.None)));
    }

    private static async Task UntilStateAsync(string url, UInt256 id, ProposalState state)
    {
        using var rpc = new RpcClient(new Uri(url));
        var client = new GovernanceClient(rpc);
        await UpProcess.UntilAsync(
            async () => (await client.VoteAsync(id, CancellationToken.None)).State == state,
            $"state {state}", 60);
    }

    // Explained with its outcome, and verified while its state is kept.
    private static async Task<string> FiringAsync(string url, string file)
    {
        string firing = "";
        await UpProcess.UntilAsync(async () =>
        {
            var logs = await UpProcess.CallAsync(url, "homeostat_decisions");
            foreach (var log in logs.EnumerateArray())
            {
                DecisionEvent? decision = DecisionFinder.TryRead(log);
                firing = decision?.Actor == Actor.Rule ? $"{decision.Id}" : firing;
            }
            return firing.Length != 0;
        }, "a firing", 60);
        await UpProcess.UntilAsync(async () =>
        {
            (int code, string output, string errors) = await UpProcess.RunAsync(
                "verify", firing, "--rpc", url, "--save", file);
            Assert.True(code == 0 || errors.Contains("ask again", StringComparison.Ordinal),
                output + errors);
            return code == 0;
        }, "a certificate", 30);
        string explained = "";
        await UpProcess.UntilAsync(async () =>
        {
            explained = (await UpProcess.CallAsync(
                url, "homeostat_explain",
                ulong.Parse(firing, CultureInfo.InvariantCulture))).GetString()!;
            return !explained.Contains("not known", StringComparison.Ordinal);
        }, "the outcome", 60);
        Assert.Contains("was 10 when it fired and 9 when", explained, StringComparison.Ordinal);
        return explained;
    }

    // The balance that the condition read, and the balance of who was paid.
    private static void AssertAltered(DecisionEvidence evidence)
    {
        Assert.True(DecisionVerifier.Verify(evidence).Agrees);
        foreach (Address account in (Address[])
            [PredeployAddresses.Treasury, Address.FromNumber(0xabcdef01)])
        {
            Assert.Contains(evidence.Proofs, proof => proof.Address == account);
        }
        Verification altered = DecisionVerifier.Verify(evidence with
        {
            Proofs =
            [
                .. evidence.Proofs.Select(proof => proof.Address == PredeployAddresses.Treasury
                    ? proof with { Account = proof.Account! with { Balance = 1 } }
                    : proof),
            ],
        });
        Assert.False(altered.Agrees);
        Assert.StartsWith($"account {PredeployAddresses.Treasury} (balance", altered.Inputs[0],
            StringComparison.Ordinal);
    }

    // An idle network makes no blocks.
    private static async Task TickAsync(string url, CancellationToken cancellation)
    {
        for (ulong nonce = 0; !cancellation.IsCancellationRequested; nonce++)
        {
            string hash = await UpProcess.TransferAsync(
                url, 5, nonce, Address.FromNumber(0xdead));
            await UpProcess.UntilAsync(
                async () => await UpProcess.ReceiptBlockAsync(url, hash) > 0, "a tick", 60);
        }
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        (int code, string output, string errors) = await UpProcess.RunAsync(arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: {output}{errors}");
        return output;
    }

    private string Key(int account)
    {
        string path = Path.Combine(_folder, $"{account}.key");
        File.WriteAllText(path, DevelopmentNetwork.FundedAccounts[account].PrivateKey.ToString());
        return path;
    }
}
