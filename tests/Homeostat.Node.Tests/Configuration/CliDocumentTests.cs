using System.CommandLine;
using System.Text;
using Homeostat.Node.Commands;
using Homeostat.Node.Tests.Rpc;

namespace Homeostat.Node.Tests.Configuration;

/// <summary>
/// docs/cli.md is what the commands say of themselves. HOMEOSTAT_WRITE_DOCS=1 writes it anew.
/// </summary>
public sealed class CliDocumentTests
{
    private static readonly string Document =
        Path.Combine(ClientPackages.Folder, "..", "..", "docs", "cli.md");

    [Fact]
    public void The_reference_is_what_the_commands_say()
    {
        string wanted = Write(CommandLine.Create());
        if (Environment.GetEnvironmentVariable("HOMEOSTAT_WRITE_DOCS") == "1")
        {
            File.WriteAllText(Document, wanted);
        }
        Assert.True(
            File.ReadAllText(Document) == wanted,
            "docs/cli.md is not what --help says: run HOMEOSTAT_WRITE_DOCS=1 "
            + "./test --project Node --filter FullyQualifiedName~CliDocument and commit it");
    }

    private static string Write(RootCommand root)
    {
        var text = new StringBuilder(
            "# Command line\n\nWritten from the commands themselves (`CliDocumentTests`); change "
            + "it there.\n\nEvery setting of `node` is also a key of the file that `--config` "
            + "names and an environment variable\n(`--http.port` is `HOMEOSTAT_HTTP_PORT`): "
            + "defaults ← file ← environment ← flags.\n");
        foreach (Command command in root.Subcommands)
        {
            Write(text, command, "homeostat");
        }
        return text.ToString();
    }

    private static void Write(StringBuilder text, Command command, string parent)
    {
        string path = $"{parent} {command.Name}";
        text.Append("\n## ").Append(path).Append("\n\n").Append(command.Description).Append(".\n");
        List<Option> options = [.. command.Options.Where(o => !o.Hidden && o.Name != "--help")];
        if (command.Arguments.Count + options.Count > 0)
        {
            text.Append("\n| | |\n|---|---|\n");
        }
        foreach (Argument argument in command.Arguments)
        {
            string name = argument.Name.ToUpperInvariant();
            text.Append($"| `{name}` | {Cell(argument.Description)} |\n");
        }
        foreach (Option option in options)
        {
            string value = option.HelpName is { } help ? $" {help.ToUpperInvariant()}" : "";
            text.Append($"| `{option.Name}{value}` | {Cell(option.Description)} |\n");
        }
        foreach (Command inner in command.Subcommands)
        {
            Write(text, inner, path);
        }
    }

    private static string Cell(string? text) =>
        (text ?? "").Replace("|", "\\|", StringComparison.Ordinal);
}
