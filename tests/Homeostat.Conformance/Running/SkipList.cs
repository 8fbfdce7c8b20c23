namespace Homeostat.Conformance;

/// <summary>The checked-in list of cases not to run (skips.txt).</summary>
internal sealed class SkipList
{
    private readonly List<(string Suite, string Text, string Reason)> _entries = [];

    public static SkipList Load()
    {
        using Stream stream = typeof(SkipList).Assembly.GetManifestResourceStream("skips.txt")!;
        using var reader = new StreamReader(stream);
        var list = new SkipList();
        while (reader.ReadLine() is { } line)
        {
            string[] fields = line.Split('\t');
            if (fields.Length == 3 && line[0] != '#')
            {
                list._entries.Add((fields[0], fields[1], fields[2]));
            }
        }
        return list;
    }

    public string? ReasonFor(string suite, string name)
    {
        foreach ((string entrySuite, string text, string reason) in _entries)
        {
            if (entrySuite == suite && name.Contains(text, StringComparison.Ordinal))
            {
                return reason;
            }
        }
        return null;
    }
}
