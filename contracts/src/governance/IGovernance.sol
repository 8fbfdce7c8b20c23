// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

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
}

/// @notice What Steering asks of the RuleBook, once a block.
interface IRuleBook {
    /// @notice Records the block and carries out at most one rule.
    /// @param intervalMs from the parent to this block
    /// @param demandGas gas of the parent that burned base fee
    /// @param baseFee of the parent, wei
    /// @param estimators Steering's word of means and readings
    function run(uint64 intervalMs, uint64 demandGas, uint64 baseFee, bytes32 estimators)
        external
        returns (Firing memory);
}
