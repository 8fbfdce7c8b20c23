using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Homeostat.Tidy.Tests;

/// <summary>
/// What the compiler's analyzers can't see or do not enforce (STYLE.md 1–3, 6, 16). Each test
/// lists every place at once, so that one run is enough to mend them all.
/// </summary>
public sealed class TidyTests
{
    private const int LongestLine = 100;
    private const int LongestMethod = 70;
    private const int LongestFile = 1000;

    private static readonly SyntaxKind[] FloatKeywords =
        [SyntaxKind.DoubleKeyword, SyntaxKind.FloatKeyword, SyntaxKind.DecimalKeyword];

    [Fact]
    public void Pure_projects_have_no_floats() => AssertNone(
        from file in SourceTree.Files.Where(f => f.IsPure)
        from token in file.Root.DescendantTokens()
        where FloatKeywords.Any(kind => token.IsKind(kind))
            || (token.IsKind(SyntaxKind.NumericLiteralToken)
                && token.Value is double or float or decimal)
        select $"{file.Path}:{SourceFile.LineOf(token)} {token.Text}");

    [Fact]
    public void Pure_projects_switch_the_banned_apis_off_only_where_listed()
    {
        // The collections that hide enumeration are built on the banned ones.
        string[] allowed = ["src/Homeostat.Primitives/Collections/LookupTable.cs"];
        AssertNone(
            from file in SourceTree.Files.Where(f => f.IsPure)
            where file.Text.Contains("RS0030", StringComparison.Ordinal)
                && !allowed.Contains(file.Path)
            select file.Path);
    }

    [Fact]
    public void Lines_fit_in_100_columns() => AssertNone(
        from file in SourceTree.Files
        from line in file.Lines.Select((text, index) => (text, number: index + 1))
        where line.text.Length > LongestLine
        select $"{file.Path}:{line.number} has {line.text.Length} columns");

    [Fact]
    public void Methods_fit_a_screen() => AssertNone(
        from file in SourceTree.Files
        from node in file.Root.DescendantNodes()
        where node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax
            or AccessorDeclarationSyntax
        let span = node.GetLocation().GetLineSpan()
        let length = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
        // One jump table over locals: src/Homeostat.Evm/Interpretation/Interpreter.cs says why.
        where length > LongestMethod && Path.GetFileName(file.Path) != "Interpreter.cs"
        select $"{file.Path}:{SourceFile.LineOf(node)} method of {length} lines");

    [Fact]
    public void Files_are_not_monsters() => AssertNone(
        from file in SourceTree.Files
        where file.Lines.Length > LongestFile
        select $"{file.Path} has {file.Lines.Length} lines");

    [Fact]
    public void Text_is_tidy() => AssertNone(
        from file in SourceTree.Files
        from line in file.Lines.Select((text, index) => (text, number: index + 1))
        where line.text.EndsWith('\r') || line.text.EndsWith(' ') || line.text.Contains('\t')
        select $"{file.Path}:{line.number} has a tab, CR or trailing space");

    [Fact]
    public void Type_names_say_what_they_are() => AssertNone(
        from file in SourceTree.Files
        from type in file.Root.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
        where Regex.IsMatch(type.Identifier.Text, "(Manager|Helper|Helpers|Util|Utils)$")
        select $"{file.Path}:{SourceFile.LineOf(type)} {type.Identifier.Text}");

    [Fact]
    public void Folders_are_subjects_not_kinds()
    {
        string[] kinds = ["Interfaces", "Enums", "Helpers", "Utils", "Common", "Misc"];
        AssertNone(
            from file in SourceTree.Files
            where file.Path.Split('/').Any(kinds.Contains)
            select file.Path);
    }

