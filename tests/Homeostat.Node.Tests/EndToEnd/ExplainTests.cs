using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Node.Drills;
using Homeostat.Node.Explain;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Node.Tests.EndToEnd;

/// <summary>A decision of a live network explained, verified, and verified when tampered with.
/// </summary>
[Collection("EndToEnd")]
[Trait("Category", "EndToEnd")]
public sealed class ExplainTests : IDisposable
{
    private readonly string _folder =
        Directory.CreateTempSubdirectory("homeostat-explain-").FullName;
    private readonly int _http = FreePorts.Several(4, 10);
    private readonly int _p2p = FreePorts.Several(4, 1);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_decision_of_a_live_network_is_explained_and_recomputed()
    {
        await using UpProcess up = await UpProcess.StartAsync(
            Path.Combine(_folder, "network"), _http, _p2p, 4);
        string file = Path.Combine(_folder, "evidence.json");
        await BusyAsync(up.Urls[0]);
        (int code, string output, string errors) = await UpProcess.RunAsync(
            "verify", "latest", "--rpc", up.Urls[0], "--save", file);
        Assert.True(code == 0, output + errors);
        Assert.StartsWith("agree: decision", output, StringComparison.Ordinal);

        (code, output, errors) = await UpProcess.RunAsync("explain", "0", "--rpc", up.Urls[1]);
        Assert.True(code == 0, errors);
        foreach (string heading in (string[])
            ["Decision 0 of the capacity loop", "Seen", "Forecast of demand", "Decided",
             "Constitution", "Turned out"])
        {
            Assert.Contains(heading, output, StringComparison.Ordinal);
        }

        await AssertSameTrainingAsync(up.Urls);
        await AssertRegisteredAsync(up.Urls);
        (code, _, errors) = await UpProcess.RunAsync("verify", "999999", "--rpc", up.Urls[0]);
        Assert.Equal((2, "verify: no decision 999999 so far\n"), (code, errors));
        await up.StopAsync();
        await AssertOfflineAsync(file);
    }

    // Retraining from the log in state, in processes of their own, at two nodes: the same bytes.
    private static async Task AssertSameTrainingAsync(IReadOnlyList<string> urls)
    {
        var said = new List<string>();
        foreach (string url in urls.Take(2))
        {
            (int code, string output, string errors) = await UpProcess.RunAsync(
                "model", "train", "--rpc", url, "--block", "85", "--horizon", "1",
                "--kind", "trees");
            Assert.True(code == 0, output + errors);
            Assert.Contains("trained on", output, StringComparison.Ordinal);
            said.Add(output);
        }
        Assert.Equal(said[0], said[1]);
    }

    // A model is put on the live chain, and contracts at another node can ask it.
    private async Task AssertRegisteredAsync(IReadOnlyList<string> urls)
    {
        string model = Path.Combine(_folder, "model.bin");
        string key = Path.Combine(_folder, "sender.key");
        await File.WriteAllTextAsync(
            key, DevelopmentNetwork.FundedAccounts[2].PrivateKey.ToString());
        var weights = new Fixed[DemandFeatures.Count];
        weights[0] = Fixed.One;
        await File.WriteAllBytesAsync(model, new LinearForecaster(10, weights).Encode());
        (int code, string output, string errors) = await UpProcess.RunAsync(
            "model", "register", model, "--rpc", urls[0], "--key", key);
        Assert.True(code == 0, output + errors);
        Hash256 hash = Keccak.Hash(await File.ReadAllBytesAsync(model));
        Assert.Contains($"registered {hash}", output, StringComparison.Ordinal);
        byte[] question = [.. hash.Bytes, .. new byte[32 * DemandFeatures.Count]];
        await UpProcess.UntilAsync(
            async () =>
            {
                JsonElement answer = await UpProcess.CallAsync(
                    urls[1], "eth_call",
                    new { to = "0x00000000000000000000000000000000484f0100",
                        data = Hex.Encode(question) },
                    "latest");
                // The answer, an attribution a feature, the bias.
                return answer.GetString()!.Length == 2 + 64 * (DemandFeatures.Count + 2);
            },
            "an answer of the registered model");
        (code, _, errors) = await UpProcess.RunAsync(
            "model", "register", model, "--rpc", urls[0], "--key", key);
        Assert.True(code == 2, errors);
    }

