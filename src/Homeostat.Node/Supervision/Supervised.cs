namespace Homeostat.Node.Supervision;

/// <summary>Where a node's supervisor keeps the network that both are part of.</summary>
/// <param name="Network">The folder of `up`.</param>
internal sealed record Supervised(string Network)
{
    /// <summary>Data folders of the network's validators, itself among them.</summary>
    public IReadOnlyList<string> DataFolders() =>
    [
        .. Directory.EnumerateDirectories(Network, "validator-*")
            .Order(StringComparer.Ordinal).Take(UpOptions.MostValidators),
    ];
}
