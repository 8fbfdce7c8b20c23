using Homeostat.Evm;

namespace Homeostat.Conformance;

internal enum CaseOutcome
{
    Passed,
    Failed,
    Skipped,
}

/// <summary>
/// One case: which fork ("-" where there is none), how it ended, the first difference.
/// </summary>
internal sealed record CaseResult(string Fork, string Name, CaseOutcome Outcome, string Detail = "")
{
    public static CaseResult Pass(string fork, string name) =>
        new(fork, name, CaseOutcome.Passed);

    public static CaseResult Fail(string fork, string name, string detail) =>
        new(fork, name, CaseOutcome.Failed, detail);

    /// <summary>Passed when the detail is null.</summary>
    public static CaseResult Of(string fork, string name, string? detail) =>
        detail is null ? Pass(fork, name) : Fail(fork, name, detail);
}

/// <summary>What a suite runs with; each worker has its own.</summary>
internal sealed class SuiteContext(IEvmEngine engine, Options options, SkipList skips, string suite)
{
    public IEvmEngine Engine { get; } = engine;

    public ITracer? Tracer { get; } =
        options.Trace ? new TraceWriter(Console.Out) : null;

    /// <summary>False when a case is filtered out; a suite asks before it runs one.</summary>
    public bool Wants(FixtureFile file, string name, string fork) =>
        (options.Fork is null || fork.Equals(options.Fork, StringComparison.OrdinalIgnoreCase))
        && (options.Filter is null
            || $"{file.Path} {name}".Contains(options.Filter, StringComparison.Ordinal));

    /// <summary>The reason a case is on the skip list; null when it is not.</summary>
    public string? SkipReason(FixtureFile file, string name) =>
        skips.ReasonFor(suite, $"{file.Path} {name}");
}

/// <summary>
/// A kind of official vectors. One object serves all workers, so it keeps no state.
/// </summary>
internal interface ISuite
{
    string Name { get; }

    /// <summary>By the file's path alone.</summary>
    bool Accepts(string path);

    IEnumerable<CaseResult> Run(FixtureFile file, SuiteContext context);

    /// <summary>
    /// After all files, by one thread: for a suite whose cases need several files together.
    /// </summary>
    IEnumerable<CaseResult> Finish(SuiteContext context) => [];
}
