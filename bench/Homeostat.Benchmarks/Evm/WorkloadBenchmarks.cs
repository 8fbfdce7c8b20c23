using System.Globalization;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Homeostat.Evm;
using Perfolizer.Horology;

namespace Homeostat.Benchmarks.Evm;

/// <summary>
/// The fixtures' workloads under BenchmarkDotNet, with bytes allocated and Mgas/s. A call runs on
/// a prepared state and is undone within the measurement, so that all calls are the same.
/// </summary>
public class WorkloadBenchmarks
{
    private static string _folder = "";

    private readonly EvmEngine _engine = new();
    private FixtureBench.Workload? _workload;
    private MemoryWorld _world = new();

    [ParamsSource(nameof(Names))]
    public string Name { get; set; } = "";

    public static IEnumerable<string> Names =>
        FixtureBench.Load(_folder).Select(workload => Label(workload.Name)).Distinct();

    /// <summary>The number of benchmarks that failed to run.</summary>
    public static int Run(string folder)
    {
        _folder = folder;
        IConfig config = ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(Job.ShortRun
                .WithIterationTime(TimeInterval.Millisecond * 100)
                .WithToolchain(InProcessNoEmitToolchain.Instance)
                .WithClock(new ThreadProcessorClock()))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumn(new GasColumn());
        Summary summary = BenchmarkRunner.Run<WorkloadBenchmarks>(config);
        return summary.Reports.Count(report => !report.Success);
    }

    [GlobalSetup]
    public void Prepare()
    {
        _workload = FixtureBench.Load(_folder).First(item => Label(item.Name) == Name);
        _world = _workload.Prepare(_engine);
    }

    [Benchmark]
    public ulong Call()
    {
        int before = _world.Snapshot();
        CallResult result = _engine.Execute(Contexts.Latest(_world), _workload!.Message);
        _world.Revert(before);
        return _workload.Message.Gas - result.GasLeft;
    }

    private static string Label(string name) => name.Replace('\t', ' ');

    /// <summary>The call's gas over its mean time.</summary>
    private sealed class GasColumn : IColumn
    {
        public string Id => "Mgas";

        public string ColumnName => "Mgas/s";

        public bool AlwaysShow => true;

        public ColumnCategory Category => ColumnCategory.Custom;

        public int PriorityInCategory => 0;

        public bool IsNumeric => true;

        public UnitType UnitType => UnitType.Dimensionless;

        public string Legend => "millions of gas a second";

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
        {
            if (summary[benchmarkCase]?.ResultStatistics is not { } statistics)
            {
                return "-";
            }
            var benchmark = new WorkloadBenchmarks
            {
                Name = (string)benchmarkCase.Parameters[nameof(Name)],
            };
            benchmark.Prepare();
            double perSecond = benchmark.Call() * 1_000.0 / statistics.Mean;
            return perSecond.ToString("F0", CultureInfo.InvariantCulture);
        }

        public string GetValue(
            Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
            GetValue(summary, benchmarkCase);

        public bool IsAvailable(Summary summary) => true;

        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
    }
}
