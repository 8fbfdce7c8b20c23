using System.Diagnostics;
using System.Globalization;
using Homeostat.Node.Client;

namespace Homeostat.Node.Chaos;

/// <summary>One validator's process, which may be killed, stopped and started again.</summary>
internal sealed class ChaosNode(
    int index, string? networkNamespace, string[] arguments, Uri rpc, string clockFile)
    : IDisposable
{
    /// <summary>A node that ends by itself takes a second or two to close what is open.</summary>
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(5);

    private Process? _process;

    public int Index { get; } = index;

    public Uri Endpoint { get; } = rpc;

    public RpcClient Rpc { get; } = new(rpc);

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>
    /// Starts it anew. Its standard input is a pipe from here, so it never outlives this process.
    /// </summary>
    public void Start()
    {
        _process?.Dispose();
        string self = Environment.ProcessPath ?? "dotnet";
        var command = new List<string>();
        if (networkNamespace is not null)
        {
            // `ip netns exec` becomes the program it is given: the process id stays.
            command.AddRange(["ip", "netns", "exec", networkNamespace]);
        }
        command.Add(self);
        if (Path.GetFileNameWithoutExtension(self) == "dotnet")
        {
            command.Add(Path.Combine(AppContext.BaseDirectory, "homeostat.dll"));
        }
        command.AddRange(arguments);
        var info = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        _process = Process.Start(info)
            ?? throw new ChaosException($"validator {Index} did not start");
        // What it says stands in its log; the pipes must not fill up.
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, line) => LastError = line.Data ?? LastError;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>As a supervisor would: now if it has ended, or when it does soon.</summary>
    public void StartOnceEnded()
    {
        if (!IsRunning)
        {
            Start();
            return;
        }
        _ = Task.Run(async () =>
        {
            long began = Stopwatch.GetTimestamp();
            while (IsRunning && Stopwatch.GetElapsedTime(began) < EndingTime)
            {
                await Task.Delay(20).ConfigureAwait(false);
            }
            if (!IsRunning)
            {
                Start();
            }
        });
    }

    /// <summary>The last line it wrote to standard error.</summary>
    public string LastError { get; private set; } = "";

    /// <summary>kill -9, and waits until it is gone.</summary>
    public void Kill()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            _process.WaitForExit();
        }
    }

    public void Pause() => Signal("-STOP");

    public void Resume() => Signal("-CONT");

    /// <summary>Sets its clock off by this much; what its file says counts within 100 ms.</summary>
    public void SetClock(long offsetMs)
    {
        string fresh = clockFile + ".new";
        File.WriteAllText(fresh, offsetMs.ToString(CultureInfo.InvariantCulture));
        File.Move(fresh, clockFile, overwrite: true);
    }

    public void Dispose()
    {
        Kill();
        _process?.Dispose();
        Rpc.Dispose();
    }

    private void Signal(string signal)
    {
        if (_process is { HasExited: false } process)
        {
            HostCommand.Run(
                "kill", signal, process.Id.ToString(CultureInfo.InvariantCulture));
        }
    }
}
