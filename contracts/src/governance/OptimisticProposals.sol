// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {
    IDryRuns,
    AT_CONSTITUTION,
    AT_DRY_RUNS,
    AT_GOVERNOR,
    AT_MODELS,
    AT_RULES,
    AT_TIMELOCK,
    AT_TREASURY,
    AT_VOTES,
    GOVERNANCE_BOND,
    RULES_LOOP,
    SHARE_BASIS
} from "./IGovernance.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

/// @notice What OptimisticProposals reads of the Constitution.
interface IVetoLaw {
    /// @notice A loop's vector as people last voted for it.
    function ratified(bytes32 loop) external view returns (uint64[] memory);
}

/// @notice What it reads of the Governor.
interface IGuarded is IGovernor {
    /// @notice May cancel until `guardianExpiry`.
    function guardian() external view returns (address);

    /// @notice Unix seconds.
    function guardianExpiry() external view returns (uint64);
}

/// @title Proposals that pass unless enough stake objects
/// @notice For what is routine: a bonded proposal of a typed action waits out a window; unless a
/// stake-weighted share objects it goes to the timelock. Where the share objects, it becomes a full
/// vote, and the side that loses that vote loses its bond to the other. An objection is bonded too,
/// and one that does not find its share is lost: a veto can neither be spammed nor stall more than
/// one vote.
/// @dev Windows and shares by kind are the vector of the loop "rules" in the Constitution, whose
/// invariants keep every window at ten times the wait bound or more. Calls are built here from typed
/// arguments, so none is hidden. Money owed is taken, not sent.
contract OptimisticProposals {
    IVetoLaw public constant CONSTITUTION = IVetoLaw(AT_CONSTITUTION);
    address public constant MODELS = AT_MODELS;
    TimelockController public constant TIMELOCK = TimelockController(payable(AT_TIMELOCK));
    IGuarded public constant GOVERNOR = IGuarded(payable(AT_GOVERNOR));
    IVotes public constant VOTES = IVotes(AT_VOTES);
    address public constant RULE_BOOK = AT_RULES;
    address public constant TREASURY = AT_TREASURY;
    IDryRuns public constant DRY_RUNS = IDryRuns(AT_DRY_RUNS);
    bytes32 public constant LOOP = RULES_LOOP;

    /// @notice Adopts a rule: (bytes32 id).
    uint8 public constant KIND_RULE = 0;
    /// @notice Pays from the Treasury, at most a hundredth of it: (address to, uint256 wei).
    uint8 public constant KIND_PAYMENT = 1;
    /// @notice Ratifies a loop's vector: (bytes32 loop, uint64[] values).
    uint8 public constant KIND_VECTOR = 2;
    /// @notice Seats a loop's champion: (bytes32 loop, bytes32 model).
    uint8 public constant KIND_MODEL = 3;

    uint8 public constant STATUS_NONE = 0;
    uint8 public constant STATUS_OPEN = 1;
    uint8 public constant STATUS_SCHEDULED = 2;
    uint8 public constant STATUS_VOTED = 3;
    uint8 public constant STATUS_SETTLED = 4;
    uint8 public constant STATUS_CANCELLED = 5;

    /// @notice Wei behind a proposal, and behind an objection.
    uint256 public constant BOND = GOVERNANCE_BOND;
    /// @notice Proposals open at a time.
    uint256 public constant MAXIMUM_OPEN = 32;
    uint256 public constant MAXIMUM_BYTES = 2_048;
    /// @notice A payment is at most this part of the Treasury.
    uint256 public constant PAYMENT_PART = 100;
    string private constant PROPOSER = "#proposer=0x00000000000000000000000000000000484f0026";

    /// @param proposer bonded it
    /// @param kind KIND_*
    /// @param status STATUS_*
    /// @param endsAt unix seconds at which the window closes
    /// @param snapshot second whose votes count
    /// @param objector bonded the objection, zero while there is none
    /// @param objections votes that object
    /// @param vote the Governor's number of the vote it became
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

    mapping(uint256 id => Proposal) private _proposals; // slot 0
    mapping(uint256 id => mapping(address account => bool)) public hasObjected; // slot 1
    mapping(address account => uint256) public owed; // slot 2
    uint256 public count; // slot 3
    uint256 public open; // slot 4

    event Proposed(uint256 indexed id, address indexed proposer, uint8 kind, uint48 endsAt);
    event Objected(uint256 indexed id, address indexed account, uint256 votes, uint256 all);
    event Escalated(uint256 indexed id, uint256 indexed vote);
    event Scheduled(uint256 indexed id, bytes32 indexed operation);
    event Settled(uint256 indexed id, address indexed winner);
    event Cancelled(uint256 indexed id);
    event Withdrawn(address indexed account, uint256 amount);

    error WrongStatus(uint8 status);
    error BadBond();
    error BadAction();
    error TooMany();
    error WindowOpen(uint256 until);
    error WindowClosed();
    error NoVotes();
    error HasObjected();
    error NotGuardian();
    error VoteRunning();
    error NothingOwed();
    /// @notice No dry run of the proposal has been attested and passed (DryRuns.request).
    error DryRunMissing(uint256 id);

    /// @notice Proposes a typed action under a bond.
    /// @param kind KIND_*
    /// @param arguments ABI encoding of what the kind takes
    /// @param description why, for people
    function propose(uint8 kind, bytes calldata arguments, string calldata description)
        external
        payable
        returns (uint256 id)
    {
        if (msg.value != BOND) revert BadBond();
        if (open == MAXIMUM_OPEN) revert TooMany();
        if (arguments.length + bytes(description).length > MAXIMUM_BYTES) revert BadAction();
        _requireSmall(kind, arguments);
        callOf(kind, arguments);
        id = ++count;
        open++;
        Proposal storage p = _proposals[id];
        (p.proposer, p.kind, p.status) = (msg.sender, kind, STATUS_OPEN);
        p.endsAt = uint48(block.timestamp + windowOf(kind));
        p.snapshot = uint48(block.timestamp - 1);
        (p.arguments, p.description) = (arguments, description);
        emit Proposed(id, msg.sender, kind, p.endsAt);
    }

    /// @notice Objects with all votes one had when it was proposed. The first objector puts down a
    /// bond; where the share is reached a full vote begins.
    function object(uint256 id) external payable {
        Proposal storage p = _proposals[id];
        if (p.status != STATUS_OPEN) revert WrongStatus(p.status);
        if (block.timestamp >= p.endsAt) revert WindowClosed();
        if (hasObjected[id][msg.sender]) revert HasObjected();
        if (msg.value != (p.objector == address(0) ? BOND : 0)) revert BadBond();
        uint256 votes = VOTES.getPastVotes(msg.sender, p.snapshot);
        if (votes == 0) revert NoVotes();
        if (p.objector == address(0)) p.objector = msg.sender;
        hasObjected[id][msg.sender] = true;
        p.objections += votes;
        emit Objected(id, msg.sender, votes, p.objections);
        uint256 needed = VOTES.getPastTotalSupply(p.snapshot) * shareOf(p.kind);
        if (p.objections * SHARE_BASIS >= needed) _escalate(id, p);
    }

    /// @notice Hands what nobody stopped to the timelock. Anyone may.
    function schedule(uint256 id) external returns (bytes32 operation) {
        Proposal storage p = _proposals[id];
        if (p.status != STATUS_OPEN) revert WrongStatus(p.status);
        if (block.timestamp < p.endsAt) revert WindowOpen(p.endsAt);
        _requireSmall(p.kind, p.arguments);
        _close(p, STATUS_SCHEDULED);
        // An objection that did not find its share is lost to whom it held up.
        owed[p.proposer] += p.objector == address(0) ? BOND : 2 * BOND;
        (address target, bytes memory data) = callOf(p.kind, p.arguments);
        _requireDryRun(id, target, data);
        bytes32 salt = bytes32(id);
        operation = TIMELOCK.hashOperation(target, 0, data, 0, salt);
        TIMELOCK.schedule(target, 0, data, 0, salt, TIMELOCK.getMinDelay());
        emit Scheduled(id, operation);
    }

    /// @notice After the vote that an objection called: the winner gets both bonds. Anyone may.
    function settle(uint256 id) external {
        Proposal storage p = _proposals[id];
        if (p.status != STATUS_VOTED) revert WrongStatus(p.status);
        IGovernor.ProposalState state = GOVERNOR.state(p.vote);
        if (state == IGovernor.ProposalState.Pending || state == IGovernor.ProposalState.Active) {
            revert VoteRunning();
        }
        bool passed = state == IGovernor.ProposalState.Succeeded
            || state == IGovernor.ProposalState.Queued || state == IGovernor.ProposalState.Executed;
        p.status = STATUS_SETTLED;
        address winner = passed ? p.proposer : p.objector;
        owed[winner] += 2 * BOND;
        emit Settled(id, winner);
    }

    /// @notice The guardian's one power: stops an open proposal before its term ends. Bonds go back.
    function cancel(uint256 id) external {
        bool isGuardian = msg.sender == GOVERNOR.guardian()
            && block.timestamp < GOVERNOR.guardianExpiry();
        if (!isGuardian) revert NotGuardian();
        Proposal storage p = _proposals[id];
        if (p.status != STATUS_OPEN) revert WrongStatus(p.status);
        _close(p, STATUS_CANCELLED);
        owed[p.proposer] += BOND;
        if (p.objector != address(0)) owed[p.objector] += BOND;
        emit Cancelled(id);
    }

    /// @notice Pays out what the caller is owed.
    function withdraw() external {
        uint256 amount = owed[msg.sender];
        if (amount == 0) revert NothingOwed();
        owed[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        (bool done,) = msg.sender.call{value: amount}("");
        if (!done) revert NothingOwed();
    }

    /// @notice A proposal as it stands.
    function proposal(uint256 id) external view returns (Proposal memory) {
        return _proposals[id];
    }

    /// @notice Seconds for which a kind may be objected to.
    function windowOf(uint8 kind) public view returns (uint256) {
        return (uint256(CONSTITUTION.ratified(LOOP)[kind]) + 999) / 1_000;
    }

    /// @notice Ten-thousandths of all votes whose objection calls a vote.
    function shareOf(uint8 kind) public view returns (uint256) {
        return CONSTITUTION.ratified(LOOP)[4 + kind];
    }

    /// @notice The one call a proposal stands for; reverts for what is no action of the kind.
    function callOf(uint8 kind, bytes memory arguments)
        public
        pure
        returns (address target, bytes memory data)
    {
        if (kind == KIND_RULE) {
            bytes32 id = abi.decode(arguments, (bytes32));
            return (RULE_BOOK, abi.encodeWithSignature("adopt(bytes32)", id));
        }
        if (kind == KIND_PAYMENT) {
            (address to, uint256 amount) = abi.decode(arguments, (address, uint256));
            return (TREASURY, abi.encodeWithSignature("pay(address,uint256)", to, amount));
        }
        if (kind == KIND_VECTOR) {
            (bytes32 loop, uint64[] memory values) = abi.decode(arguments, (bytes32, uint64[]));
            // Its own windows and shares are for a full vote.
            if (loop == LOOP) revert BadAction();
            return (
                address(CONSTITUTION),
                abi.encodeWithSignature("ratify(bytes32,uint64[])", loop, values)
            );
        }
        if (kind == KIND_MODEL) {
            (bytes32 loop, bytes32 model) = abi.decode(arguments, (bytes32, bytes32));
            return (MODELS, abi.encodeWithSignature("setChampion(bytes32,bytes32)", loop, model));
        }
        revert BadAction();
    }

    function _requireDryRun(uint256 id, address target, bytes memory data) private view {
        address[] memory targets = new address[](1);
        bytes[] memory calldatas = new bytes[](1);
        (targets[0], calldatas[0]) = (target, data);
        if (!DRY_RUNS.mayQueue(id, targets, calldatas)) revert DryRunMissing(id);
    }

    function _requireSmall(uint8 kind, bytes memory arguments) private view {
        if (kind != KIND_PAYMENT) return;
        (, uint256 amount) = abi.decode(arguments, (address, uint256));
        if (amount > TREASURY.balance / PAYMENT_PART) revert BadAction();
    }

    function _escalate(uint256 id, Proposal storage p) private {
        _close(p, STATUS_VOTED);
        address[] memory targets = new address[](1);
        bytes[] memory calldatas = new bytes[](1);
        (targets[0], calldatas[0]) = callOf(p.kind, p.arguments);
        // The suffix reserves the text for this account: nobody can propose it first.
        string memory description = string.concat(
            "Optimistic proposal ", string(_digits(id)), ": ", p.description, PROPOSER
        );
        p.vote = GOVERNOR.propose(targets, new uint256[](1), calldatas, description);
        emit Escalated(id, p.vote);
    }

    function _close(Proposal storage p, uint8 status) private {
        p.status = status;
        open--;
    }

    function _digits(uint256 value) private pure returns (bytes memory text) {
        while (value != 0 || text.length == 0) {
            text = abi.encodePacked(bytes1(uint8(48 + value % 10)), text);
            value /= 10;
        }
    }
}
