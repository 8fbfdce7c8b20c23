using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>The dry run that validators are to compute (contracts/src/governance/DryRuns.sol).
/// </summary>
/// <param name="Subject">Number of the vote, or below 2^64 of the optimistic proposal.</param>
/// <param name="Height">Of the block whose state it is computed on.</param>
/// <param name="Calls">What the timelock would call.</param>
public sealed record DryRunRequest(
    UInt256 Subject, Height Height, IReadOnlyList<ProposedCall> Calls);

/// <summary>Where a proposal's dry run stands (DryRuns.sol, STATUS_*).</summary>
public enum DryRunStatus : byte
{
    None = 0,
    Open = 1,
    Passed = 2,
    Failed = 3,
}

/// <summary>A proposal's dry run as the contract keeps it.</summary>
/// <param name="Height">Of the block it is computed on.</param>
/// <param name="Digest">Of the result, once that is published.</param>
public readonly record struct DryRunEntry(
    Address Requester, DryRunStatus Status, Height Height, bool IsBonded, Hash256 Digest);

/// <summary>The DryRuns predeploy by its layout (docs/spec/governance.md, "Storage").</summary>
public static class DryRunStorage
{
    public const ulong SubjectSlot = 0;

    /// <summary>Height of the request, its epoch plus one, whether it is open.</summary>
    public const ulong RequestSlot = 1;

    public const ulong CallsSlot = 2;

    /// <summary>Mapping of proposals to their runs.</summary>
    public const ulong RunsSlot = 3;

    /// <summary>Blocks of an epoch of dry runs; 0: the validators' epochs.</summary>
    public const ulong EpochBlocksSlot = 5;

    /// <summary>Of the encoding of a proposal's calls (DryRuns.sol, MAXIMUM_CALL_BYTES).</summary>
    public const int MaximumCallBytes = 16_384;

    /// <summary>Height of the request under way, or null when there is none.</summary>
    public static Height? OpenAt(IStorageReader state)
    {
        UInt256 word = state.Read(PredeployAddresses.DryRuns, RequestSlot);
        return (word.U2 & 1) != 0 ? new Height(word.U0) : null;
    }

    /// <summary>The request under way, or null when there is none.</summary>
    public static DryRunRequest? Current(IStorageReader state) =>
        OpenAt(state) is { } height
            && StorageLayout.TryReadBytes(
                state, PredeployAddresses.DryRuns, CallsSlot, MaximumCallBytes, out byte[] encoded)
            && ProposedCall.DecodeList(encoded) is { } calls
            ? new DryRunRequest(
                state.Read(PredeployAddresses.DryRuns, SubjectSlot), height, calls)
            : null;

    /// <summary>The dry run of a proposal.</summary>
    public static DryRunEntry RunOf(IStorageReader state, in UInt256 subject)
    {
        UInt256 slot = StorageLayout.MappingSlot(subject, RunsSlot);
        UInt256 word = state.Read(PredeployAddresses.DryRuns, slot);
        return new DryRunEntry(
            Address.FromWord(word), (DryRunStatus)((word >> 160).U0 & 0xff),
            new Height((word >> 168).U0), ((word >> 232).U0 & 1) != 0,
            state.Read(PredeployAddresses.DryRuns, slot + UInt256.One).ToHash256());
    }

    /// <summary>Weight of the validators that attest the digest, and of all.</summary>
    public static (UInt128 Weight, UInt128 All) Attested(IStorageReader state, in Hash256 digest)
    {
        var steering = new SteeringStorage(state);
        (UInt128 weight, UInt128 all) = (0, 0);
        foreach (ValidatorEntry validator in ValidatorStorage.Read(state))
        {
            all += validator.Weight;
            weight += steering.Signals(validator.Address).Attestation == digest
                ? validator.Weight
                : 0;
        }
        return (weight, all);
    }
}
