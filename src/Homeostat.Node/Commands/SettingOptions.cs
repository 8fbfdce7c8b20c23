using System.CommandLine;
using System.CommandLine.Parsing;
using Homeostat.Node.Configuration;

namespace Homeostat.Node.Commands;

/// <summary>
/// Settings as flags of a command. Flags are texts here; the settings' own checks give the
/// errors, so that a flag, a variable and a file fail alike.
/// </summary>
internal sealed class SettingOptions
{
    private readonly List<(Setting Setting, Option<string> Option)> _options = [];

    public SettingOptions(Command command, IEnumerable<Setting> settings)
    {
        foreach (Setting setting in settings)
        {
            string fallback = setting.Default.Length > 0 ? $" (default {setting.Default})" : "";
            var option = new Option<string>(setting.Flag)
            {
                Description = $"{setting.Description}{fallback}",
                HelpName = "value",
            };
            command.Options.Add(option);
            _options.Add((setting, option));
        }
    }

    /// <summary>The flags that were given, by setting.</summary>
    public Dictionary<string, string> Given(ParseResult parsed)
    {
        var given = new Dictionary<string, string>();
        foreach ((Setting setting, Option<string> option) in _options)
        {
            if (parsed.GetResult(option) is OptionResult { Implicit: false })
            {
                given[setting.Name] = parsed.GetValue(option) ?? "";
            }
        }
        return given;
    }
}
