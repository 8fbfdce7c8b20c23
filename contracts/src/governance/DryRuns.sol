// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {
    IDryRuns,
    AT_GOVERNOR,
    AT_OPTIMISTIC,
    AT_STEERING,
    AT_TREASURY,
    AT_VALIDATORS,
    GOVERNANCE_BOND
} from "./IGovernance.sol";

/// @notice What DryRuns reads of the Governor.
interface IProposals is IGovernor {
    /// @notice The calls of a proposal.
    function proposalDetails(uint256 proposalId)
        external
        view
        returns (address[] memory, uint256[] memory, bytes[] memory, bytes32);
}

/// @notice What DryRuns reads of OptimisticProposals.
interface IOptimistic {
    /// @notice As OptimisticProposals keeps it.
    struct Proposal {
        address proposer;
        uint8 kind;
        uint8 status;
        uint48 endsAt;
        uint48 snapshot;
        address objector;
        uint256 objections;
        uint256 vote;
        bytes arguments;
        string description;
    }

    /// @notice A proposal as it stands.
    function proposal(uint256 id) external view returns (Proposal memory);

    /// @notice The one call a proposal stands for.
    function callOf(uint8 kind, bytes memory arguments)
        external
        pure
        returns (address target, bytes memory data);
}

/// @notice What DryRuns asks of Steering.
interface IAttestations {
    /// @notice Weight of the validators whose last vote attests the digest, and of all.
    function attestationWeight(bytes32 digest) external view returns (uint256 weight, uint256 all);
}

/// @notice What DryRuns asks of the ValidatorSet.
interface IEpochs {
    /// @notice The epoch of the running block.
    function epoch() external view returns (uint64);

    /// @notice Blocks of an epoch; 0: the set of genesis stands for ever.
    function epochBlocks() external view returns (uint64);
}

