// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who may send, and who may deploy
/// @notice A network without gas prices has nothing else that keeps strangers out. Where a list is
/// in force only the accounts on it may send transactions, or deploy contracts, by themselves or
/// through a contract they call. Genesis says which lists are in force and who is on them;
/// governance changes both.
/// @dev Slot 0 and the mapping at slot 1 are read by every node from the parent's state
/// (docs/spec/ordering.md, "Allowlists").
contract Allowlists {
    /// @notice Bit of senders, in `lists` and in `allowed`.
    uint8 public constant SENDERS = 1;
    /// @notice Bit of deployers.
    uint8 public constant DEPLOYERS = 2;

    address public owner; // slot 0
    /// @notice Which lists are in force.
    uint8 public lists;
    /// @notice What an account is on, as bits.
    mapping(address account => uint256) public allowed; // slot 1

    event ListsChanged(uint8 lists);
    event AllowedChanged(address indexed account, uint8 allowed);

    error NotOwner();
    error UnknownBits();

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner();
        _;
    }

    /// @notice Puts lists in force or out of it, from the next block on.
    function setLists(uint8 bits) external onlyOwner {
        if (bits > SENDERS | DEPLOYERS) revert UnknownBits();
        lists = bits;
        emit ListsChanged(bits);
    }

    /// @notice Says what an account is on, from the next block on.
    function set(address account, uint8 bits) external onlyOwner {
        if (bits > SENDERS | DEPLOYERS) revert UnknownBits();
        allowed[account] = bits;
        emit AllowedChanged(account, bits);
    }
}