    // Enough decisions for one to have an outcome; blocks come with transactions.
    private static async Task BusyAsync(string url)
    {
        ulong nonce = 0;
        await UpProcess.UntilAsync(
            async () =>
            {
                string hash = await UpProcess.TransferAsync(
                    url, 0, nonce++, Address.FromNumber(0xdead));
                return await UpProcess.ReceiptBlockAsync(url, hash) > 86;
            },
            "86 blocks", 120);
    }

    private static async Task AssertOfflineAsync(string file)
    {
        (int code, string output, string errors) = await UpProcess.RunAsync(
            "verify", "--from", file);
        Assert.True(code == 0, output + errors);
        DecisionEvidence evidence = DecisionEvidence.FromJson(await File.ReadAllTextAsync(file));
        foreach ((DecisionEvidence altered, string name) in Alterations(evidence))
        {
            Verification result = DecisionVerifier.Verify(altered);
            Assert.False(result.Agrees, name);
            string input = Assert.Single(result.Inputs);
            Assert.StartsWith(name, input, StringComparison.Ordinal);
        }
        Block.TryDecode(evidence.Block, out Block block, out _);
        string path = file + ".altered";
        await File.WriteAllTextAsync(path, (evidence with { BlockHash = block.Header.ParentHash })
            .ToJson());
        (code, output, _) = await UpProcess.RunAsync("verify", "--from", path);
        Assert.Equal(1, code);
        Assert.StartsWith("differ: decision", output, StringComparison.Ordinal);
        Assert.Contains("input differs: the block's header", output, StringComparison.Ordinal);
    }

    // One input each, and how its name begins.
    private static IEnumerable<(DecisionEvidence Altered, string Name)> Alterations(
        DecisionEvidence evidence)
    {
        yield return (
            evidence with { Payload = Flip(evidence.Payload, 12) }, "the consensus payload");
        yield return (
            evidence with { ParentReceipts = [Flip(evidence.ParentReceipts[0], 8)] },
            "the parent's receipts");
        yield return (
            evidence with { Receipts = [.. evidence.Receipts, [1]] }, "the block's receipts");
        yield return (
            evidence with { Certificate = Flip(evidence.Certificate, 4) },
            "the finalization certificate");
        yield return (
            evidence with { GenesisHash = Keccak.Hash([1]) }, "the finalization certificate");
        yield return (
            evidence with
            {
                Codes = evidence.Codes.ToDictionary(
                    code => code.Key,
                    code => code.Key == PredeployAddresses.Constitution
                        ? [.. code.Value, 0]
                        : code.Value),
            },
            $"the code of {PredeployAddresses.Constitution}");
        yield return (
            Altered(evidence, PredeployAddresses.Steering, SteeringStorage.EstimatorsSlot),
            "Steering slot 1 (the means of demand)");
        yield return (
            Altered(
                evidence, PredeployAddresses.Constitution, ConstitutionStorage.ParametersSlot),
            "Constitution slot 32 (parameters of loop 0)");
        yield return (
            Altered(evidence, PredeployAddresses.Constitution, 0),
            "Constitution slot 0 (the vector in force of loop 0)");
        yield return (
            Altered(
                evidence, PredeployAddresses.Constitution, ConstitutionStorage.ActuatorsSlot),
            "Constitution slot 131 (rules of field 0 of loop 0)");
    }

    private static byte[] Flip(byte[] bytes, int at)
    {
        byte[] flipped = [.. bytes];
        flipped[^at] ^= 1;
        return flipped;
    }

    private static DecisionEvidence Altered(
        DecisionEvidence evidence, Address contract, ulong slot) => evidence with
        {
            Proofs = [.. evidence.Proofs.Select(proof => proof.Address != contract
                ? proof
                : proof with
                {
                    Slots = [.. proof.Slots.Select(s => s.Slot == (UInt256)slot
                        ? s with { Value = s.Value + UInt256.One }
                        : s)],
                })],
        };
}
