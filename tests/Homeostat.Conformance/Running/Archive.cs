using System.Formats.Tar;
using System.IO.Compression;

namespace Homeostat.Conformance;

/// <summary>Reads the files of an archive one after another; no more than one is held.</summary>
internal static class Archive
{
    public static IEnumerable<FixtureFile> Read(string path, Func<string, bool> wanted) =>
        Directory.Exists(path) ? ReadFolder(path, wanted) : ReadTar(path, wanted);

    private static IEnumerable<FixtureFile> ReadFolder(string root, Func<string, bool> wanted)
    {
        IEnumerable<string> files = Directory
            .EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal);
        foreach (string file in files)
        {
            string path = Path.GetRelativePath(root, file).Replace('\\', '/');
            if (wanted(path))
            {
                yield return new FixtureFile(path, File.ReadAllBytes(file));
            }
        }
    }

    private static IEnumerable<FixtureFile> ReadTar(string archive, Func<string, bool> wanted)
    {
        using FileStream stream = File.OpenRead(archive);
        using Stream plain = archive.EndsWith(".br", StringComparison.Ordinal)
            ? new BrotliStream(stream, CompressionMode.Decompress)
            : archive.EndsWith(".gz", StringComparison.Ordinal)
                ? new GZipStream(stream, CompressionMode.Decompress)
                : stream;
        using var tar = new TarReader(plain);
        while (tar.GetNextEntry() is { } entry)
        {
            string path = entry.Name.StartsWith("./", StringComparison.Ordinal)
                ? entry.Name[2..]
                : entry.Name;
            if (entry.DataStream is { } data && wanted(path))
            {
                byte[] content = new byte[entry.Length];
                data.ReadExactly(content);
                yield return new FixtureFile(path, content);
            }
        }
    }
}
