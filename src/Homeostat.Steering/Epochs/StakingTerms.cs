using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// The terms of validators' stakes as genesis writes them into the ValidatorSet predeploy; all but
/// the epoch's length can be changed by governance (contracts/src/ValidatorSet.sol).
/// </summary>
public sealed record StakingTerms
{
    /// <summary>The longest epoch: presence is counted in 16 bits.</summary>
    public const ulong LongestEpoch = ushort.MaxValue;

    /// <summary>
    /// Blocks of one epoch, over which validators, leader policy and timeouts stand: at least 4, 0
    /// for one epoch without end. The default is a quarter of an hour of busy blocks.
    /// </summary>
    public ulong EpochBlocks { get; init; } = 4_096;

    /// <summary>Only those may bond whom governance admits.</summary>
    public bool Permissioned { get; init; }

    /// <summary>Epochs from leaving to withdrawal; by default three days of busy blocks.</summary>
    public ulong UnbondingEpochs { get; init; } = 256;

    /// <summary>
    /// Epochs after which a vote is no evidence any more: at least two fewer than to unbond.
    /// </summary>
    public ulong EvidenceEpochs { get; init; } = 192;

    /// <summary>Epochs in jail for absence.</summary>
    public ulong JailEpochs { get; init; } = 4;

    /// <summary>Wei of one unit of weight, and the least stake: one coin.</summary>
    public UInt256 WeightUnit { get; init; } = 1_000_000_000_000_000_000;

    /// <summary>Ten-thousandths of a stake that are lost to evidence.</summary>
    public ulong SlashShare { get; init; } = 2_000;

    /// <summary>Ten-thousandths of what is lost that go to whoever brought the evidence.</summary>
    public ulong ReporterShare { get; init; } = 500;

    /// <summary>
    /// Ten-thousandths of all weight that may sit in jail at one time, at most a third. Who is
    /// absent counts among the faulty; but while so much honest weight is in jail, the network
    /// bears faulty ones of a third of the rest only. What costs nothing of that may sit there
    /// besides (docs/spec/consensus.md, "Validator set").
    /// </summary>
    public ulong JailShare { get; init; } = 1_000;

    /// <summary>
    /// Ratified most weight of one validator, ten-thousandths of all: below a third, so that none
    /// alone can stop the others.
    /// </summary>
    public ulong WeightCap { get; init; } = 3_300;

    /// <summary>
    /// Ratified share of an epoch's blocks, ten-thousandths, below which a validator is absent and
    /// is jailed; 0: nobody is.
    /// </summary>
    public ulong Presence { get; init; } = 1_000;

    /// <summary>Why no network can be run on these terms, or null.</summary>
    public string? Check()
    {
        if (EpochBlocks is (> 0 and < 4) or > LongestEpoch)
        {
            return $"epochBlocks is {EpochBlocks}, not 0 or from 4 to {LongestEpoch}";
        }
        if (EvidenceEpochs > UnbondingEpochs || UnbondingEpochs - EvidenceEpochs < 2
            || UnbondingEpochs > uint.MaxValue || JailEpochs > uint.MaxValue)
        {
            return "evidenceEpochs must be at least 2 fewer than unbondingEpochs, below 2^32";
        }
        if (WeightUnit.IsZero || WeightUnit > UInt256.MaxValue >> 144)
        {
            return "weightUnit is 0 or above 2^112 wei";
        }
        if (JailShare > 3_333)
        {
            return $"jailShare is {JailShare}, above 3333: a third of the weight";
        }
        return SlashShare > 10_000 || ReporterShare > 10_000 || Presence > 10_000
            || WeightCap is < 100 or > 10_000
            ? "slashShare, reporterShare, presence and weightCap (at least 100) are "
                + "ten-thousandths, at most 10000"
            : null;
    }
}
