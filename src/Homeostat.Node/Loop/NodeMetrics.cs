using System.Diagnostics.Metrics;

namespace Homeostat.Node.Loop;

/// <summary>The instruments of a running node; read by <see cref="Metrics.MetricsPage"/>.</summary>
internal sealed class NodeMetrics : IDisposable
{
    public const string MeterName = "Homeostat.Node";

    private readonly Meter _meter = new(MeterName);

    public NodeMetrics()
    {
        StepSeconds = _meter.CreateHistogram<double>(
            "homeostat_step_seconds", "s", "Time the replica takes for one input");
        WorkSeconds = _meter.CreateHistogram<double>(
            "homeostat_work_seconds", "s", "Time of one work on a worker thread");
        CommitSeconds = _meter.CreateHistogram<double>(
            "homeostat_commit_seconds", "s", "Time of one group commit, fsync included");
        CommitBatches = _meter.CreateCounter<long>(
            "homeostat_commit_batches_total", null, "Batches committed");
        Blocks = _meter.CreateCounter<long>("homeostat_blocks_total", null, "Finalized blocks");
        BlockBytes = _meter.CreateCounter<long>(
            "homeostat_block_bytes_total", "By", "Encoded bytes of finalized blocks");
        Refusals = _meter.CreateCounter<long>(
            "homeostat_submissions_refused_total", null, "Transactions refused at submission");
    }

    public Histogram<double> StepSeconds { get; }

    public Histogram<double> WorkSeconds { get; }

    public Histogram<double> CommitSeconds { get; }

    public Counter<long> CommitBatches { get; }

    public Counter<long> Blocks { get; }

    public Counter<long> BlockBytes { get; }

    public Counter<long> Refusals { get; }

    /// <summary>A value that is read when somebody looks.</summary>
    public void AddGauge(string name, string description, Func<double> read) =>
        _meter.CreateObservableGauge(name, read, null, description);

    public void Dispose() => _meter.Dispose();
}
