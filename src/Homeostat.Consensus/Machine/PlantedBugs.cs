namespace Homeostat.Consensus;

/// <summary>
/// Faults a test plants to show that the simulation would find them (issue 4, point 2). Nothing
/// but a test constructs any but <see cref="None"/>.
/// </summary>
internal sealed record PlantedBugs
{
    public static readonly PlantedBugs None = new();

    /// <summary>Votes leave without being written, and nothing is found after a crash.</summary>
    public bool NoJournal { get; init; }

    /// <summary>One unit of weight less than a quorum counts as one.</summary>
    public bool QuorumOffByOne { get; init; }

    /// <summary>A finalize vote in a view this validator nullified.</summary>
    public bool FinalizeAfterNullify { get; init; }

    /// <summary>Certificates are believed unread.</summary>
    public bool UncheckedCertificate { get; init; }

    /// <summary>A proposal's parent may skip views that were not nullified.</summary>
    public bool UncheckedParent { get; init; }

    /// <summary>The body of the block voted for is not in the journal.</summary>
    public bool BodyNotStored { get; init; }

    /// <summary>An epoch's last block counts as final once it is found valid.</summary>
    public bool EpochFromUnfinalized { get; init; }
}
