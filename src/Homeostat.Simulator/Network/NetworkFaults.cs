namespace Homeostat.Simulator;

/// <summary>How bad the links are, all alike; chances are per mille of messages.</summary>
public sealed record NetworkFaults
{
    /// <summary>Shortest one-way delay: two processes on one machine.</summary>
    public long MinDelayUs { get; init; } = 200;

    /// <summary>Longest ordinary delay; uniform between the two, so messages overtake.</summary>
    public long MaxDelayUs { get; init; } = 5_000;

    public int LossPerMille { get; init; }

    public int DuplicatePerMille { get; init; }

    /// <summary>Messages that take <see cref="LongDelayUs"/> more.</summary>
    public int LatePerMille { get; init; }

    public long LongDelayUs { get; init; } = 300_000;

    /// <summary>A network with nothing but small delays.</summary>
    public static NetworkFaults None { get; } = new();
}
