namespace Homeostat.Node.Chaos;

/// <summary>What `chaos` was asked for.</summary>
internal sealed record ChaosOptions
{
    public required double Minutes { get; init; }

    public required int Validators { get; init; }

    /// <summary>Transfers a second, over all nodes.</summary>
    public required int Rate { get; init; }

    /// <summary>Draws the order of the faults and whom they hit.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Where namespaces can't be had: RPC of validator i + 10·i, peers 1 above.</summary>
    public required int Port { get; init; }

    /// <summary>Only faults whose names contain this; empty: all.</summary>
    public required string Only { get; init; }

    public required bool Json { get; init; }

    /// <summary>RPC and peers, where every node has an address of its own.</summary>
    public const int NamespacedRpcPort = 8545;

    public const int NamespacedPeerPort = 30303;
}

/// <summary>It can't be done here, with what to do about it.</summary>
internal sealed class ChaosException(string message) : Exception(message);
