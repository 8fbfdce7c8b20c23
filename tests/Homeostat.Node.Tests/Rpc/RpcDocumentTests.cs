using System.Reflection;
using Homeostat.Node.Rpc;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>docs/rpc.md names every method and every limit.</summary>
public sealed class RpcDocumentTests(RpcFixture rpc) : IClassFixture<RpcFixture>
{
    private static readonly string Document = File.ReadAllText(Path.Combine(
        ClientPackages.Folder, "..", "..", "docs", "rpc.md"));

    [Fact]
    public void Every_method_is_documented() => Assert.All(
        rpc.Methods,
        method => Assert.Contains($"`{method}`", Document, StringComparison.Ordinal));

    [Fact]
    public void Every_limit_is_documented() => Assert.All(
        typeof(RpcLimits).GetProperties(BindingFlags.Public | BindingFlags.Instance),
        limit => Assert.Contains($"| `{limit.Name}` |", Document, StringComparison.Ordinal));
}
