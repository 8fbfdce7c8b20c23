using System.Text.Json;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// What genesis takes from the repository: compiled predeploys and trained models.
/// </summary>
internal static class EmbeddedArtifacts
{
    /// <summary>Runtime bytecode of a contract of contracts/artifacts.</summary>
    public static byte[] Bytecode(string contract) =>
        ReadHex($"contracts/{contract}", "deployedBytecode");

    /// <summary>Creation code of a contract whose constructor genesis runs.</summary>
    public static byte[] CreationCode(string contract) =>
        ReadHex($"contracts/{contract}", "creationBytecode");

    /// <summary>A model's canonical bytes (Genesis/Models).</summary>
    public static byte[] Model(string name) => ReadHex($"models/{name}", "encoded");

    private static byte[] ReadHex(string resource, string property)
    {
        using Stream? stream =
            typeof(EmbeddedArtifacts).Assembly.GetManifestResourceStream(resource);
        Invariant.Require(stream is not null);
        using var document = JsonDocument.Parse(stream);
        return Hex.Decode(document.RootElement.GetProperty(property).GetString());
    }
}
