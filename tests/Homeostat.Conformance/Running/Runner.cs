using System.Collections.Concurrent;
using System.Diagnostics;
using Homeostat.Evm;
using Homeostat.Node.Progress;

namespace Homeostat.Conformance;

/// <summary>
/// Runs suites over an archive: one thread reads, workers run whole files, results are counted by
/// suite and fork. At most a few files wait, so memory does not grow with the archive.
/// </summary>
internal sealed class Runner(Options options, IReadOnlyList<ISuite> suites, Func<IEvmEngine> engine)
{
    private const int WaitingFiles = 2;
    private const int MostFailuresShown = 200;
    private const int MostUnreadShown = 20;

    private readonly SortedDictionary<(string Suite, string Fork), int[]> _counts = [];
    private readonly List<string> _failures = [];
    private readonly SortedDictionary<string, int> _unread = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly SkipList _skips = SkipList.Load();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private int _files;
    private readonly ProgressLines _progress = ProgressLines.Of(json: false);
    private readonly Archive _archive = new(options.Archive);

    /// <summary>The number of failures.</summary>
    public int Run()
    {
        using var queue = new BlockingCollection<(ISuite, FixtureFile)>(WaitingFiles);
        Thread[] workers = [.. Enumerable.Range(0, options.Threads).Select(_ => new Thread(
            () => Work(queue), maxStackSize: 64 << 20))];
        foreach (Thread worker in workers)
        {
            worker.Start();
        }
        foreach (FixtureFile file in _archive.Read(IsRead))
        {
            queue.Add((SuiteFor(file.Path)!, file));
        }
        queue.CompleteAdding();
        foreach (Thread worker in workers)
        {
            worker.Join();
        }
        foreach (ISuite suite in suites)
        {
            var context = new SuiteContext(engine(), options, _skips, suite.Name);
            foreach (CaseResult result in suite.Finish(context))
            {
                Count(suite, new FixtureFile("", []), result);
            }
        }
        return Report();
    }

    private ISuite? SuiteFor(string path) => IsIndex(path) ? null : suites.FirstOrDefault(
        suite => (options.Suite is null || suite.Name == options.Suite) && suite.Accepts(path));

    /// <summary>Releases of the official tests carry lists of themselves.</summary>
    private static bool IsIndex(string path) =>
        path.Contains("/.meta/", StringComparison.Ordinal)
        || path.EndsWith("/index.json", StringComparison.Ordinal);

    /// <summary>Files no suite reads are counted by folder, so that none is lost unseen.</summary>
    private bool IsRead(string path)
    {
        if (SuiteFor(path) is not null)
        {
            return true;
        }
        string folder = Path.GetDirectoryName(path) ?? "";
        _unread[folder] = _unread.GetValueOrDefault(folder) + 1;
        return false;
    }

    private void Work(BlockingCollection<(ISuite Suite, FixtureFile File)> queue)
    {
        IEvmEngine own = engine();
        foreach ((ISuite suite, FixtureFile file) in queue.GetConsumingEnumerable())
        {
            var context = new SuiteContext(own, options, _skips, suite.Name);
            try
            {
                foreach (CaseResult result in suite.Run(file, context))
                {
                    Count(suite, file, result);
                }
            }
#pragma warning disable CA1031 // Whatever one file does, the others are run and this one is named.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                own = engine();
                Count(suite, file, CaseResult.Fail("-", "(file)", exception.ToString()));
            }
            ShowProgress();
        }
    }

    private void Count(ISuite suite, FixtureFile file, CaseResult result)
    {
        lock (_lock)
        {
            if (!_counts.TryGetValue((suite.Name, result.Fork), out int[]? counts))
            {
                counts = new int[3];
                _counts[(suite.Name, result.Fork)] = counts;
            }
            counts[(int)result.Outcome]++;
            if (result.Outcome == CaseOutcome.Failed)
            {
                _failures.Add(
                    $"FAILED {suite.Name} {result.Fork} {file.Path} {result.Name}\n"
                    + $"    {result.Detail}");
            }
        }
    }

    /// <summary>By what has been read of the archive: nobody knows its number of files.</summary>
    private void ShowProgress()
    {
        const double MiB = 1 << 20;
        lock (_lock)
        {
            _files++;
            int cases = _counts.Values.Sum(counts => counts.Sum());
            _progress.Tell(
                "conformance", _archive.ReadBytes / MiB, _archive.AllBytes / MiB, "MiB",
                $"{_files} files, {cases} cases, {_failures.Count} failed");
        }
    }

    private int Report()
    {
        int[] total = new int[3];
        foreach (((string suite, string fork), int[] counts) in _counts)
        {
            Console.WriteLine(
                $"{suite} {fork} {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped");
            for (int i = 0; i < total.Length; i++)
            {
                total[i] += counts[i];
            }
        }
        _failures.Sort(StringComparer.Ordinal);
        foreach (string failure in _failures.Take(MostFailuresShown))
        {
            Console.WriteLine(failure);
        }
        if (_failures.Count > MostFailuresShown)
        {
            Console.WriteLine($"… and {_failures.Count - MostFailuresShown} more");
        }
        ReportUnread();
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(
            $"{_watch.Elapsed.TotalSeconds:F0} s, processor time "
            + $"{process.TotalProcessorTime.TotalSeconds:F0} s, peak memory "
            + $"{process.PeakWorkingSet64 >> 20} MB");
        Console.WriteLine($"{total[0]} passed, {total[1]} failed, {total[2]} skipped");
        return total[1];
    }

    private void ReportUnread()
    {
        if (options.Suite is not null || _unread.Count == 0)
        {
            return;
        }
        string[] shown = [.. _unread.Select(entry => $"{entry.Key} ({entry.Value})")];
        Console.WriteLine($"{_unread.Values.Sum()} files that no suite reads:");
        foreach (string line in shown.Take(MostUnreadShown))
        {
            Console.WriteLine($"    {line}");
        }
        if (shown.Length > MostUnreadShown)
        {
            Console.WriteLine($"    … and {shown.Length - MostUnreadShown} more folders");
        }
    }
}