/// @title Dry runs: what a proposal would do to steering, attested before it can bind
/// @notice Whoever wants a proposal with privileged effects to be carried out requests its dry run
/// under a bond. Every validator then replays the fee and steering rules over the recorded blocks
/// with and without the proposal, on the state of the request's block, and attests the digest of the
/// result in its votes. Once more than two thirds of the weight attest the same result, anyone may
/// publish it here; only where it passed does the proposal get into the timelock.
/// @dev One request an epoch; one run at a time: a new one takes the place of the one before it. What
/// validators compute is docs/spec/governance.md, "Dry run"; no block's validity depends on it. Nodes
/// read slots 0 to 2. A bond goes back where the proposal is queued, and where another run took the
/// place of one that found no quorum; it is the Treasury's where the run or the vote failed.
contract DryRuns is IDryRuns {
    IAttestations public constant STEERING = IAttestations(AT_STEERING);
    IEpochs public constant VALIDATORS = IEpochs(AT_VALIDATORS);
    IProposals public constant GOVERNOR = IProposals(payable(AT_GOVERNOR));
    address public constant TREASURY = AT_TREASURY;
    IOptimistic public constant OPTIMISTIC = IOptimistic(AT_OPTIMISTIC);

    uint8 public constant STATUS_NONE = 0;
    uint8 public constant STATUS_OPEN = 1;
    uint8 public constant STATUS_PASSED = 2;
    uint8 public constant STATUS_FAILED = 3;

    /// @notice The first word of a result that passed; any other is a reason why it did not.
    uint256 public constant VERDICT_PASSED = 1;
    /// @notice Wei behind a request.
    uint256 public constant BOND = GOVERNANCE_BOND;
    /// @notice Most bytes of the ABI encoding of a proposal's calls.
    uint256 public constant MAXIMUM_CALL_BYTES = 16_384;
    uint256 public constant MAXIMUM_RESULT_BYTES = 8_192;
    /// @notice Blocks between two requests where the network has no epochs.
    uint64 public constant EPOCH_BLOCKS = 256;

    /// @notice A dry run.
    /// @param requester bonded it
    /// @param status STATUS_*
    /// @param height of the block whose state it is computed on
    /// @param isBonded the bond is here
    /// @param digest keccak256 of the result, once published
    struct Run {
        address requester;
        uint8 status;
        uint64 height;
        bool isBonded;
        bytes32 digest;
    }

    uint256 private _subject; // slot 0: of the last request
    /// @notice Height of the last request.
    uint64 public lastHeight; // slot 1
    uint64 private _lastEpoch; // plus one
    bool private _isOpen;
    bytes private _calls; // slot 2: ABI encoding of (targets, values, calldatas) of the last request
    mapping(uint256 subject => Run) private _runs; // slot 3
    mapping(address account => uint256) public owed; // slot 4
    /// @notice Blocks of an epoch of dry runs; 0: the validators' epochs. Written by genesis.
    uint64 public epochBlocks; // slot 5

    event Requested(uint256 indexed subject, address indexed by, uint64 epoch);
    event Concluded(uint256 indexed subject, bytes32 indexed digest, bool passed, bytes result);
    event Released(uint256 indexed subject, address to);
    event Withdrawn(address indexed account, uint256 amount);

    error BadBond();
    error NotNeeded();
    error NotLive();
    error EpochTaken(uint64 epoch);
    error WrongStatus(uint8 status);
    error TooLong();
    error OtherRun();
    error NoQuorum(uint256 weight, uint256 all);
    error NotOver();
    error NothingOwed();

    /// @notice Requests the dry run of a live proposal: of a vote by its number in the Governor, of an
    /// optimistic proposal by its own, which is below 2^64.
    function request(uint256 subject) external payable {
        if (msg.value != BOND) revert BadBond();
        uint64 taken = epoch();
        if (_lastEpoch == taken + 1) revert EpochTaken(taken);
        Run storage run = _runs[subject];
        bool isReplaced = run.status == STATUS_OPEN && subject != _subject;
        if (run.status != STATUS_NONE && !isReplaced) revert WrongStatus(run.status);
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas) =
            callsOf(subject);
        if (!needsDryRun(targets, calldatas)) revert NotNeeded();
        bytes memory encoded = abi.encode(targets, values, calldatas);
        if (encoded.length > MAXIMUM_CALL_BYTES) revert TooLong();
        if (run.isBonded) owed[run.requester] += BOND;
        (_subject, lastHeight, _lastEpoch) = (subject, uint64(block.number), taken + 1);
        (_isOpen, _calls) = (true, encoded);
        _runs[subject] = Run(msg.sender, STATUS_OPEN, uint64(block.number), true, 0);
        emit Requested(subject, msg.sender, taken);
    }

    /// @notice Publishes the result that more than two thirds of the weight attest. Anyone may.
    /// @param result ABI encoding: verdict, subject, height of the request, and what was found
    function conclude(uint256 subject, bytes calldata result) external {
        Run storage run = _runs[subject];
        if (run.status != STATUS_OPEN) revert WrongStatus(run.status);
        if (subject != _subject || result.length > MAXIMUM_RESULT_BYTES) revert OtherRun();
        (uint256 verdict, uint256 about, uint256 height) =
            abi.decode(result, (uint256, uint256, uint256));
        if (about != subject || height != run.height) revert OtherRun();
        bytes32 digest = keccak256(result);
        (uint256 weight, uint256 all) = STEERING.attestationWeight(digest);
        if (weight * 3 <= all * 2) revert NoQuorum(weight, all);
        bool passed = verdict == VERDICT_PASSED;
        (run.status, run.digest) = (passed ? STATUS_PASSED : STATUS_FAILED, digest);
        _isOpen = false;
        emit Concluded(subject, digest, passed, result);
    }

    /// @notice Sends a bond where it belongs, once that is known. Anyone may.
    function release(uint256 subject) external {
        Run storage run = _runs[subject];
        if (!run.isBonded) revert NothingOwed();
        bool isReturned;
        if (run.status == STATUS_OPEN) {
            if (subject == _subject) revert NotOver();
            isReturned = true;
            run.status = STATUS_NONE;
        } else if (run.status == STATUS_PASSED) {
            isReturned = _wasCarried(subject);
        }
        run.isBonded = false;
        owed[isReturned ? run.requester : TREASURY] += BOND;
        emit Released(subject, isReturned ? run.requester : TREASURY);
    }

    /// @notice Pays out what an account is owed.
    function withdraw(address account) external {
        uint256 amount = owed[account];
        if (amount == 0) revert NothingOwed();
        owed[account] = 0;
        emit Withdrawn(account, amount);
        (bool done,) = account.call{value: amount}("");
        if (!done) revert NothingOwed();
    }

    /// @notice A proposal's dry run.
    function runOf(uint256 subject) external view returns (Run memory) {
        return _runs[subject];
    }

    /// @notice The run that validators compute and attest now, 0 when there is none.
    function current() external view returns (uint256 subject) {
        return _isOpen ? _subject : 0;
    }

    /// @inheritdoc IDryRuns
    function mayQueue(uint256 subject, address[] calldata targets, bytes[] calldata calldatas)
        external
        view
        returns (bool)
    {
        return _runs[subject].status == STATUS_PASSED || !needsDryRun(targets, calldatas);
    }

    /// @notice The epoch that a request takes.
    function epoch() public view returns (uint64) {
        if (epochBlocks != 0) return uint64(block.number) / epochBlocks;
        return VALIDATORS.epochBlocks() == 0
            ? uint64(block.number) / EPOCH_BLOCKS
            : VALIDATORS.epoch();
    }

    /// @notice The calls of a live proposal; reverts for one that can't be carried out any more.
    function callsOf(uint256 subject)
        public
        view
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calldatas)
    {
        if (subject >> 64 != 0) {
            IGovernor.ProposalState state = GOVERNOR.state(subject);
            if (
                state != IGovernor.ProposalState.Pending && state != IGovernor.ProposalState.Active
                    && state != IGovernor.ProposalState.Succeeded
            ) revert NotLive();
            (targets, values, calldatas,) = GOVERNOR.proposalDetails(subject);
            return (targets, values, calldatas);
        }
        IOptimistic.Proposal memory p = OPTIMISTIC.proposal(subject);
        if (p.status != 1) revert NotLive();
        (targets, values, calldatas) = (new address[](1), new uint256[](1), new bytes[](1));
        (targets[0], calldatas[0]) = OPTIMISTIC.callOf(p.kind, p.arguments);
    }

    /// @notice Whether calls have privileged effects: any call to a predeploy does, but for a payment
    /// of the Treasury to another account and for ending a guardian's term, which nothing may delay.
    function needsDryRun(address[] memory targets, bytes[] memory calldatas)
        public
        pure
        returns (bool)
    {
        for (uint256 i = 0; i < targets.length; i++) {
            if (!_isPredeploy(targets[i]) || calldatas[i].length == 0) continue;
            bytes4 selector = bytes4(calldatas[i]);
            if (calldatas[i].length == 4 && selector == bytes4(keccak256("dismissGuardian()"))) {
                continue;
            }
            if (targets[i] != TREASURY || selector != bytes4(keccak256("pay(address,uint256)"))) {
                return true;
            }
            if (calldatas[i].length >= 36 && _isPredeploy(_payee(calldatas[i]))) return true;
        }
        return false;
    }

    /// @dev Whether a run's proposal got into the timelock; reverts while that is open.
    function _wasCarried(uint256 subject) private view returns (bool) {
        if (subject >> 64 == 0) {
            uint8 status = OPTIMISTIC.proposal(subject).status;
            if (status == 1) revert NotOver();
            return status != 5; // Cancelled.
        }
        IGovernor.ProposalState state = GOVERNOR.state(subject);
        if (state == IGovernor.ProposalState.Queued || state == IGovernor.ProposalState.Executed) {
            return true;
        }
        bool isOpen = state == IGovernor.ProposalState.Pending
            || state == IGovernor.ProposalState.Active || state == IGovernor.ProposalState.Succeeded;
        if (isOpen) revert NotOver();
        return false;
    }

    function _payee(bytes memory data) private pure returns (address payee) {
        assembly {
            payee := mload(add(data, 36))
        }
    }

    function _isPredeploy(address account) private pure returns (bool) {
        return uint160(account) >> 16 == 0x484f;
    }
}
