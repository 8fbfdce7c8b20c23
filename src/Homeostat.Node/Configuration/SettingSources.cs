using System.Text.Json;

namespace Homeostat.Node.Configuration;

/// <summary>
/// Where settings come from: defaults ← file ← environment ← flags, the later wins. Every error
/// says which source the text came from.
/// </summary>
internal sealed class SettingSources
{
    private readonly IReadOnlyDictionary<string, string> _flags;
    private readonly Func<string, string?> _environment;
    private readonly SortedDictionary<string, string> _file = new(StringComparer.Ordinal);
    private readonly string _fileName;
    private readonly List<string> _errors = [];

    /// <param name="flags">Texts by setting name, only those that were given.</param>
    /// <param name="environment">Looks a variable up.</param>
    /// <param name="file">A JSON object of setting names, or null.</param>
    public SettingSources(
        IReadOnlyDictionary<string, string> flags, Func<string, string?> environment, string? file)
    {
        _flags = flags;
        _environment = environment;
        _fileName = file ?? "";
        if (file is not null)
        {
            ReadFile(file);
        }
    }

    /// <summary>What was wrong so far; the values read are then not to be used.</summary>
    public IReadOnlyList<string> Errors => _errors;

    public T Read<T>(Setting<T> setting)
    {
        (string text, string source) = Find(setting);
        (T value, string? error) = setting.Parse(text);
        if (error is not null)
        {
            _errors.Add($"{setting.Name}: {error} (from {source})");
        }
        return value;
    }

    public void AddError(string error) => _errors.Add(error);

    private (string Text, string Source) Find(Setting setting)
    {
        if (_flags.TryGetValue(setting.Name, out string? flag))
        {
            return (flag, $"the flag {setting.Flag}");
        }
        if (_environment(setting.EnvironmentName) is { } variable)
        {
            return (variable, $"the environment variable {setting.EnvironmentName}");
        }
        return _file.TryGetValue(setting.Name, out string? text)
            ? (text, $"the file {_fileName}")
            : (setting.Default, "the default");
    }

    private void ReadFile(string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                File.ReadAllBytes(file),
                new JsonDocumentOptions
                {
                    CommentHandling = JsonCommentHandling.Skip,
                    AllowTrailingCommas = true,
                });
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (Settings.All.Any(x => x.Name == property.Name))
                {
                    _file[property.Name] = TextOf(property.Value);
                }
                else
                {
                    _errors.Add($"{property.Name}: no such setting (in the file {file})");
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException
            or JsonException or InvalidOperationException)
        {
            _errors.Add($"config file {file}: {error.Message}");
        }
    }

    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(x => x.ToString())),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.GetRawText(),
    };
}
