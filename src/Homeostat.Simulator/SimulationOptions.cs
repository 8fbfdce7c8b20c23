using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>What to simulate; all that a seed needs to give the same run again.</summary>
public sealed record SimulationOptions
{
    /// <summary>Runs, with the seeds <see cref="SeedBase"/> and up.</summary>
    public int Seeds { get; init; } = 1;

    public ulong SeedBase { get; init; } = 1;

    public int Validators { get; init; } = 4;

    /// <summary>Seeds run at the same time; no seed's result depends on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Virtual time with faults, before the healing.</summary>
    public int FaultSeconds { get; init; } = 20;

    /// <summary>Transactions a second, each given to a random node.</summary>
    public int TransactionsPerSecond { get; init; } = 20;

    public SimulationOptions Validate()
    {
        Invariant.Require(Seeds > 0);
        Invariant.Require(Validators is >= 1 and <= 64);
        Invariant.Require(Threads is >= 1 and <= 1_024);
        Invariant.Require(FaultSeconds is >= 0 and <= 1_000_000);
        Invariant.Require(TransactionsPerSecond is >= 0 and <= 100_000);
        return this;
    }
}
