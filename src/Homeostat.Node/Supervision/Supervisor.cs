using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Homeostat.Node.Configuration;
using Homeostat.Node.Network;
using Homeostat.Node.Progress;

namespace Homeostat.Node.Supervision;

/// <summary>
/// `up`: a network of validator processes on this machine. It makes or finds the data folder,
/// looks whether the ports are free, starts a process a validator, tells when all are ready, and
/// keeps them running until it is told to stop.
/// </summary>
internal sealed class Supervisor(UpOptions options, TextWriter output, TextWriter error)
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan ReadyTime = TimeSpan.FromMinutes(2);
    private const int LookMs = 500;
    private readonly Lock _sayLock = new();
    private bool _hasStatusLine;

    /// <exception cref="UpException">It can't start.</exception>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        DevelopmentFolder folder = DevelopmentFolder.Open(options.DataDir, options.Validators);
        CheckPorts(folder.Validators);
        ValidatorProcess[] validators =
            [.. Enumerable.Range(0, folder.Validators).Select(i => Describe(folder, i))];
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task[] running =
            [.. validators.Select(x => x.SuperviseAsync(options.Restart, ending.Token))];
        try
        {
            await ReadyAsync(validators, stop).ConfigureAwait(false);
            new UpAnnouncement(options, folder, validators).Write(output);
            await ShowStatusAsync(validators, Task.WhenAll(running), stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop while starting.
        }
        catch (TimeoutException)
        {
            throw new UpException(
                $"not all validators were ready within {ReadyTime.TotalSeconds} s; their logs are "
                + $"{folder.Path}/validator-*/node.log");
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await StopAsync(validators, running).ConfigureAwait(false);
        }
        return 0;
    }

    private async Task ReadyAsync(ValidatorProcess[] validators, CancellationToken stop)
    {
        Task ready = Task.WhenAll(validators.Select(x => x.Ready)).WaitAsync(ReadyTime, stop);
        ProgressLines lines = ProgressLines.Of(options.Json);
        while (await Task.WhenAny(ready, Task.Delay(LookMs, stop)).ConfigureAwait(false) != ready)
        {
            lines.Tell(
                "starting", validators.Count(x => x.Ready.IsCompleted), validators.Length,
                "validators");
        }
        await ready.ConfigureAwait(false);
    }

    private static void CheckPort(int port, string flag, string formula)
    {
        try
        {
            using Socket probe = PeerNetwork.Bind(new IPEndPoint(IPAddress.Loopback, port));
            probe.Listen();
        }
        catch (SocketException error)
        {
            string why = error.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? "is in use"
                : $"can't be used ({error.Message})";
            throw new UpException($"port {port} ({formula}) {why}: choose another {flag}");
        }
    }

    private void CheckPorts(int validators)
    {
        if (options.HttpPortOf(validators - 1) > ushort.MaxValue
            || options.P2pPortOf(validators - 1) > ushort.MaxValue)
        {
            throw new UpException(
                $"{validators} validators need ports beyond 65535: choose a lower --http.port or "
                + "--p2p.port");
        }
        for (int i = 0; i < validators; i++)
        {
            CheckPort(options.HttpPortOf(i), Settings.HttpPort.Flag, $"RPC of validator {i}");
            CheckPort(options.P2pPortOf(i), Settings.P2pPort.Flag, $"peers of validator {i}");
        }
    }

    private ValidatorProcess Describe(DevelopmentFolder folder, int index)
    {
        var peers = Enumerable.Range(0, folder.Validators).Where(i => i != index)
            .Select(i => new PeerEndpoint(
                folder.Network.Validators[i].Address, "127.0.0.1", options.P2pPortOf(i)));
        string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
        List<string> arguments =
        [
            "node", "--supervised", folder.Path,
            Settings.DataDir.Flag, folder.ValidatorFolder(index),
            Settings.Genesis.Flag, folder.GenesisFile,
            Settings.NodeKey.Flag, folder.KeyFileOf(index),
            Settings.HttpPort.Flag, Number(options.HttpPortOf(index)),
            Settings.P2pPort.Flag, Number(options.P2pPortOf(index)),
            Settings.GasCap.Flag, options.GasCap.ToString(CultureInfo.InvariantCulture),
            Settings.LogLevel.Flag, options.LogLevel.ToString(),
            Settings.LogFile.Flag, folder.LogFileOf(index),
        ];
        if (folder.Validators > 1)
        {
            arguments.AddRange([Settings.Peers.Flag, string.Join(',', peers)]);
        }
        return new ValidatorProcess(index, arguments, Say);
    }

    /// <summary>A line on standard error, past the status line.</summary>
    private void Say(string text)
    {
        lock (_sayLock)
        {
            if (_hasStatusLine)
            {
                output.Write("\r\u001b[K");
                output.Flush();
            }
            error.WriteLine(text);
            error.Flush();
        }
    }

    private async Task ShowStatusAsync(
        ValidatorProcess[] validators, Task allEnded, CancellationToken stop)
    {
        bool isTerminal = !options.Json && !Console.IsOutputRedirected;
        ulong before = 0;
        while (!allEnded.IsCompleted)
        {
            await Task.WhenAny(allEnded, Task.Delay(1000, stop)).ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
            ulong height = validators.Max(x => x.Height);
            if (isTerminal)
            {
                ulong rate = height > before && before > 0 ? height - before : 0;
                lock (_sayLock)
                {
                    _hasStatusLine = true;
                    output.Write(string.Create(
                        CultureInfo.InvariantCulture,
                        $"\r\u001b[K final block {height}, {rate} blocks/s, "
                        + $"{validators.Count(x => x.IsRunning)}/{validators.Length} up"));
                    output.Flush();
                }
            }
            before = height;
        }
        throw new UpException("all validators have ended");
    }

    private async Task StopAsync(ValidatorProcess[] validators, Task[] running)
    {
        foreach (ValidatorProcess validator in validators)
        {
            validator.RequestStop();
        }
        Task all = Task.WhenAll(running);
        await Task.WhenAny(all, Task.Delay(StopTime)).ConfigureAwait(false);
        if (!all.IsCompleted)
        {
            Say("validators did not stop in time: killing them (nothing final is lost)");
            foreach (ValidatorProcess validator in validators)
            {
                validator.Kill();
            }
            await all.ConfigureAwait(false);
        }
        if (!options.Json)
        {
            Say("stopped; start again with the same --datadir to go on");
        }
    }
}
