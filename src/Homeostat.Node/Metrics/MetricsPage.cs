using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Homeostat.Node.Metrics;

/// <summary>
/// The Prometheus text exposition (version 0.0.4) of every instrument of the meters whose names
/// begin with "Homeostat", and of the process. Fed by a <see cref="MeterListener"/>.
/// </summary>
internal sealed class MetricsPage : IDisposable
{
    /// <summary>What the page is served as.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly double[] Bounds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

    private static readonly ConcurrentDictionary<(string Key, string Value), string> Known = new();

    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly MeterListener _listener = new();

    public MetricsPage()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Homeostat", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>(
            (instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>(
            (instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>The page as of now.</summary>
    public string Render()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        lock (_lock)
        {
            foreach ((string name, Family family) in _families)
            {
                family.Render(name, text);
            }
        }
        Process(text);
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private static void Process(StringBuilder text)
    {
        Gauge("process_resident_memory_bytes", Environment.WorkingSet);
        Gauge("dotnet_gc_heap_bytes", GC.GetTotalMemory(false));
        Gauge("dotnet_gc_pause_seconds_total", GC.GetTotalPauseDuration().TotalSeconds);
        Gauge("process_cpu_seconds_total", Environment.CpuUsage.TotalTime.TotalSeconds);
        Gauge("dotnet_threadpool_threads", ThreadPool.ThreadCount);
        Gauge("dotnet_threadpool_queue", ThreadPool.PendingWorkItemCount);
        void Gauge(string name, double value) => text.Append(
            CultureInfo.InvariantCulture, $"# TYPE {name} gauge\n{name} {value}\n");
    }

    private void Take(
        Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = Labels(tags);
        lock (_lock)
        {
            if (!_families.TryGetValue(instrument.Name, out Family? family))
            {
                family = new Family(instrument);
                _families.Add(instrument.Name, family);
            }
            family.Take(labels, value);
        }
    }

    // A label of one fixed text is by far the most frequent: it is written once.
    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        tags.Length switch
        {
            0 => "",
            1 when tags[0].Value is string value => Known.GetOrAdd(
                (tags[0].Key, value),
                static pair => WriteLabels([new(pair.Key, pair.Value)])),
            _ => WriteLabels(tags),
        };

    private static string WriteLabels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach ((string key, object? value) in tags)
        {
            string escaped = $"{value}".Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(text.Length == 0 ? "" : ",").Append(key).Append("=\"").Append(escaped)
                .Append('"');
        }
        return text.ToString();
    }

    private sealed class Family(Instrument instrument)
    {
        private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);

        private readonly string _type = instrument switch
        {
            Histogram<double> => "histogram",
            Counter<long> or Counter<double> => "counter",
            _ => "gauge",
        };

        public void Take(string labels, double value)
        {
            if (!_series.TryGetValue(labels, out Series? series))
            {
                series = new Series();
                _series.Add(labels, series);
            }
            series.Count++;
            series.Sum = _type == "gauge" ? value : series.Sum + value;
            if (_type == "histogram")
            {
                int bucket = Array.FindIndex(Bounds, bound => value <= bound);
                series.Buckets[bucket < 0 ? Bounds.Length : bucket]++;
            }
        }

        public void Render(string name, StringBuilder text)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"# HELP {name} {instrument.Description}\n# TYPE {name} {_type}\n");
            foreach ((string labels, Series series) in _series)
            {
                if (_type == "histogram")
                {
                    RenderHistogram(name, labels, series, text);
                }
                else
                {
                    string braces = labels.Length == 0 ? "" : $"{{{labels}}}";
                    text.Append(CultureInfo.InvariantCulture, $"{name}{braces} {series.Sum}\n");
                }
            }
        }

        private static void RenderHistogram(
            string name, string labels, Series series, StringBuilder text)
        {
            string braces = labels.Length == 0 ? "" : $"{{{labels}}}";
            string comma = labels.Length == 0 ? "" : $"{labels},";
            long below = 0;
            for (int i = 0; i < Bounds.Length; i++)
            {
                below += series.Buckets[i];
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"{name}_bucket{{{comma}le=\"{Bounds[i]}\"}} {below}\n");
            }
            text.Append(
                CultureInfo.InvariantCulture,
                $"{name}_bucket{{{comma}le=\"+Inf\"}} {series.Count}\n"
                + $"{name}_sum{braces} {series.Sum}\n{name}_count{braces} {series.Count}\n");
        }
    }

    private sealed class Series
    {
        public long Count { get; set; }

        public double Sum { get; set; }

        public long[] Buckets { get; } = new long[Bounds.Length + 1];
    }
}
