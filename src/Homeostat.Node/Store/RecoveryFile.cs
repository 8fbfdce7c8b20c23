using System.Text;
using System.Text.Json;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Store;

/// <summary>
/// The recoveries that this node's operator agreed to, in recoveries.json of its data folder. All
/// nodes of the network need the same; the record's hash is what operators compare.
/// </summary>
internal static class RecoveryFile
{
    private const string Name = "recoveries.json";

    public static string PathIn(string folder) => Path.Combine(folder, Name);

    /// <summary>None when there is no file.</summary>
    /// <exception cref="StoreException">The file is no list of recoveries.</exception>
    public static IReadOnlyList<ValidatorRecovery> Read(string folder)
    {
        string path = PathIn(folder);
        if (!File.Exists(path))
        {
            return [];
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return
            [
                .. document.RootElement.EnumerateArray().Select(x => new ValidatorRecovery(
                    new Height(x.GetProperty("height").GetUInt64()),
                    new Hash256(x.GetProperty("blockHash").GetString()!),
                    [
                        .. x.GetProperty("without").EnumerateArray()
                            .Select(a => new Address(a.GetString()!)),
                    ])),
            ];
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException
            or FormatException or InvalidOperationException or InvariantViolation)
        {
            throw new StoreException(
                $"{path} is no list of recoveries ({error.Message}): copy it anew from another "
                + "operator", error);
        }
    }

    public static void Write(string folder, IReadOnlyList<ValidatorRecovery> recoveries) =>
        File.WriteAllText(PathIn(folder), TextOf(recoveries));

    /// <summary>Keccak-256 of the file's text: equal on all nodes or something is wrong.</summary>
    public static Hash256 RecordOf(IReadOnlyList<ValidatorRecovery> recoveries) =>
        Keccak.Hash(Encoding.UTF8.GetBytes(TextOf(recoveries)));

    private static string TextOf(IReadOnlyList<ValidatorRecovery> recoveries)
    {
        var text = new StringBuilder("[\n");
        for (int i = 0; i < recoveries.Count; i++)
        {
            ValidatorRecovery recovery = recoveries[i];
            string without = string.Join(
                ", ", recovery.Without.Order().Select(address => $"\"{address}\""));
            text.Append("  {\"height\": ").Append(recovery.Height)
                .Append(", \"blockHash\": \"").Append(recovery.BlockHash)
                .Append("\", \"without\": [").Append(without).Append(']')
                .Append(i + 1 < recoveries.Count ? "},\n" : "}\n");
        }
        return text.Append("]\n").ToString();
    }
}
