using System.IO.Compression;

namespace Homeostat.Steering.Tests;

/// <summary>The data folder beside the repository, where there is one.</summary>
internal static class SharedData
{
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>
    /// The lines of a compressed table, or null (said on the console) where it is not here.
    /// </summary>
    public static string[]? ReadLines(string path)
    {
        string folder = Environment.GetEnvironmentVariable("HOMEOSTAT_SHARED")
            ?? Path.Combine(RepositoryRoot, "..", "shared");
        string file = Path.Combine(folder, path);
        if (!File.Exists(file))
        {
            Console.WriteLine($"skipped: no {path} in the shared data");
            return null;
        }
        using var reader = new StreamReader(
            new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string FindRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Homeostat.slnx")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException("the tests run inside the repository");
        }
        return folder;
    }
}
