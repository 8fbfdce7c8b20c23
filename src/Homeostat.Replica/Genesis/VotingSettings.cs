using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// How people govern a network (docs/spec/governance.md): what genesis gives the Governor and the
/// timelock, `config.homeostat.voting` of genesis.json. Votes change all of it later.
/// </summary>
/// <param name="DelaySeconds">From a proposal to the second whose stake votes on it.</param>
/// <param name="PeriodSeconds">Of voting, at least 1.</param>
/// <param name="TimelockSeconds">From a vote's success to its execution.</param>
/// <param name="ProposalThreshold">Votes it takes to propose, in wei of stake.</param>
/// <param name="QuorumPercent">Of all stake that must vote for or abstain, 1 to 100.</param>
/// <param name="VetoSeconds">For which optimistic proposals may be objected to.</param>
public sealed record VotingSettings(
    ulong DelaySeconds, ulong PeriodSeconds, ulong TimelockSeconds,
    UInt256 ProposalThreshold, ulong QuorumPercent, ulong VetoSeconds)
{
    /// <summary>Blocks of an epoch of dry runs, each of which has one at most; 0: the validators'
    /// epochs.</summary>
    public ulong DryRunBlocks { get; init; }

    /// <summary>Votes of one unit of a genesis validator's weight: 1 coin.</summary>
    public static readonly UInt256 StakeOfWeight = 1_000_000_000_000_000_000;

    /// <summary>
    /// A day's notice, three days of voting, two days to leave before what was voted for happens; a
    /// quorum at the turnout that votes of this kind see.
    /// </summary>
    public static readonly VotingSettings Default =
        new(86_400, 3 * 86_400, 2 * 86_400, StakeOfWeight, 20, 2 * 86_400);

    /// <summary>For one machine: a vote is over in a quarter of a minute.</summary>
    public static readonly VotingSettings Development =
        new(1, 12, 2, StakeOfWeight, 20, 100) { DryRunBlocks = 32 };

    /// <summary>What is wrong with them, or null.</summary>
    public string? Fault => this switch
    {
        { DelaySeconds: > 30 * 86_400 } => "voting.delaySeconds is over 30 days",
        { PeriodSeconds: 0 or > 90 * 86_400 } => "voting.periodSeconds is 0 or over 90 days",
        { TimelockSeconds: > 90 * 86_400 } => "voting.timelockSeconds is over 90 days",
        { QuorumPercent: 0 or > 100 } => "voting.quorumPercent is not within 1 and 100",
        { VetoSeconds: 0 or > 90 * 86_400 } => "voting.vetoSeconds is 0 or over 90 days",
        { DryRunBlocks: > 1 << 20 } => "voting.dryRunBlocks is over 1,048,576",
        _ => null,
    };
}
