using Homeostat.Node.Drills;
using Homeostat.Primitives;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Tests.Drills;

/// <summary>
/// The small form of `homeostat sim join`: production nodes, their stores, TLS, and a liar.
/// </summary>
public sealed class JoinTests
{
    [Fact]
    public Task An_empty_node_joins_by_a_snapshot_and_bans_the_liar() => RunAsync(
        new JoinOptions
        {
            Accounts = 1_600,
            Blocks = 110,
            Contracts = 12,
            CheckpointBlocks = 16,
            Folder = "",
        },
        result =>
        {
            Assert.Null(result.Failure);
            Assert.Equal(96UL, result.FirstBlock);
            Assert.True(result.Accounts > 1_200, $"{result.Accounts} accounts");
            Assert.True(result.Slots >= 1_200, $"{result.Slots} slots");
            Assert.True(result.Lies > 0);
            Assert.True(result.IsLiarBanned);
            Assert.True(result.SawSyncing);
            // From the log in the state it fetched, the same bytes as at a node that executed all.
            Assert.NotEqual(Hash256.Zero, result.Retrained);
        });

    [Fact]
    public Task An_observer_without_a_checkpoint_executes_the_chain_from_genesis() => RunAsync(
        new JoinOptions
        {
            Accounts = 900,
            Blocks = 300,
            Contracts = 4,
            CheckpointBlocks = 64,
            Servers = 1,
            HasLiar = false,
            FromGenesis = true,
            Folder = "",
        },
        result =>
        {
            Assert.Null(result.Failure);
            Assert.Equal(1UL, result.FirstBlock);
            Assert.True(result.SawSyncing);
        });

    private static async Task RunAsync(JoinOptions options, Action<JoinResult> judge)
    {
        string folder = Directory.CreateTempSubdirectory("homeostat-join").FullName;
        try
        {
            var run = new JoinRun(
                options with { Folder = folder, Deadline = TimeSpan.FromMinutes(2) },
                NullLoggerFactory.Instance, _ => { });
            judge(await run.RunAsync(CancellationToken.None));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
