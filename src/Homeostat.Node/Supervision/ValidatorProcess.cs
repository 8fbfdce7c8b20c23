using System.Diagnostics;
using System.Globalization;
using Homeostat.Node.Commands;

namespace Homeostat.Node.Supervision;

/// <summary>
/// One validator as a child process: the same binary, run as `node --supervised`. Started again
/// when it dies, with a wait that doubles from 0.2 s to 10 s and starts over after 30 s of life.
/// </summary>
internal sealed class ValidatorProcess
{
    private const int FirstWaitMs = 200;
    private const int MostWaitMs = 10_000;
    private const int ForgetAfterMs = 30_000;

    private readonly IReadOnlyList<string> _arguments;
    private readonly Action<string> _say;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _ready =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;
    private bool _stopping;

    public ValidatorProcess(int index, IReadOnlyList<string> arguments, Action<string> say)
    {
        Index = index;
        _arguments = arguments;
        _say = say;
    }

    public int Index { get; }

    public int ProcessId { get; private set; }

    public ulong Height { get; private set; }

    public int Peers { get; private set; }

    public bool IsRunning { get; private set; }

    /// <summary>Done when it first was ready; faults when it ended before.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Runs it until the supervisor stops, again and again if asked to.</summary>
    public async Task SuperviseAsync(bool restart, CancellationToken stop)
    {
        int waitMs = FirstWaitMs;
        while (!stop.IsCancellationRequested)
        {
            long start = Environment.TickCount64;
            int code = await RunOnceAsync().ConfigureAwait(false);
            IsRunning = false;
            if (stop.IsCancellationRequested)
            {
                return;
            }
            string end = code > 128
                ? $"was killed (signal {code - 128})"
                : $"ended with code {code}";
            if (!_ready.Task.IsCompleted)
            {
                _ready.TrySetException(
                    new UpException($"validator {Index} {end} before it was ready"));
                return;
            }
            if (code == ExitCode.NeedsNewVersion)
            {
                _say($"validator {Index} needs another version of this program: it stays down");
                return;
            }
            if (!restart)
            {
                _say($"validator {Index} {end}; --no-restart: it stays down");
                return;
            }
            waitMs = Environment.TickCount64 - start > ForgetAfterMs ? FirstWaitMs : waitMs;
            _say($"validator {Index} {end}; starting it again in {waitMs} ms");
            await Task.Delay(waitMs, stop).ContinueWith(_ => { }, TaskScheduler.Default)
                .ConfigureAwait(false);
            waitMs = Math.Min(waitMs * 2, MostWaitMs);
        }
    }

    /// <summary>Asks it to stop by closing its standard input.</summary>
    public void RequestStop()
    {
        lock (_lock)
        {
            _stopping = true;
            try
            {
                _process?.StandardInput.Close();
            }
            catch (Exception error) when (error is IOException or InvalidOperationException)
            {
                // It is gone already.
            }
        }
    }

    public void Kill()
    {
        lock (_lock)
        {
            try
            {
                _process?.Kill();
            }
            catch (InvalidOperationException)
            {
                // It is gone already.
            }
        }
    }

    private async Task<int> RunOnceAsync()
    {
        using var process = new Process { StartInfo = StartInfo() };
        process.ErrorDataReceived += (_, line) =>
        {
            if (!string.IsNullOrWhiteSpace(line.Data))
            {
                _say($"[validator {Index}] {line.Data}");
            }
        };
        lock (_lock)
        {
            if (_stopping)
            {
                return 0;
            }
            process.Start();
            _process = process;
            ProcessId = process.Id;
        }
        IsRunning = true;
        process.BeginErrorReadLine();
        while (await process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            Hear(line);
        }
        await process.WaitForExitAsync().ConfigureAwait(false);
        lock (_lock)
        {
            _process = null;
        }
        return process.ExitCode;
    }

    private ProcessStartInfo StartInfo()
    {
        string self = Environment.ProcessPath ?? "dotnet";
        var info = new ProcessStartInfo(self)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (Path.GetFileNameWithoutExtension(self) == "dotnet")
        {
            info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "homeostat.dll"));
        }
        foreach (string argument in _arguments)
        {
            info.ArgumentList.Add(argument);
        }
        return info;
    }

    private void Hear(string line)
    {
        string[] words = line.Split(' ');
        if (words is [ChildReport.Ready])
        {
            _ready.TrySetResult();
        }
        else if (words is [ChildReport.Status, var height, var peers])
        {
            _ = ulong.TryParse(height, CultureInfo.InvariantCulture, out ulong newHeight);
            _ = int.TryParse(peers, CultureInfo.InvariantCulture, out int newPeers);
            (Height, Peers) = (newHeight, newPeers);
        }
    }
}
