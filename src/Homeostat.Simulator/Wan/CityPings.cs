using System.Globalization;
using System.IO.Compression;

namespace Homeostat.Simulator;

/// <summary>
/// Round-trip times between cities as WonderNetwork measured them (19 and 20 July 2020), from the
/// shared data folder. One way is taken as half the average; jitter as half the deviation. There
/// is nothing in its place where the folder is absent: a figure of made-up pings would say nothing.
/// </summary>
public sealed class CityPings
{
    private const string Folder = "data/operations/wonder_pings_and_validator_geo";

    /// <summary>
    /// Sixteen cities of six continents, most where validators of public networks stand.
    /// </summary>
    public static readonly IReadOnlyList<string> Sixteen =
    [
        "NewYork", "SanFrancisco", "Dallas", "Toronto", "London", "Frankfurt", "Paris", "Stockholm",
        "Warsaw", "Tokyo", "Seoul", "HongKong", "Bangalore", "Sydney", "Johannesburg", "Dubai",
    ];

    /// <summary>Seven of them, for a small network.</summary>
    public static readonly IReadOnlyList<string> Seven =
        ["NewYork", "SanFrancisco", "London", "Frankfurt", "Tokyo", "Bangalore", "Sydney"];

    private readonly Dictionary<(int From, int To), (long OneWayUs, long JitterUs)> _links = [];

    private CityPings()
    {
    }

    /// <summary>Null with what is missing, when the data is not here.</summary>
    /// <param name="cities">Names as in the table's servers.</param>
    /// <param name="reason">Why not.</param>
    public static CityPings? TryLoad(IReadOnlyList<string> cities, out string reason)
    {
        string folder = Path.Combine(SharedFolder(), Folder);
        if (!File.Exists(Path.Combine(folder, "ping_grouped.csv.gz")))
        {
            reason = $"no {Folder} in the shared data folder: set HOMEOSTAT_SHARED to it";
            return null;
        }
        var ids = new Dictionary<int, int>();
        foreach (string[] server in Read(folder, "servers.csv.gz"))
        {
            int place = cities.ToList().IndexOf(server[1]);
            if (place >= 0)
            {
                ids.TryAdd(Number(server[0]), place);
            }
        }
        var pings = new CityPings();
        foreach (string[] row in Read(folder, "ping_grouped.csv.gz"))
        {
            if (ids.TryGetValue(Number(row[0]), out int from)
                && ids.TryGetValue(Number(row[1]), out int to))
            {
                pings._links[(from, to)] = (HalfUs(row[3]), HalfUs(row[5]));
            }
        }
        reason = pings.Missing(cities) ?? "";
        return reason.Length == 0 ? pings : null;
    }

    /// <summary>Average microseconds one way; none to oneself.</summary>
    public long OneWayUs(int from, int to) =>
        from == to ? 0 : Link(from, to).OneWayUs;

    public long JitterUs(int from, int to) => Link(from, to).JitterUs;

    /// <summary>Either direction, when one was not measured.</summary>
    private (long OneWayUs, long JitterUs) Link(int from, int to) =>
        _links.TryGetValue((from, to), out var link) ? link : _links[(to, from)];

    private string? Missing(IReadOnlyList<string> cities)
    {
        for (int from = 0; from < cities.Count; from++)
        {
            for (int to = from + 1; to < cities.Count; to++)
            {
                if (!_links.ContainsKey((from, to)) && !_links.ContainsKey((to, from)))
                {
                    return $"no ping between {cities[from]} and {cities[to]} in the table";
                }
            }
        }
        return null;
    }

    private static IEnumerable<string[]> Read(string folder, string name)
    {
        using var reader = new StreamReader(new GZipStream(
            File.OpenRead(Path.Combine(folder, name)), CompressionMode.Decompress));
        reader.ReadLine(); // The names of the columns.
        while (reader.ReadLine() is { } line)
        {
            yield return line.Split(',');
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static long HalfUs(string milliseconds) =>
        (long)(500 * double.Parse(milliseconds, CultureInfo.InvariantCulture));

    /// <summary>HOMEOSTAT_SHARED, else `shared` beside the repository.</summary>
    private static string SharedFolder()
    {
        if (Environment.GetEnvironmentVariable("HOMEOSTAT_SHARED") is { Length: > 0 } named)
        {
            return named;
        }
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Homeostat.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return Path.Combine(folder ?? ".", "..", "shared");
    }
}
