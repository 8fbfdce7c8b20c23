using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Logging;

/// <summary>What --log.level says.</summary>
internal enum LogVerbosity
{
    Debug,
    Info,
    Warn,
    Error,
}

/// <summary>
/// One line an event: time in UTC, level, category, text. Written by a task of its own from a
/// bounded queue, so that a slow terminal or disk never stops the node: lines beyond it are
/// counted and the count is logged. A file is turned over at a size limit, with one kept before.
/// </summary>
internal sealed class LineLogging : ILoggerProvider
{
    private const int QueueLines = 8192;
    private const long FileBytes = 64L * 1024 * 1024;

    private readonly Channel<string> _lines = Channel.CreateBounded<string>(QueueLines);
    private readonly LogLevel _least;
    private readonly TextWriter? _console;
    private readonly string _file;
    private readonly Task _writer;
    private int _lost;

    /// <param name="verbosity">Lines below are not written.</param>
    /// <param name="console">Null: no console.</param>
    /// <param name="file">Empty: no file.</param>
    public LineLogging(LogVerbosity verbosity, TextWriter? console, string file)
    {
        _least = verbosity switch
        {
            LogVerbosity.Debug => LogLevel.Debug,
            LogVerbosity.Info => LogLevel.Information,
            LogVerbosity.Warn => LogLevel.Warning,
            _ => LogLevel.Error,
        };
        _console = console;
        _file = file;
        _writer = Task.Run(WriteAsync);
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>Writes what waits, for two seconds at most.</summary>
    public void Dispose()
    {
        _lines.Writer.TryComplete();
        _writer.Wait(TimeSpan.FromSeconds(2));
    }

    private void Add(LogLevel level, string category, string text)
    {
        string time = DateTime.UtcNow.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        string name = level switch
        {
            LogLevel.Trace or LogLevel.Debug => "DBG",
            LogLevel.Information => "INF",
            LogLevel.Warning => "WRN",
            _ => "ERR",
        };
        string line = $"{time} {name} {category}: {text.ReplaceLineEndings(" | ")}";
        if (!_lines.Writer.TryWrite(line))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    private async Task WriteAsync()
    {
        StreamWriter? file = null;
        await foreach (string line in _lines.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                file = file is null || file.BaseStream.Length > FileBytes ? Open(file) : file;
                int lost = Interlocked.Exchange(ref _lost, 0);
                string text = lost == 0
                    ? line
                    : $"{line}\n({lost} lines lost: the log is too slow)";
                file?.WriteLine(text);
                _console?.WriteLine(text);
                if (!_lines.Reader.TryPeek(out _))
                {
                    file?.Flush();
                    _console?.Flush();
                }
            }
            catch (IOException)
            {
                // A full disk or a closed terminal: the node goes on without its log.
            }
        }
        file?.Dispose();
    }

    private StreamWriter? Open(StreamWriter? full)
    {
        if (_file.Length == 0)
        {
            return null;
        }
        if (full is not null)
        {
            full.Dispose();
            File.Move(_file, _file + ".1", overwrite: true);
        }
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_file))!);
        return new StreamWriter(
            new FileStream(_file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite));
    }

    private sealed class Logger(LineLogging owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= owner._least;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                string text = formatter(state, exception);
                owner.Add(logLevel, category, exception is null ? text : $"{text}: {exception}");
            }
        }
    }
}
