using Homeostat.Node.Drills;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Tests.Drills;

/// <summary>
/// The short form of `homeostat sim fuzz`; HOMEOSTAT_WIRE_FUZZ is how many messages.
/// </summary>
public sealed class FuzzTests
{
    [Fact]
    public async Task A_running_validator_bears_mutated_messages_and_bans_who_sends_them()
    {
        string folder = Directory.CreateTempSubdirectory("homeostat-fuzz").FullName;
        try
        {
            var options = new FuzzOptions
            {
                Messages = long.Parse(
                    Environment.GetEnvironmentVariable("HOMEOSTAT_WIRE_FUZZ") ?? "20000",
                    System.Globalization.CultureInfo.InvariantCulture),
                OverTls = 200,
                Folder = folder,
            };
            FuzzResult result = await new FuzzRun(options, NullLoggerFactory.Instance, _ => { })
                .RunAsync(CancellationToken.None);
            Assert.Null(result.Failure);
            Assert.True(result.Bans > 100, $"{result.Bans} bans");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
