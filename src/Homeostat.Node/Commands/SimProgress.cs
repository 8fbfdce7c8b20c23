using System.Globalization;
using Homeostat.Node.Progress;
using Homeostat.Simulator;

namespace Homeostat.Node.Commands;

/// <summary>
/// What a person sees of a running simulation: each seed of a few, a line every so often of many,
/// and a failure at once.
/// </summary>
internal sealed class SimProgress(int all, ProgressLines lines, TextWriter output)
{
    /// <summary>Up to this many seeds have a line of their own.</summary>
    private const int Few = 20;

    private int _done;
    private int _failed;

    /// <summary>A seed has ended. Not by two threads at once.</summary>
    public void Tell(SeedResult seed)
    {
        _done++;
        _failed += seed.Passed ? 0 : 1;
        if (all <= Few || !seed.Passed)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"seed {seed.Seed}: {(seed.Passed ? "passed" : "FAILED")}, digest "
                + $"{seed.Digest:x16}, {seed.FinalizedHeight} blocks, {seed.Transactions} "
                + $"transactions, {seed.Events} events, recovered in {seed.RecoveryMs} ms"));
        }
        if (all > Few)
        {
            lines.Tell("simulating", _done, all, "seeds", $"{_failed} failed");
        }
    }
}
