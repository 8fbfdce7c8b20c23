using System.Globalization;
using System.Text;
using System.Text.Json;
using Homeostat.Node.Drills;

namespace Homeostat.Node.Tests.EndToEnd;

/// <summary>
/// The main job: recorded traffic through four validators, of which one after another is killed
/// under way. Everything affordable is included, blocks go on, the loop decides, roots agree.
/// </summary>
[Collection("EndToEnd")]
[Trait("Category", "EndToEnd")]
public sealed class ReplayTests : IDisposable
{
    private const int Transactions = 1_200;
    private const int LongestGapSeconds = 5;
    private readonly string _folder =
        Directory.CreateTempSubdirectory("homeostat-replay-").FullName;
    private readonly int _http = FreePorts.Several(4, 10);
    private readonly int _p2p = FreePorts.Several(4, 1);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Recorded_traffic_is_included_while_validators_die_and_return()
    {
        string trace = Path.Combine(_folder, "trace.csv");
        await File.WriteAllTextAsync(trace, MadeTrace());
        await using UpProcess up = await UpProcess.StartAsync(
            Path.Combine(_folder, "network"), _http, _p2p, 4);
        Task<(int Code, string Output, string Errors)> replay = UpProcess.RunAsync(
            "replay", "--trace", trace, "--rpc", up.Urls[0], "--speed", "10", "--json");
        foreach (int victim in (int[])[1, 3])
        {
            await Task.Delay(TimeSpan.FromSeconds(4));
            await KillAndReturnAsync(up, victim);
        }
        (int code, string output, string errors) = await replay;
        Assert.True(code == 0, output + errors);
        JsonElement report = JsonDocument.Parse(output).RootElement;
        Assert.Equal(Transactions, report.GetProperty("included").GetInt32());
        Assert.True(report.GetProperty("decisionsApplied").GetInt32() > 0, output);
        await AssertNoGapAsync(up);
    }

    private static async Task KillAndReturnAsync(UpProcess up, int victim)
    {
        Assert.True(UpProcess.Signal(up.Pids[victim], "KILL"));
        ulong height = await UpProcess.HeightAsync(up.Urls[0]);
        await UpProcess.UntilAsync(
            async () =>
            {
                try
                {
                    return await UpProcess.HeightAsync(up.Urls[victim]) > height;
                }
                catch (HttpRequestException)
                {
                    return false; // Not up again yet.
                }
            },
            $"validator {victim} returns and catches up");
        (string, string) expected = await UpProcess.BlockAsync(up.Urls[0], height + 1);
        foreach (string url in up.Urls)
        {
            Assert.Equal(expected, await UpProcess.BlockAsync(url, height + 1));
        }
    }

    private static async Task AssertNoGapAsync(UpProcess up)
    {
        ulong head = await UpProcess.HeightAsync(up.Urls[0]);
        ulong before = 0;
        for (ulong height = 1; height <= head; height++)
        {
            JsonElement block = await UpProcess.CallAsync(
                up.Urls[0], "eth_getBlockByNumber", $"0x{height:x}", false);
            ulong time = UpProcess.Number(block.GetProperty("timestamp").GetString()!);
            bool isTraffic = block.GetProperty("transactions").GetArrayLength() > 1;
            Assert.True(
                before == 0 || !isTraffic || time - before <= LongestGapSeconds,
                $"{time - before} s without a block before block {height}");
            before = time;
        }
    }

    /// <summary>
    /// Steady traffic of 200 recorded seconds by 60 senders, every fourth one a call.
    /// </summary>
    private static string MadeTrace()
    {
        var text = new StringBuilder(
            "block_number,transaction_index,from_address,to_address,value,gas,gas_price,input,"
            + "block_timestamp\n");
        for (int i = 0; i < Transactions; i++)
        {
            bool isCall = i % 4 == 0;
            text.Append(CultureInfo.InvariantCulture, $"{i / 60},{i % 60},{Sender(i % 60)},")
                .Append(CultureInfo.InvariantCulture, $"{Sender((i * 7) % 60)},{i},")
                .Append(isCall ? "400000," : "21000,")
                .Append(CultureInfo.InvariantCulture, $"{10 + i % 40}000000000,")
                .Append(isCall ? "0xabcdef01," : "0x,")
                .Append(CultureInfo.InvariantCulture, $"{10 * (i / 60)}\n");
        }
        return text.ToString();
    }

    private static string Sender(int number) => $"0x{number + 1:x40}";
}
