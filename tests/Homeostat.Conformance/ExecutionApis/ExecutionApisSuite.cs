using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

namespace Homeostat.Conformance;

/// <summary>
/// execution-apis' tests: its chain is imported and served, each `.io` file's requests are asked in
/// order, answers compared as JSON and checked against openrpc.json. A file marked `speconly` gives
/// the shape only. Error texts are compared where they are not Go's own.
/// </summary>
internal sealed class ExecutionApisSuite : ISuite
{
    private const string Folder = "jsonrpc/execution-apis/";
    private readonly ConcurrentDictionary<string, FixtureFile> _files = new();

    public string Name => "execution-apis";

    public bool Accepts(string path) =>
        path.Contains(Folder, StringComparison.Ordinal)
        && !path.EndsWith("refs-openrpc.json", StringComparison.Ordinal);

    public IEnumerable<CaseResult> Run(FixtureFile file, SuiteContext context)
    {
        int start = file.Path.IndexOf(Folder, StringComparison.Ordinal) + Folder.Length;
        _files[file.Path[start..]] = file;
        return [];
    }

    public IEnumerable<CaseResult> Finish(SuiteContext context)
    {
        if (_files.IsEmpty)
        {
            yield break;
        }
        using JsonDocument genesisJson = Json.Parse(_files["tests/genesis.json"]);
        var genesis = new GenesisFile(genesisJson.RootElement);
        var chain = new ImportedChain(genesis);
        string? refusal = chain.Import(_files["tests/chain.rlp"].Content, context.Engine)
            ?? HeadDifference(chain);
        yield return CaseResult.Of("-", "import", refusal);
        if (refusal is not null)
        {
            yield break;
        }
        var served = new ServedChain(genesis, chain);
        using JsonDocument specification = Json.Parse(_files["openrpc.json"]);
        Dictionary<string, JsonElement> schemas = Schemas(specification.RootElement);
        foreach (FixtureFile file in _files.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Where(pair => pair.Key.EndsWith(".io", StringComparison.Ordinal))
            .Select(pair => pair.Value))
        {
            yield return Check(file, served, schemas, context);
        }
        served.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private string? HeadDifference(ImportedChain chain)
    {
        using JsonDocument choice = Json.Parse(_files["tests/headfcu.json"]);
        string? head = choice.RootElement.GetProperty("params")[0].TextOf("headBlockHash");
        return chain.Head.Hash.ToString() == head
            ? null
            : $"head {chain.Head.Hash}, want {head}";
    }

    private static Dictionary<string, JsonElement> Schemas(JsonElement specification)
    {
        var schemas = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (JsonElement method in specification.GetProperty("methods").EnumerateArray())
        {
            if (method.TryGetProperty("result", out JsonElement result))
            {
                schemas[method.GetProperty("name").GetString()!] = result.GetProperty("schema");
            }
        }
        return schemas;
    }

    private static CaseResult Check(
        FixtureFile file, ServedChain served, Dictionary<string, JsonElement> schemas,
        SuiteContext context)
    {
        string name = string.Join('/', file.Path.Split('/')[^2..]);
        if (context.SkipReason(file, name) is { } reason)
        {
            return new CaseResult("-", name, CaseOutcome.Skipped, reason);
        }
        if (!context.Wants(file, name, "-"))
        {
            return new CaseResult("-", name, CaseOutcome.Skipped, "filtered out");
        }
        string[] lines = Encoding.UTF8.GetString(file.Content).Split('\n');
        bool isShapeOnly = Array.Exists(
            lines, line => line.StartsWith("// speconly:", StringComparison.Ordinal));
        int reports = served.Reports.Count;
        JsonElement answer = default;
        string request = "";
        foreach (string line in lines)
        {
            if (line.StartsWith(">>", StringComparison.Ordinal))
            {
                request = line[2..].Trim();
                answer = served.Answer(request);
            }
            else if (line.StartsWith("<<", StringComparison.Ordinal))
            {
                using JsonDocument wanted = JsonDocument.Parse(line[2..].Trim());
                string? difference = ShapeDifference(request, answer, schemas)
                    ?? (isShapeOnly ? KindDifference(answer, wanted.RootElement)
                        : Difference(answer, wanted.RootElement));
                if (difference is not null)
                {
                    string report = served.Reports.Count > reports ? served.Reports[^1] : "";
                    return CaseResult.Fail("-", name, difference + report);
                }
            }
        }
        return CaseResult.Pass("-", name);
    }

    private static string? ShapeDifference(
        string request, JsonElement answer, Dictionary<string, JsonElement> schemas)
    {
        using JsonDocument call = JsonDocument.Parse(request);
        string method = call.RootElement.GetProperty("method").GetString()!;
        return answer.TryGetProperty("result", out JsonElement result)
            && schemas.TryGetValue(method, out JsonElement schema)
            && JsonShape.Difference(result, schema) is { } difference
                ? $"not as openrpc.json says: {difference}"
                : null;
    }

    /// <summary>A result where a result is wanted, an error where an error is.</summary>
    private static string? KindDifference(JsonElement answer, JsonElement wanted) =>
        answer.TryGetProperty("result", out _) == wanted.TryGetProperty("result", out _)
            ? null
            : $"{answer}, want {wanted}";

    private static string? Difference(JsonElement answer, JsonElement wanted)
    {
        if (JsonElement.DeepEquals(answer, wanted))
        {
            return null;
        }
        return FirstDifference(answer, wanted, "$");
    }

    private static string? FirstDifference(JsonElement value, JsonElement wanted, string at)
    {
        if (value.ValueKind == JsonValueKind.Object && wanted.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in wanted.EnumerateObject())
            {
                string? difference = value.TryGetProperty(member.Name, out JsonElement own)
                    ? FirstDifference(own, member.Value, $"{at}.{member.Name}")
                    : $"{at}.{member.Name} is missing";
                if (difference is not null)
                {
                    return difference;
                }
            }
            JsonProperty extra = value.EnumerateObject()
                .FirstOrDefault(member => !wanted.TryGetProperty(member.Name, out _));
            return extra.Value.ValueKind == JsonValueKind.Undefined
                ? null
                : $"{at}.{extra.Name} is too many";
        }
        if (value.ValueKind == JsonValueKind.Array && wanted.ValueKind == JsonValueKind.Array
            && value.GetArrayLength() == wanted.GetArrayLength())
        {
            return value.EnumerateArray().Zip(wanted.EnumerateArray())
                .Select((pair, i) => FirstDifference(pair.First, pair.Second, $"{at}[{i}]"))
                .FirstOrDefault(difference => difference is not null);
        }
        return JsonElement.DeepEquals(value, wanted) ? null : $"{at}: {value}, want {wanted}";
    }
}
