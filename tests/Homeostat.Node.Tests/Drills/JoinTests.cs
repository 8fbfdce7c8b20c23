using Homeostat.Node.Drills;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Tests.Drills;

/// <summary>
/// The small form of `homeostat sim join`: production nodes, their stores, TLS, and a liar.
/// </summary>
public sealed class JoinTests
{
    [Fact]
    public async Task An_empty_node_joins_by_a_snapshot_and_bans_the_liar()
    {
        string folder = Directory.CreateTempSubdirectory("homeostat-join").FullName;
        try
        {
            var options = new JoinOptions
            {
                Accounts = 400,
                Blocks = 70,
                Contracts = 12,
                CheckpointBlocks = 16,
                Folder = folder,
                Deadline = TimeSpan.FromMinutes(1),
            };
            JoinResult result = await new JoinRun(options, NullLoggerFactory.Instance, _ => { })
                .RunAsync(CancellationToken.None);
            Assert.Null(result.Failure);
            Assert.Equal(64UL, result.FirstBlock);
            Assert.True(result.IsComplete);
            Assert.True(result.Accounts > 360, $"{result.Accounts} accounts");
            Assert.True(result.Slots >= 1_200, $"{result.Slots} slots");
            Assert.True(result.Lies > 0);
            Assert.True(result.IsLiarBanned);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
