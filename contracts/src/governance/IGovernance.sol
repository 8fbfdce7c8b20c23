// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// Where the predeploys that governance is made of lie.
address constant AT_STEERING = address(0x484f0001);
address constant AT_CONSTITUTION = address(0x484f0002);
address constant AT_MODELS = address(0x484f0003);
address constant AT_VALIDATORS = address(0x484f0004);
address constant AT_TIMELOCK = address(0x484f0020);
address constant AT_GOVERNOR = address(0x484f0021);
address constant AT_VOTES = address(0x484f0022);
address constant AT_RULES = address(0x484f0023);
address constant AT_EXECUTOR = address(0x484f0024);
address constant AT_TREASURY = address(0x484f0025);
address constant AT_OPTIMISTIC = address(0x484f0026);
address constant AT_DRY_RUNS = address(0x484f0028);

// The loop whose mode says what rules may do, and whose vector is how proposals are objected to.
bytes32 constant RULES_LOOP = "rules";

// Wei behind whatever is written down, proposed, objected to or requested.
uint256 constant GOVERNANCE_BOND = 1 ether;

// Shares are in ten-thousandths.
uint256 constant SHARE_BASIS = 10_000;

/// @notice One rule carried out, or one that could not be: what Steering records as a Decision.
/// @param rule the rule's hash; zero: nothing fired
/// @param loop whose vector it changed, or "rules"
/// @param inputsHash keccak256 of the ABI encoding of (rule, readings, proposal)
/// @param ruling RULING_*
/// @param refusal the Constitution's reason, 0 for none
/// @param failure FAILURE_* of the RuleBook, 0 for none
/// @param readings what the condition read, in the order of its reads
/// @param proposal the vector, or the action's words
/// @param inForce the vector in force from the next block on
/// @param scored the number of an earlier firing's Decision whose outcome is known now, plus one
/// @param firedAt height of that firing
/// @param before what its condition's first read gave when it fired
/// @param realised what the same read gives now
struct Firing {
    bytes32 rule;
    bytes32 loop;
    bytes32 inputsHash;
    uint8 ruling;
    uint16 refusal;
    uint16 failure;
    uint64[] readings;
    uint64[] proposal;
    uint64[] inForce;
    uint64 scored;
    uint64 firedAt;
    uint64 before;
    uint64 realised;
}

/// @notice What Steering asks of the RuleBook, once a block.
interface IRuleBook {
    /// @notice Records the block, evaluates the rules whose turn in the epoch it is and carries out
    /// at most one.
    /// @param intervalMs from the parent to this block
    /// @param demandGas gas of the parent that burned base fee
    /// @param baseFee of the parent, wei
    /// @param estimators Steering's word of means and readings
    /// @param decision number that the Decision of a firing in this block will have
    function run(
        uint64 intervalMs,
        uint64 demandGas,
        uint64 baseFee,
        bytes32 estimators,
        uint64 decision
    ) external returns (Firing memory);
}

/// @notice What the ways into the timelock ask of DryRuns.
interface IDryRuns {
    /// @notice Whether these calls may wait in the timelock: they need no dry run, or validators
    /// have attested one that passed.
    /// @param subject the vote's number, or the optimistic proposal's
    function mayQueue(uint256 subject, address[] calldata targets, bytes[] calldata calldatas)
        external
        view
        returns (bool);
}
