// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AT_RULES, AT_TREASURY} from "./IGovernance.sol";

/// @title Who calls in a rule's name
/// @notice An account without any privilege: it owns nothing, has no role, and holds money for the
/// length of one call. What a rule calls sees this address, and can't tell by it more than that a
/// rule called.
contract RuleExecutor {
    address public constant RULE_BOOK = AT_RULES;
    address payable public constant TREASURY = payable(AT_TREASURY);

    /// @notice Someone other than the RuleBook called.
    error NotRuleBook(address caller);
    /// @notice What a failed call did not take could not be given back.
    error NotReturned();

    receive() external payable {}

    /// @notice One call with a cap on gas; its return data is not read. What it did not take of the
    /// value goes back to the Treasury.
    /// @param target whom to call
    /// @param value wei, already here
    /// @param gasCap gas of the call
    /// @param data calldata
    /// @return success whether the call did not revert
    function execute(address target, uint256 value, uint256 gasCap, bytes calldata data)
        external
        returns (bool success)
    {
        if (msg.sender != RULE_BOOK) revert NotRuleBook(msg.sender);
        bytes memory input = data;
        assembly {
            success := call(gasCap, target, value, add(input, 32), mload(input), 0, 0)
        }
        uint256 left = address(this).balance;
        if (left == 0) return success;
        (bool returned,) = TREASURY.call{value: left}("");
        if (!returned) revert NotReturned();
    }
}
