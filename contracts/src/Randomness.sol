// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What each validator has committed to reveal next
/// @notice A validator's reveals are a chain of hashes told from its end: each is the preimage of the
/// one before. The block's seed mixes the leader's reveal into its parent's (docs/spec/ordering.md).
/// @dev Slot 0 is read and, at the end of each block with a reveal, written by the ledger: the new
/// commitment of the block's coinbase is what it revealed. Genesis writes the first ones.
contract Randomness {
    /// @notice Blocks until a new chain counts: nobody knows their seeds that far ahead.
    uint256 public constant DELAY_BLOCKS = 256;

    mapping(address => bytes32) public commitment; // slot 0

    struct Pending {
        bytes32 commitment;
        uint64 activeFrom;
    }

    mapping(address => Pending) public pending;

    event Committed(address indexed validator, bytes32 commitment, uint64 activeFrom);
    event Activated(address indexed validator, bytes32 commitment);

    error Zero();
    error TooEarly();

    /// @notice A new validator's first chain, or the next when one is used up or lost.
    function commit(bytes32 next) external {
        if (next == 0) revert Zero();
        uint64 from = uint64(block.number + DELAY_BLOCKS);
        pending[msg.sender] = Pending(next, from);
        emit Committed(msg.sender, next, from);
    }

    /// @notice Puts a validator's new chain in force once its time has come; anybody may.
    function activate(address validator) external {
        Pending memory next = pending[validator];
        if (next.commitment == 0 || block.number < next.activeFrom) revert TooEarly();
        commitment[validator] = next.commitment;
        delete pending[validator];
        emit Activated(validator, next.commitment);
    }
}
