namespace Homeostat.Node.Chaos;

/// <summary>
/// A disk small enough to be filled: a tmpfs with one validator's data in it.
/// </summary>
internal sealed class SmallDisk : IDisposable
{
    private const string Size = "96m";
    private const int ChunkBytes = 1 << 20;

    private readonly string _filler;

    private SmallDisk(string path)
    {
        Path = path;
        _filler = System.IO.Path.Combine(path, "filler");
    }

    public string Path { get; }

    /// <summary>Null with the reason where this machine does not let us mount.</summary>
    public static SmallDisk? TryMount(string path, out string? reason)
    {
        Directory.CreateDirectory(path);
        reason = HostCommand.TryRun("mount", "-t", "tmpfs", "-o", $"size={Size}", "tmpfs", path);
        return reason is null ? new SmallDisk(path) : null;
    }

    /// <summary>Takes all space there is.</summary>
    public void Fill()
    {
        byte[] chunk = new byte[ChunkBytes];
        // Unbuffered: what did not fit must not be written again when the file is closed.
        using var file = new FileStream(
            _filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (int size = chunk.Length; size > 0;)
        {
            try
            {
                file.Write(chunk, 0, size);
            }
            catch (IOException)
            {
                size /= 2; // The last free bytes too.
            }
        }
    }

    public void Free() => File.Delete(_filler);

    public void Dispose() => HostCommand.TryRun("umount", "-l", Path);
}
