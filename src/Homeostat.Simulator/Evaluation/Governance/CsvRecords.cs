using System.IO.Compression;
using System.Text;

namespace Homeostat.Simulator;

/// <summary>
/// A gzipped CSV file with a line of names: records by column. Quoted fields may hold commas,
/// quotes (doubled) and line ends (RFC 4180).
/// </summary>
internal static class CsvRecords
{
    /// <summary>More is no record of ours.</summary>
    private const int MostCharacters = 64 * 1024 * 1024;

    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Read(string path)
    {
        using var reader = new StreamReader(
            new GZipStream(File.OpenRead(path), CompressionMode.Decompress), Encoding.UTF8);
        string text = reader.ReadToEnd();
        if (text.Length > MostCharacters)
        {
            throw new InvalidDataException($"{path} is over {MostCharacters} characters");
        }
        List<List<string>> lines = Parse(text);
        List<string> names = lines[0];
        return
        [
            .. lines.Skip(1).Where(line => line.Count == names.Count).Select(
                line => (IReadOnlyDictionary<string, string>)names.Zip(line)
                    .ToDictionary(pair => pair.First, pair => pair.Second)),
        ];
    }

    private static List<List<string>> Parse(string text)
    {
        var lines = new List<List<string>>();
        var line = new List<string>();
        var field = new StringBuilder();
        bool isQuoted = false;
        for (int at = 0; at < text.Length; at++)
        {
            char c = text[at];
            if (isQuoted)
            {
                bool isPair = c == '"' && at + 1 < text.Length && text[at + 1] == '"';
                at += isPair ? 1 : 0;
                isQuoted = c != '"' || isPair;
                if (isQuoted)
                {
                    field.Append(c);
                }
                continue;
            }
            switch (c)
            {
                case '"':
                    isQuoted = true;
                    break;
                case ',':
                    End(line, field);
                    break;
                case '\n':
                    End(line, field);
                    lines.Add(line);
                    line = [];
                    break;
                case '\r':
                    break;
                default:
                    field.Append(c);
                    break;
            }
        }
        if (field.Length != 0 || line.Count != 0)
        {
            End(line, field);
            lines.Add(line);
        }
        return lines;
    }

    private static void End(List<string> line, StringBuilder field)
    {
        line.Add(field.ToString());
        field.Clear();
    }
}
