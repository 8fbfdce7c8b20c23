using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Where the contracts of genesis live ("HO" and a number at the end of the address).
/// </summary>
public static class PredeployAddresses
{
    /// <summary>Where a proxy keeps whose code it runs (ERC-1967).</summary>
    public static readonly UInt256 ImplementationSlot = UInt256.FromHash256(new Hash256(
        "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"));

    /// <summary>Where genesis puts the code that a predeploy's proxy runs first.</summary>
    public static Address ImplementationOf(in Address predeploy) =>
        Address.FromWord(predeploy.ToWord() + 0x1000);

    /// <summary>Transaction 0's target; emits Decision and Outcome.</summary>
    public static readonly Address Steering = Address.FromNumber(0x484f0001);

    /// <summary>Bounds, modes and the vector in force.</summary>
    public static readonly Address Constitution = Address.FromNumber(0x484f0002);

    /// <summary>Models by hash and the champion of each loop.</summary>
    public static readonly Address ModelRegistry = Address.FromNumber(0x484f0003);

    /// <summary>Validators and their weights.</summary>
    public static readonly Address ValidatorSet = Address.FromNumber(0x484f0004);

    /// <summary>Inclusion fees until the validators share them.</summary>
    public static readonly Address FeePool = Address.FromNumber(0x484f0005);

    /// <summary>What each validator has committed to reveal next.</summary>
    public static readonly Address Randomness = Address.FromNumber(0x484f0006);

    /// <summary>Who may send, and who may deploy (contracts/src/Allowlists.sol).</summary>
    public static readonly Address Allowlists = Address.FromNumber(0x484f0007);

    // 0x484f0008 holds no contract: SealedCommitments.Target of the ledger.

    /// <summary>OpenZeppelin's TimelockController: owns everything privileged.</summary>
    public static readonly Address Timelock = Address.FromNumber(0x484f0020);

    /// <summary>The vote of bonded stake (contracts/src/governance).</summary>
    public static readonly Address Governor = Address.FromNumber(0x484f0021);

    /// <summary>Votes of bonded stake, with delegation.</summary>
    public static readonly Address StakeVotes = Address.FromNumber(0x484f0022);

    /// <summary>Standing rules, run by Steering once a block.</summary>
    public static readonly Address RuleBook = Address.FromNumber(0x484f0023);

    /// <summary>Calls in a rule's name, without any privilege.</summary>
    public static readonly Address RuleExecutor = Address.FromNumber(0x484f0024);

    /// <summary>The network's own money.</summary>
    public static readonly Address Treasury = Address.FromNumber(0x484f0025);

    /// <summary>Proposals that pass unless enough stake objects.</summary>
    public static readonly Address OptimisticProposals = Address.FromNumber(0x484f0026);

    /// <summary>Protocol revisions: which rules blocks follow, and from when on.</summary>
    public static readonly Address Revisions = Address.FromNumber(0x484f0027);

    /// <summary>Dry runs of proposals, attested before they may be queued.</summary>
    public static readonly Address DryRuns = Address.FromNumber(0x484f0028);

    /// <summary>
    /// No contract but a precompile: asks registered models (docs/spec/steering.md, "INFER").
    /// </summary>
    public static readonly Address Infer = Address.FromNumber(0x484f0100);

    /// <summary>
    /// Burns a share of the gas a replayed call used (contracts/src/GasBurner.sol).
    /// </summary>
    public static readonly Address GasBurner = Address.FromNumber(0x484f0010);
}