    [Fact]
    public void No_file_is_dead()
    {
        // A file lives when a type it declares is named in another file, or tests or starts things.
        var words = SourceTree.Files.ToDictionary(
            f => f.Path,
            f => f.Root.DescendantTokens().Where(t => t.IsKind(SyntaxKind.IdentifierToken))
                .Select(t => t.ValueText).ToHashSet());
        AssertNone(
            from file in SourceTree.Files.Where(f => f.IsSource)
            let types = file.Root.DescendantNodes().OfType<MemberDeclarationSyntax>()
                .Where(m => m is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)
                .ToList()
            where types.Count > 0
            let names = types.SelectMany(NamesThatUseIt).ToHashSet()
            where !words.Any(other => other.Key != file.Path && other.Value.Overlaps(names))
            select $"{file.Path}: nothing outside it names what it declares");
    }

    [Fact]
    public void Projects_depend_in_one_direction()
    {
        var allowed = new Dictionary<string, string[]>
        {
            ["Primitives"] = [],
            ["Evm"] = ["Primitives"],
            ["Consensus"] = ["Primitives"],
            ["Steering"] = ["Primitives"],
            ["Ledger"] = ["Primitives", "Evm"],
            ["Replica"] = ["Primitives", "Evm", "Ledger", "Consensus", "Steering"],
            ["Simulator"] =
                ["Primitives", "Evm", "Ledger", "Consensus", "Steering", "Replica"],
            ["Node"] =
                ["Primitives", "Evm", "Ledger", "Consensus", "Steering", "Replica", "Simulator"],
        };
        AssertNone(
            from project in Directory.GetFiles(
                Path.Combine(SourceTree.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            let name = Short(project)
            from reference in XDocument.Load(project).Descendants("ProjectReference")
            let target = Short(reference.Attribute("Include")!.Value)
            where !allowed.TryGetValue(name, out string[]? targets) || !targets.Contains(target)
            select $"{name} → {target}");
    }

    [Fact]
    public void Only_the_kernels_are_unsafe()
    {
        string[] allowed = ["Homeostat.Primitives.csproj", "Homeostat.Evm.csproj"];
        AssertNone(
            from project in Directory.GetFiles(
                Path.Combine(SourceTree.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            where File.ReadAllText(project).Contains("AllowUnsafeBlocks", StringComparison.Ordinal)
                && !allowed.Contains(Path.GetFileName(project))
            select project);
    }

    [Fact]
    public void Nothing_names_a_machine_or_a_registry()
    {
        string[] skipped =
            ["bin", "obj", "node_modules", ".git", "artifacts", "cache", "TestResults"];
        // Split so that this file does not find itself.
        string[] words =
            ["/wo" + "rk/", "/ro" + "ot/", "registry." + "npmjs", "api.nu" + "get.org"];
        string[] ends = [".cs", ".md", ".json", ".mjs", ".ts", ".sol", ".props", ".csproj", ".sh"];
        AssertNone(
            from path in Directory.EnumerateFiles(
                SourceTree.Root, "*", SearchOption.AllDirectories)
            let relative = Path.GetRelativePath(SourceTree.Root, path).Replace('\\', '/')
            where !relative.Split('/').Any(skipped.Contains)
                && ends.Contains(Path.GetExtension(path))
            let text = File.ReadAllText(path)
            from word in words
            where text.Contains(word, StringComparison.Ordinal)
            select $"{relative} holds {word}");
    }

    private static IEnumerable<string> NamesThatUseIt(MemberDeclarationSyntax type)
    {
        if (type is DelegateDeclarationSyntax @delegate)
        {
            return [@delegate.Identifier.Text];
        }
        string name = ((BaseTypeDeclarationSyntax)type).Identifier.Text;
        // Extension methods are called by their own names.
        IEnumerable<string> extensions = type.DescendantNodes().OfType<MethodDeclarationSyntax>()
            .Where(m => m.ParameterList.Parameters.FirstOrDefault()?.Modifiers
                .Any(SyntaxKind.ThisKeyword) == true)
            .Select(m => m.Identifier.Text);
        return [name, .. extensions];
    }

    private static string Short(string project) =>
        Path.GetFileNameWithoutExtension(project)["Homeostat.".Length..];

    private static void AssertNone(IEnumerable<string> places)
    {
        List<string> found = places.ToList();
        Assert.True(found.Count == 0, $"{found.Count} places:\n" + string.Join('\n', found));
    }
}
