using System.Globalization;
using System.Text;

namespace Homeostat.Node.Operating;

/// <summary>
/// compose.yaml of a whole network on one machine with containers; for several machines each
/// takes its own service out of it.
/// </summary>
internal static class ComposeFile
{
    public static string Of(IReadOnlyList<PlannedValidator> validators)
    {
        var text = new StringBuilder("services:\n");
        foreach (PlannedValidator validator in validators)
        {
            text.Append(CultureInfo.InvariantCulture, $"""
                  {validator.Name}:
                    image: homeostat
                    hostname: {validator.Host}
                    command: [node, --config, node.json, --http.addr, 0.0.0.0]
                    working_dir: /etc/homeostat
                    volumes:
                      - ./{validator.Name}:/etc/homeostat
                      - {validator.Name}-data:/etc/homeostat/data
                    ports:
                      - "127.0.0.1:{validator.HttpPort}:{validator.HttpPort}"
                      - "{validator.P2pPort}:{validator.P2pPort}"
                    restart: always
                    stop_grace_period: 10s


                """);
            text.Length--; // One line between services.
        }
        text.Append("volumes:\n");
        foreach (PlannedValidator validator in validators)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {validator.Name}-data:\n");
        }
        return text.ToString();
    }
}
