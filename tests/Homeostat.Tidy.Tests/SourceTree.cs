using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Homeostat.Tidy.Tests;

/// <summary>One C# file of the checkout: its path from the root, its lines, its syntax.</summary>
internal sealed record SourceFile(string Path, string Text, SyntaxNode Root)
{
    public string[] Lines { get; } = Text.Split('\n');

    /// <summary>The project's folder name, such as Homeostat.Evm.</summary>
    public string Project => Path.Split('/')[1];

    public bool IsSource => Path.StartsWith("src/", StringComparison.Ordinal);

    public bool IsPure => IsSource && !SourceTree.Shell.Contains(Project);

    public static int LineOf(SyntaxNodeOrToken node) =>
        node.GetLocation()!.GetLineSpan().StartLinePosition.Line + 1;
}

/// <summary>The checkout the tests were built from.</summary>
internal static class SourceTree
{
    /// <summary>The projects that may touch clock, disk and network.</summary>
    public static readonly string[] Shell = ["Homeostat.Node", "Homeostat.Simulator"];

    public static readonly string Root = FindRoot();

    public static readonly IReadOnlyList<SourceFile> Files = Load();

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Homeostat.slnx")))
        {
            folder = folder.Parent
                ?? throw new InvalidOperationException("run the tests inside a checkout");
        }
        return folder.FullName;
    }

    private static List<SourceFile> Load()
    {
        string[] skipped = ["bin", "obj", "node_modules", "artifacts"];
        string[] tops = ["src", "tests", "bench"];
        return tops
        .SelectMany(top => Directory.EnumerateFiles(
            Path.Combine(Root, top), "*.cs", SearchOption.AllDirectories))
        .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
        .Where(path => !path.Split('/').Any(skipped.Contains))
        .Order(StringComparer.Ordinal)
        .Select(path =>
        {
            string text = File.ReadAllText(Path.Combine(Root, path));
            return new SourceFile(path, text, CSharpSyntaxTree.ParseText(text).GetRoot());
        })
        .ToList();
    }
}
