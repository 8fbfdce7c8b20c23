// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from
    "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorStorage} from "@openzeppelin/contracts/governance/extensions/GovernorStorage.sol";
import {GovernorTimelockControl} from
    "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from
    "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {
    IDryRuns,
    AT_CONSTITUTION,
    AT_DRY_RUNS,
    AT_OPTIMISTIC,
    AT_TIMELOCK,
    AT_VOTES
} from "./IGovernance.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

/// @title The vote of bonded stake
/// @notice OpenZeppelin's Governor over StakeVotes and the TimelockController that owns everything
/// privileged. Its additions are the guardian, who may cancel a proposal until its term ends, and can
/// neither lengthen the term nor cancel a proposal that only ends it; and that what has privileged
/// effects is queued only after validators have attested a dry run of it.
/// @dev Genesis runs the constructor, so code and storage are the ones a deployment would have.
contract HomeostatGovernor is
    Governor,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotes,
    GovernorVotesQuorumFraction,
    GovernorTimelockControl,
    GovernorStorage
{
    /// @notice Settings of genesis.
    /// @param votingDelay seconds from a proposal to its snapshot
    /// @param votingPeriod seconds of voting
    /// @param proposalThreshold votes it takes to propose, wei of stake
    /// @param quorumPercent of all votes that must take part, for or abstaining
    /// @param guardian may cancel; zero: nobody
    /// @param guardianExpiry unix seconds from which it may not
    struct Settings {
        uint48 votingDelay;
        uint32 votingPeriod;
        uint256 proposalThreshold;
        uint256 quorumPercent;
        address guardian;
        uint64 guardianExpiry;
    }

    /// @notice Where objections become votes (OptimisticProposals.sol).
    address public constant OPTIMISTIC = AT_OPTIMISTIC;
    /// @notice Whose attested dry runs let proposals into the timelock (DryRuns.sol).
    IDryRuns public constant DRY_RUNS = IDryRuns(AT_DRY_RUNS);
    /// @notice May cancel proposals before `guardianExpiry`.
    address public guardian;
    /// @notice Unix seconds at which the guardian's power ends.
    uint64 public guardianExpiry;

    /// @notice The guardian's term was ended by a vote.
    event GuardianDismissed(address guardian);

    /// @notice No dry run of the proposal has been attested and passed (DryRuns.request).
    error DryRunMissing(uint256 proposalId);

    /// @param settings see `Settings`
    constructor(Settings memory settings)
        Governor("Homeostat governor")
        GovernorSettings(settings.votingDelay, settings.votingPeriod, settings.proposalThreshold)
        GovernorVotes(IVotes(AT_VOTES))
        GovernorVotesQuorumFraction(settings.quorumPercent)
        GovernorTimelockControl(TimelockController(payable(AT_TIMELOCK)))
    {
        (guardian, guardianExpiry) = (settings.guardian, settings.guardianExpiry);
    }

    /// @notice Ends the guardian's term, by vote. Nobody can name another or lengthen a term.
    function dismissGuardian() external onlyGovernance {
        emit GuardianDismissed(guardian);
        guardian = address(0);
    }

    /// @inheritdoc GovernorTimelockControl
    function state(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        return super.state(proposalId);
    }

    /// @inheritdoc GovernorTimelockControl
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    /// @inheritdoc GovernorSettings
    function proposalThreshold()
        public
        view
        override(Governor, GovernorSettings)
        returns (uint256)
    {
        // An objection calls a vote whatever stake stands behind the contract that carries it.
        return msg.sender == OPTIMISTIC ? 0 : super.proposalThreshold();
    }

    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override(Governor, GovernorStorage) returns (uint256) {
        return super._propose(targets, values, calldatas, description, proposer);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        if (!_restores(targets, calldatas) && !DRY_RUNS.mayQueue(proposalId, targets, calldatas)) {
            revert DryRunMissing(proposalId);
        }
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    /// @dev Whether all that is done is to put predeploys back to genesis' code, which lies at their
    /// addresses + 0x1000. No dry run is asked for that: what broke may be what dry runs need.
    function _restores(address[] memory targets, bytes[] memory calldatas)
        private
        pure
        returns (bool)
    {
        for (uint256 i = 0; i < targets.length; i++) {
            if (uint160(targets[i]) >> 16 != 0x484f) return false;
            bytes memory call = abi.encodeWithSignature(
                "upgradeToAndCall(address,bytes)", address(uint160(targets[i]) + 0x1000), ""
            );
            if (keccak256(call) != keccak256(calldatas[i])) return false;
        }
        return true;
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    /// @dev What the timelock calls in the governor's name comes from the timelock.
    function _executor()
        internal
        view
        override(Governor, GovernorTimelockControl)
        returns (address)
    {
        return super._executor();
    }

    /// @dev The proposer while it is pending, as in any Governor; the guardian until its term ends.
    function _validateCancel(uint256 proposalId, address caller)
        internal
        view
        override
        returns (bool)
    {
        bool isGuardian = caller == guardian && block.timestamp < guardianExpiry;
        return super._validateCancel(proposalId, caller)
            || (isGuardian && !_onlyDismisses(proposalId));
    }

    /// @dev A proposal that does nothing but end a guardian's term, here or in the Constitution.
    /// One that does more can be cancelled, so that nothing hides behind the dismissal.
    function _onlyDismisses(uint256 proposalId) private view returns (bool) {
        (address[] memory targets,, bytes[] memory calldatas,) = proposalDetails(proposalId);
        for (uint256 i = 0; i < targets.length; i++) {
            bool isKnown = targets[i] == address(this) || targets[i] == AT_CONSTITUTION;
            bool isDismissal = calldatas[i].length == 4
                && bytes4(calldatas[i]) == this.dismissGuardian.selector;
            if (!isKnown || !isDismissal) return false;
        }
        return true;
    }
}
