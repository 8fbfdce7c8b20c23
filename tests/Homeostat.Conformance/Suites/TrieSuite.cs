using System.Text;
using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>
/// Trie vectors: the root after all changes, applied one by one and (where the order is free) all
/// together.
/// </summary>
internal sealed class TrieSuite : ISuite
{
    public string Name => "trie";

    public bool Accepts(string path) =>
        path.EndsWith(".json", StringComparison.Ordinal)
        && path.Contains("trie/ethereum-tests/", StringComparison.Ordinal);

    public IEnumerable<CaseResult> Run(FixtureFile file, SuiteContext context)
    {
        bool isSecure = file.Path.Contains("secure", StringComparison.OrdinalIgnoreCase);
        using JsonDocument document = Json.Parse(file);
        foreach (JsonProperty test in document.RootElement.EnumerateObject())
        {
            if (!context.Wants(file, test.Name, "-"))
            {
                continue;
            }
            string? failure = test.Value.TryGetProperty("root", out JsonElement root)
                ? CheckRoot(test.Value.GetProperty("in"), root.GetString()!, isSecure)
                : CheckNeighbours(test.Value);
            yield return CaseResult.Of("-", test.Name, failure);
        }
    }

    private static string? CheckRoot(JsonElement input, string root, bool isSecure)
    {
        List<TrieChange> changes = [.. Pairs(input).Select(pair => ChangeOf(pair, isSecure))];
        TrieNode? one = null;
        foreach (TrieChange change in changes)
        {
            one = MerkleTrie.Update(one, [change], NoNodes.Instance);
        }
        Hash256 wanted = Json.HashFrom(root);
        Hash256 got = TrieSealer.Seal(one);
        if (got != wanted)
        {
            return $"one by one: root {got}, want {wanted}";
        }
        TrieChange[] last = [.. changes
            .GroupBy(change => Hex.Encode(KeyBytes(change)))
            .Select(group => group.Last())];
        Array.Sort(last, (a, b) => a.Key.CompareTo(b.Key));
        got = TrieSealer.Seal(MerkleTrie.Update(null, last, NoNodes.Instance));
        return got == wanted ? null : $"together: root {got}, want {wanted}";
    }

    private static byte[] KeyBytes(in TrieChange change)
    {
        byte[] nibbles = new byte[change.Key.Length];
        for (int i = 0; i < nibbles.Length; i++)
        {
            nibbles[i] = (byte)change.Key[i];
        }
        return nibbles;
    }

    private static IEnumerable<(string Key, string? Value)> Pairs(JsonElement input) =>
        input.ValueKind == JsonValueKind.Object
            ? input.EnumerateObject().Select(item => (item.Name, item.Value.GetString()))
            : input.EnumerateArray().Select(item => (item[0].GetString()!, item[1].GetString()));

    private static TrieChange ChangeOf((string Key, string? Value) pair, bool isSecure)
    {
        byte[] key = BytesOf(pair.Key);
        key = isSecure ? Keccak.Hash(key).ToArray() : key;
        byte[]? value = string.IsNullOrEmpty(pair.Value) ? null : BytesOf(pair.Value);
        return new TrieChange(NibblePath.OfKey(key), value, null);
    }

    private static byte[] BytesOf(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal)
            ? Json.Bytes(text)
            : Encoding.UTF8.GetBytes(text);

    /// <summary>
    /// The keys before and after one: our trie has no such walk, its keys' order does.
    /// </summary>
    private static string? CheckNeighbours(JsonElement test)
    {
        List<NibblePath> keys = [.. test.GetProperty("in").EnumerateArray()
            .Select(key => NibblePath.OfKey(Encoding.UTF8.GetBytes(key.GetString()!)))];
        keys.Sort((a, b) => a.CompareTo(b));
        string[] texts = [.. test.GetProperty("in").EnumerateArray()
            .Select(key => key.GetString()!).Order(StringComparer.Ordinal)];
        foreach (JsonElement item in test.GetProperty("tests").EnumerateArray())
        {
            var key = NibblePath.OfKey(Encoding.UTF8.GetBytes(item[0].GetString()!));
            int before = keys.FindLastIndex(other => other.CompareTo(key) < 0);
            int after = keys.FindIndex(other => other.CompareTo(key) > 0);
            string previous = before < 0 ? "" : texts[before];
            string next = after < 0 ? "" : texts[after];
            if (previous != item[1].GetString() || next != item[2].GetString())
            {
                return $"neighbours of '{item[0]}': '{previous}' and '{next}'";
            }
        }
        return null;
    }
}
