using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Homeostat.Tidy.Tests;

/// <summary>
/// Commands that documents name can be run: a filter that matches no test passes without having
/// shown anything, so each must match one by its name; scripts, subcommands and links exist.
/// </summary>
public sealed partial class DocumentCommandTests
{
    private static readonly IReadOnlyList<(string Path, string Text)> Documents = Load();
    private static readonly IReadOnlyList<(string Path, string Name)> Tests = AllTests();

    [Fact]
    public void Filters_of_tests_match_a_test() => AssertNone(
        from document in Documents
        from Match command in TestCommand().Matches(document.Text)
        let project = command.Groups["project"].Value
        let names = TestNames(project)
        from word in names.Count == 0 ? ["no such project"] : Words(command.Groups["filter"].Value)
        where !names.Any(name => name.Contains(word, StringComparison.OrdinalIgnoreCase))
        select $"{document.Path}: `{command.Value}`: {word}");

    [Fact]
    public void Subcommands_are_in_the_reference()
    {
        string reference = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "cli.md"));
        AssertNone(
            from document in Documents
            from Match command in Subcommand().Matches(document.Text)
            let name = command.Groups["name"].Value
            where name != "build" && !reference.Contains(
                $"## homeostat {name}\n", StringComparison.Ordinal)
            select $"{document.Path}: ./homeostat {name}");
    }

    [Fact]
    public void Scripts_and_linked_files_are_there() => AssertNone(
        from document in Documents
        from path in Script().Matches(document.Text).Select(x => x.Groups["path"].Value)
            .Concat(Link().Matches(document.Text).Select(x => Path.GetRelativePath(
                SourceTree.Root, Path.GetFullPath(Path.Combine(
                    SourceTree.Root, Path.GetDirectoryName(document.Path)!,
                    x.Groups["path"].Value)))))
        where !Path.Exists(Path.Combine(SourceTree.Root, path))
        select $"{document.Path}: {path}");

    [GeneratedRegex(
        @"--project (?!bench/)(?<project>\w+)(?: --filter ""?(?<filter>[\w.~|\\=!()&]+)""?)?")]
    private static partial Regex TestCommand();

    [GeneratedRegex(@"FullyQualifiedName~(?<word>\w+)")]
    private static partial Regex NamePart();

    [GeneratedRegex(@"\./homeostat (?<name>[a-z]+(?=[ `\n]))")]
    private static partial Regex Subcommand();

    [GeneratedRegex(@"`(?<path>(?:tests|bench)/[a-z]+(?:/run)?)[ `]")]
    private static partial Regex Script();

    [GeneratedRegex(@"\]\((?<path>[\w./-]+)(?:#[\w-]+)?\)")]
    private static partial Regex Link();

    private static IEnumerable<string> Words(string filter) =>
        NamePart().Matches(filter).Select(x => x.Groups["word"].Value);

    /// <summary>Of the test projects whose name contains the word.</summary>
    private static List<string> TestNames(string project) =>
    [
        .. Tests.Where(x => x.Path.Split('/') is ["tests", var folder, ..]
            && folder.EndsWith(".Tests", StringComparison.Ordinal)
            && folder.Contains(project, StringComparison.Ordinal)).Select(x => x.Name),
    ];

    private static List<(string Path, string Name)> AllTests() =>
    [
        .. from file in SourceTree.Files
           from method in file.Root.DescendantNodes().OfType<MethodDeclarationSyntax>()
           where method.AttributeLists.SelectMany(x => x.Attributes)
               .Any(x => x.Name.ToString() is "Fact" or "Theory")
           let type = method.Ancestors().OfType<TypeDeclarationSyntax>().First()
           let space = method.Ancestors().OfType<BaseNamespaceDeclarationSyntax>().First()
           select (file.Path, $"{space.Name}.{type.Identifier.Text}.{method.Identifier.Text}"),
    ];

    private static List<(string Path, string Text)> Load()
    {
        string root = SourceTree.Root;
        IEnumerable<string> files = Directory.EnumerateFiles(root, "*.md").Concat(
            Directory.EnumerateFiles(
                Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories));
        return
        [
            .. files.Order(StringComparer.Ordinal)
                .Select(x => (Path.GetRelativePath(root, x), File.ReadAllText(x))),
        ];
    }

    private static void AssertNone(IEnumerable<string> findings)
    {
        string[] found = [.. findings.Distinct()];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }
}
