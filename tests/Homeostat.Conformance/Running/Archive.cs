using System.Formats.Tar;
using System.IO.Compression;

namespace Homeostat.Conformance;

/// <summary>Reads the files of an archive one after another; no more than one is held.</summary>
internal sealed class Archive(string archive)
{
    private long _read;

    /// <summary>Bytes on disk of all of it, compressed where it is.</summary>
    public long AllBytes { get; } = File.Exists(archive)
        ? new FileInfo(archive).Length
        : Files(archive).Sum(file => new FileInfo(file).Length);

    /// <summary>Of these, what has been read. Any thread.</summary>
    public long ReadBytes => Interlocked.Read(ref _read);

    public IEnumerable<FixtureFile> Read(Func<string, bool> wanted) =>
        Directory.Exists(archive) ? ReadFolder(archive, wanted) : ReadTar(wanted);

    private static IEnumerable<string> Files(string root) => Directory.Exists(root)
        ? Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
        : [];

    private IEnumerable<FixtureFile> ReadFolder(string root, Func<string, bool> wanted)
    {
        foreach (string file in Files(root))
        {
            Interlocked.Add(ref _read, new FileInfo(file).Length);
            string path = Path.GetRelativePath(root, file).Replace('\\', '/');
            if (wanted(path))
            {
                yield return new FixtureFile(path, File.ReadAllBytes(file));
            }
        }
    }

    private IEnumerable<FixtureFile> ReadTar(Func<string, bool> wanted)
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
            Interlocked.Exchange(ref _read, stream.Position);
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
