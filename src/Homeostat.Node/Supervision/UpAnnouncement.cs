using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Replica;

namespace Homeostat.Node.Supervision;

/// <summary>
/// What `up` prints when all validators are ready: one JSON line, or text for people.
/// </summary>
internal sealed class UpAnnouncement(
    UpOptions options, DevelopmentFolder folder, IReadOnlyList<ValidatorProcess> validators)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private ulong ChainIdNumber => folder.Network.Genesis.Config.ChainId.Value;

    public void Write(TextWriter output)
    {
        if (options.Json)
        {
            output.WriteLine(Json().ToJsonString());
        }
        else
        {
            WriteText(output);
        }
        output.Flush();
    }

    private JsonObject Json() => new()
    {
        ["event"] = "ready",
        ["chainId"] = ChainIdNumber,
        ["console"] = $"{RpcOf(0)}/console",
        ["nodes"] = new JsonArray([.. validators.Select(x => (JsonNode)new JsonObject
        {
            ["index"] = x.Index,
            ["pid"] = x.ProcessId,
            ["rpc"] = RpcOf(x.Index),
            ["ws"] = $"ws://127.0.0.1:{options.HttpPortOf(x.Index)}",
            ["metrics"] = $"{RpcOf(x.Index)}/metrics",
            ["datadir"] = folder.ValidatorFolder(x.Index),
        })]),
        ["accounts"] = new JsonArray([.. DevelopmentNetwork.FundedAccounts.Select(
            x => (JsonNode)new JsonObject
            {
                ["address"] = x.Address.ToChecksum(),
                ["privateKey"] = x.PrivateKey.ToString(),
            })]),
    };

    private void WriteText(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine(Rule(" DEVELOPMENT NETWORK "));
        output.WriteLine("   Every key below, and every validator's, is public. Anyone can take");
        output.WriteLine("   whatever is sent here. Never use these accounts or this network for");
        output.WriteLine("   anything of value.");
        output.WriteLine(Rule(""));
        output.WriteLine();
        output.WriteLine($"  console      {RpcOf(0)}/console");
        output.WriteLine($"  chain id     {ChainIdNumber}");
        foreach (ValidatorProcess validator in validators)
        {
            output.WriteLine(
                $"  validator {validator.Index}  {RpcOf(validator.Index)}  (WebSocket on the same "
                + $"port, metrics at /metrics)  pid {validator.ProcessId}");
        }
        output.WriteLine($"  data         {folder.Path}");
        output.WriteLine();
        output.WriteLine($"  Funded accounts (mnemonic \"{DevelopmentNetwork.Mnemonic}\"):");
        foreach (DevelopmentAccount account in DevelopmentNetwork.FundedAccounts)
        {
            output.WriteLine($"  {account.Address.ToChecksum()}  {account.PrivateKey}");
        }
        output.WriteLine();
        output.WriteLine("  Add it to a wallet (EIP-3085; paste into the browser's console):");
        output.WriteLine(
            $"  ethereum.request({{ method: 'wallet_addEthereumChain', params: [{Wallet()}] }})");
        output.WriteLine();
        output.WriteLine("  Ctrl-C stops it; the same --datadir goes on where it was.");
        output.WriteLine();
    }

    private string Wallet() => new JsonObject
    {
        ["chainId"] = $"0x{ChainIdNumber:x}",
        ["chainName"] = "Homeostat development",
        ["nativeCurrency"] = new JsonObject
        {
            ["name"] = "Ether",
            ["symbol"] = "ETH",
            ["decimals"] = 18,
        },
        ["rpcUrls"] = new JsonArray(RpcOf(0)),
    }.ToJsonString(Indented).ReplaceLineEndings("\n  ");

    private static string Rule(string text) =>
        "  " + text.PadLeft(47, '=').PadRight(73, '=');

    private string RpcOf(int index) => $"http://127.0.0.1:{options.HttpPortOf(index)}";
}
