// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The validators and their weights
/// @notice Written by genesis, in the order of the addresses. Joining, leaving and slashing come
/// with staking; until then the set stands.
contract ValidatorSet {
    /// @param account signs votes and proposals
    /// @param weight of its votes
    /// @param node host:port for its peers, or empty
    struct Validator {
        address account;
        uint64 weight;
        string node;
    }

    Validator[] private _validators; // slot 0

    function count() external view returns (uint256) {
        return _validators.length;
    }

    function validator(uint256 index) external view returns (Validator memory) {
        return _validators[index];
    }

    function validators() external view returns (Validator[] memory) {
        return _validators;
    }

    function totalWeight() external view returns (uint256 total) {
        for (uint256 i = 0; i < _validators.length; i++) total += _validators[i].weight;
    }
}
