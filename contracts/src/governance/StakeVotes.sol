// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Votes of bonded stake, with delegation
/// @notice One wei of bonded stake is one vote. The ValidatorSet moves stake; nobody can transfer a
/// vote, and what is not bonded does not vote. An account votes for itself until it delegates.
/// Reads as an ERC-20 that can't be moved, so that governance tools show it.
/// @dev Time is seconds (ERC-6372 "mode=timestamp"), because loops move the block interval: a period
/// in blocks would grow and shrink with it. Blocks of one second share a timepoint, and a vote counts
/// as it stood when that second was over.
contract StakeVotes is Votes {
    /// @notice The only account that may move stake.
    address public constant VALIDATORS = address(0x484f0004);

    mapping(address account => uint256 amount) private _stakes;

    /// @notice Stake was moved from someone other than the ValidatorSet.
    error NotValidatorSet(address caller);
    /// @notice More stake was taken than the account has.
    error TooMuchStake(address account, uint256 has, uint256 asked);

    /// @notice The shape of an ERC-20 transfer, so that indexers follow stake.
    event Transfer(address indexed from, address indexed to, uint256 amount);

    /// @param accounts who has bonded at genesis
    /// @param amounts their stake in wei
    /// @param delegates whom each starts delegating to; zero is itself
    constructor(address[] memory accounts, uint256[] memory amounts, address[] memory delegates)
        EIP712("Homeostat stake votes", "1")
    {
        for (uint256 i = 0; i < accounts.length; i++) {
            if (delegates[i] != address(0)) _delegate(accounts[i], delegates[i]);
            _move(address(0), accounts[i], amounts[i]);
        }
    }

    /// @notice Follows a move of bonded stake.
    /// @param from whose stake it was; zero when it is bonded anew
    /// @param to whose it is now; zero when it is unbonded or slashed
    /// @param amount in wei
    function moveStake(address from, address to, uint256 amount) external {
        if (msg.sender != VALIDATORS) revert NotValidatorSet(msg.sender);
        _move(from, to, amount);
    }

    /// @notice Bonded stake of an account, in wei.
    function balanceOf(address account) external view returns (uint256) {
        return _stakes[account];
    }

    /// @notice All bonded stake, in wei.
    function totalSupply() external view returns (uint256) {
        return _getTotalSupply();
    }

    /// @notice For governance tools.
    function name() external pure returns (string memory) {
        return "Homeostat stake votes";
    }

    /// @notice For governance tools.
    function symbol() external pure returns (string memory) {
        return "vSTAKE";
    }

    /// @notice For governance tools.
    function decimals() external pure returns (uint8) {
        return 18;
    }

    /// @inheritdoc Votes
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @inheritdoc Votes
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _move(address from, address to, uint256 amount) private {
        if (from != address(0)) {
            uint256 has = _stakes[from];
            if (has < amount) revert TooMuchStake(from, has, amount);
            _stakes[from] = has - amount;
        }
        if (to != address(0)) {
            // Before the stake arrives: delegating moves what was there, the transfer what comes.
            if (delegates(to) == address(0)) _delegate(to, to);
            _stakes[to] += amount;
        }
        _transferVotingUnits(from, to, amount);
        emit Transfer(from, to, amount);
    }

    function _getVotingUnits(address account) internal view override returns (uint256) {
        return _stakes[account];
    }
}
