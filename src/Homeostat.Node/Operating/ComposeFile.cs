using System.Globalization;
using System.Text;
using Homeostat.Node.Supervision;

namespace Homeostat.Node.Operating;

/// <summary>
/// compose.yaml of a whole network on one machine with containers; for several machines each
/// takes its own service out of it. Peers find each other by the names that genesis has, which are
/// aliases in the network of the file; JSON-RPC is published on ports of the host that differ.
/// </summary>
internal static class ComposeFile
{
    public static string Of(IReadOnlyList<PlannedValidator> validators)
    {
        var text = new StringBuilder("services:\n");
        var taken = new HashSet<int>();
        foreach (PlannedValidator validator in validators)
        {
            int port = validator.HttpPort;
            while (!taken.Add(port))
            {
                port += UpOptions.HttpPortStep;
            }
            text.Append(CultureInfo.InvariantCulture, $"""
                  {validator.Name}:
                    image: homeostat
                    hostname: {validator.Host}
                    command: [node, --config, node.json, --datadir, /var/lib/homeostat,
                      --http.addr, 0.0.0.0]
                    working_dir: /etc/homeostat
                    networks:
                      default:
                        aliases: ["{validator.Host}"]
                    volumes:
                      - ./{validator.Name}:/etc/homeostat:ro
                      - {validator.Name}-data:/var/lib/homeostat
                    ports:
                      - "127.0.0.1:{port}:{validator.HttpPort}"
                      # Where its peers are on other machines:
                      # - "{validator.P2pPort}:{validator.P2pPort}"
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
