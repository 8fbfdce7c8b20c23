// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AT_RULES, AT_TIMELOCK} from "./IGovernance.sol";

/// @title The network's own money
/// @notice Anyone may pay in. A vote may spend it, through the timelock, and a rule may within the
/// budget it was adopted with, through the RuleBook, which debits the budget first.
contract Treasury {
    address public constant TIMELOCK = AT_TIMELOCK;
    address public constant RULE_BOOK = AT_RULES;
    /// @notice What a payee gets to run on: enough for a contract's receive function.
    uint256 public constant PAYMENT_GAS = 50_000;

    /// @notice Money came in.
    event Received(address indexed from, uint256 amount);
    /// @notice Money went out.
    event Paid(address indexed to, uint256 amount, address indexed by);

    /// @notice Neither a vote nor a rule asked for the payment.
    error NotAllowed(address caller);
    /// @notice The payee did not take it, or there is not as much.
    error NotPaid(address to, uint256 amount);

    receive() external payable {
        emit Received(msg.sender, msg.value);
    }

    /// @notice Pays, or reverts.
    /// @param to the payee
    /// @param amount wei
    function pay(address to, uint256 amount) external {
        if (msg.sender != TIMELOCK && msg.sender != RULE_BOOK) revert NotAllowed(msg.sender);
        if (amount > address(this).balance) revert NotPaid(to, amount);
        bool done;
        // No return data is copied: a payee can't make the payer pay for memory.
        assembly {
            done := call(PAYMENT_GAS, to, amount, 0, 0, 0, 0)
        }
        if (!done) revert NotPaid(to, amount);
        emit Paid(to, amount, msg.sender);
    }
}
