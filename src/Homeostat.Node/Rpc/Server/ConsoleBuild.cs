using System.ComponentModel;
using System.Diagnostics;

namespace Homeostat.Node.Rpc;

/// <summary>
/// The built console of the checkout this binary is part of. A node under `up` builds it by npm
/// when somebody first asks, so starting never waits for it; any other node serves what is there.
/// </summary>
/// <param name="root">The console's folder; null where there is no checkout.</param>
/// <param name="mayBuild">Whether npm may be run.</param>
/// <param name="npm">The program to run.</param>
internal sealed class ConsoleBuild(string? root, bool mayBuild, string npm = "npm")
{
    public const string Command = "cd console && npm install && npm run build";

    private static readonly TimeSpan MostTime = TimeSpan.FromMinutes(5);
    private readonly Lock _lock = new();
    private Task? _building;
    private string? _problem;

    /// <summary>Why there is nothing to serve and none is being made; null while it is.</summary>
    public string? Problem
    {
        get
        {
            lock (_lock)
            {
                return _problem;
            }
        }
    }

    /// <summary>The console/ beside the sources that this binary was built from.</summary>
    public static string? FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null)
        {
            string console = Path.Combine(folder.FullName, "console");
            if (File.Exists(Path.Combine(console, "package.json")))
            {
                return console;
            }
            folder = folder.Parent;
        }
        return null;
    }

    /// <summary>The folder of built files; null while it is built or has a problem.</summary>
    public string? Folder()
    {
        lock (_lock)
        {
            if (root is null)
            {
                _problem = "its sources are not beside this binary.";
                return null;
            }
            string built = Path.Combine(root, "dist");
            if (_building is { IsCompleted: false })
            {
                return null;
            }
            if (IsFresh(built) || (_building is not null && IsThere(built)))
            {
                _problem = null;
                return built;
            }
            if (!mayBuild)
            {
                _problem = IsThere(built) ? null : "this node does not build it by itself.";
                return IsThere(built) ? built : null;
            }
            _building ??= Task.Run(() => BuildAsync(root));
            return null;
        }
    }

    private static bool IsThere(string built) => File.Exists(Path.Combine(built, "index.html"));

    /// <summary>Built, and since the last change of a source.</summary>
    private bool IsFresh(string built)
    {
        if (!IsThere(built))
        {
            return false;
        }
        DateTime made = File.GetLastWriteTimeUtc(Path.Combine(built, "index.html"));
        string source = Path.Combine(root!, "src");
        return Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(root!))
            .All(file => File.GetLastWriteTimeUtc(file) <= made);
    }

    private async Task BuildAsync(string folder)
    {
        string? problem;
        try
        {
            // Nodes of one network share the checkout.
            using FileStream held = await HoldAsync(Path.Combine(folder, ".build.lock"))
                .ConfigureAwait(false);
            problem = IsFresh(Path.Combine(folder, "dist"))
                ? null
                : await InstallAsync(folder).ConfigureAwait(false)
                    ?? await RunAsync(folder, "run", "build").ConfigureAwait(false);
        }
        catch (Win32Exception)
        {
            problem = "npm, which builds it, is not installed here (it comes with Node.js 20 or "
                + "newer).";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problem = error.Message;
        }
        lock (_lock)
        {
            _problem = problem;
        }
    }

    private static async Task<FileStream> HoldAsync(string path)
    {
        long giveUp = Environment.TickCount64 + (long)MostTime.TotalMilliseconds;
        while (true)
        {
            try
            {
                return new FileStream(
                    path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1,
                    FileOptions.DeleteOnClose);
            }
            catch (IOException) when (Environment.TickCount64 < giveUp)
            {
                await Task.Delay(500).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// Not `npm ci`: that refuses a lock file made where the registry lacks the optional packages
    /// of other platforms. This takes the locked versions too, and leaves the file alone.
    /// </summary>
    private Task<string?> InstallAsync(string folder) => RunAsync(
        folder, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund");

    /// <summary>Null, or what it said first.</summary>
    private async Task<string?> RunAsync(string folder, params string[] arguments)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(npm, arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            },
        };
        process.Start();
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(MostTime);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            string errors = await process.StandardError.ReadToEndAsync(patience.Token)
                .ConfigureAwait(false);
            await output.ConfigureAwait(false);
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            string tail = errors.Trim();
            return process.ExitCode == 0
                ? null
                : $"npm {arguments[0]} ended with code {process.ExitCode}. "
                    + (tail.Length > 600 ? tail[..600] + "…" : tail);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return $"npm {arguments[0]} took longer than {MostTime.TotalMinutes} minutes.";
        }
    }
}
