using Homeostat.Node.Logging;

namespace Homeostat.Node.Supervision;

/// <summary>What `up` was asked for.</summary>
internal sealed record UpOptions
{
    /// <summary>Node i's HTTP port is the first plus this times i.</summary>
    public const int HttpPortStep = 10;

    /// <summary>More processes than this on one machine measure the machine.</summary>
    public const int MostValidators = 64;

    /// <summary>Null: as many as the data folder holds, else four.</summary>
    public required int? Validators { get; init; }

    public required string DataDir { get; init; }

    public required int HttpPort { get; init; }

    public required int P2pPort { get; init; }

    public required ulong GasCap { get; init; }

    public required bool Json { get; init; }

    public required bool Restart { get; init; }

    public required LogVerbosity LogLevel { get; init; }

    public int HttpPortOf(int index) => HttpPort + (HttpPortStep * index);

    public int P2pPortOf(int index) => P2pPort + index;
}

/// <summary>`up` can't start; the message says why and what to do.</summary>
internal sealed class UpException(string message) : Exception(message);
