// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who says what
/// @notice What Revisions asks of Steering.
interface ISignals {
    /// @notice Weight of the next block's validators who signal a specification, and of all.
    function revisionWeight(bytes32 spec) external view returns (uint256 weight, uint256 total);
}

/// @title Versions of the nodes' own code: which rules blocks follow, and from when on
/// @notice A protocol revision is a number and the hash of its specification. A vote proposes the
/// next one; validators whose node can run it signal the hash in their observations; in each epoch's
/// last block the protocol counts them. Over two thirds of the weight lock it in; from five sixths on,
/// or after the deadline with two thirds, the next epoch follows it. Nodes read the outcome from that
/// block's state once the block is final, and a node that does not know a revision in force stops.
/// @dev Weight is that of the next epoch's set: stake, without those in jail, under the cap. Storage
/// is read by every node: slots 0 to 4 are part of the protocol (docs/spec/governance.md).
contract Revisions {
    /// @param number counts up by one
    /// @param firstBlock the first block that follows it
    /// @param spec keccak256 of the specification's text
    /// @param version node software to install, at the least
    struct Activation {
        uint64 number;
        uint64 firstBlock;
        bytes32 spec;
        string version;
    }

    /// @param number zero: nothing is proposed
    /// @param deadline unix seconds from which on two thirds are enough
    /// @param proposedAt block
    /// @param lockedAt block, zero before
    /// @param weight signalled when it was last counted
    /// @param total of all validators then
    struct Proposal {
        uint64 number;
        uint64 deadline;
        uint64 proposedAt;
        uint64 lockedAt;
        bytes32 spec;
        string version;
        uint128 weight;
        uint128 total;
    }

    address public constant TIMELOCK = address(0x484f0020);
    address public constant STEERING = address(0x484f0001);
    /// @notice A version's name is printed by nodes: short, and of harmless letters.
    uint256 public constant MAX_VERSION_BYTES = 31;
    /// @notice The longest a network may wait for its last validators.
    uint256 public constant MAX_DEADLINE = 366 days;

    Activation[] private _history; // slot 0; the last is in force
    Proposal private _proposal; // slots 1 to 4

    /// @notice A vote wants the next revision.
    event Proposed(uint64 indexed number, bytes32 indexed spec, string version, uint64 deadline);
    /// @notice A vote wants it no more.
    event Withdrawn(uint64 indexed number, bytes32 indexed spec);
    /// @notice Enough are ready that it will come.
    event LockedIn(uint64 indexed number, bytes32 indexed spec, uint256 weight, uint256 total);
    /// @notice The next block is the first that follows it.
    event Activated(uint64 indexed number, bytes32 indexed spec, uint64 firstBlock);
    /// @notice After the deadline under a third was left that would run it.
    event Lapsed(uint64 indexed number, bytes32 indexed spec, uint256 weight, uint256 total);

    /// @notice Only a vote may, by the timelock.
    error NotTimelock();
    /// @notice Only transaction 0 may.
    error NotSteering();
    /// @notice One at a time: this one is under way.
    error UnderWay(uint64 number);
    /// @notice Nothing is proposed.
    error NothingProposed();
    /// @notice It is not the number after the one in force.
    error WrongNumber(uint64 wanted);
    /// @notice No hash, or that of the revision in force.
    error BadSpec();
    /// @notice Empty, longer than 31 bytes, or with other than letters, digits, dot, plus and minus.
    error BadVersion();
    /// @notice Past, or too far off.
    error BadDeadline();
    /// @notice It is locked in, and comes.
    error IsLockedIn(uint64 number);

    modifier onlyTimelock() {
        if (msg.sender != TIMELOCK) revert NotTimelock();
        _;
    }

    // ---- Reading

    /// @notice The revision that the next block follows.
    function active() external view returns (Activation memory) {
        return _history[_history.length - 1];
    }

    /// @notice All revisions so far, the first from genesis on.
    function history() external view returns (Activation[] memory) {
        return _history;
    }

    /// @notice What is under way; its number is zero when nothing is.
    function proposal() external view returns (Proposal memory) {
        return _proposal;
    }

    /// @notice Weight that signals the proposed revision now, and of all validators.
    function readiness() external view returns (uint256 weight, uint256 total) {
        if (_proposal.number == 0) revert NothingProposed();
        return ISignals(STEERING).revisionWeight(_proposal.spec);
    }

    // ---- Governance

    /// @notice Proposes the next revision to the validators.
    /// @param number the one in force and one
    /// @param spec keccak256 of its specification's text
    /// @param version node software that knows it
    /// @param deadline unix seconds from which on two thirds of the weight are enough
    function propose(uint64 number, bytes32 spec, string calldata version, uint64 deadline)
        external
        onlyTimelock
    {
        if (_proposal.number != 0) revert UnderWay(_proposal.number);
        Activation storage last = _history[_history.length - 1];
        if (number != last.number + 1) revert WrongNumber(last.number + 1);
        if (spec == 0 || spec == last.spec) revert BadSpec();
        if (!_isVersion(bytes(version))) revert BadVersion();
        if (deadline <= block.timestamp || deadline > block.timestamp + MAX_DEADLINE) {
            revert BadDeadline();
        }
        _proposal = Proposal(number, deadline, uint64(block.number), 0, spec, version, 0, 0);
        emit Proposed(number, spec, version, deadline);
    }

    /// @notice Takes the proposal back, while it is not locked in.
    /// @param spec of what is meant: the vote was on that one
    function withdraw(bytes32 spec) external onlyTimelock {
        Proposal storage p = _proposal;
        if (p.number == 0) revert NothingProposed();
        if (p.spec != spec) revert BadSpec();
        if (p.lockedAt != 0) revert IsLockedIn(p.number);
        emit Withdrawn(p.number, p.spec);
        delete _proposal;
    }

    // ---- The protocol's part

    /// @notice Counts who is ready, in an epoch's last block. A revision is locked in and put in
    /// force at the ends of different epochs, so there is one whole epoch of notice at the least.
    function advance() external {
        if (msg.sender != STEERING) revert NotSteering();
        Proposal storage p = _proposal;
        if (p.number == 0) return;
        (uint256 weight, uint256 total) = ISignals(STEERING).revisionWeight(p.spec);
        if (total == 0) return;
        (p.weight, p.total) = (uint128(weight), uint128(total));
        bool isOverdue = block.timestamp >= p.deadline;
        bool hasTwoThirds = 3 * weight > 2 * total;
        if (p.lockedAt == 0) {
            if (!hasTwoThirds) return;
            p.lockedAt = uint64(block.number);
            emit LockedIn(p.number, p.spec, weight, total);
        } else if (6 * weight >= 5 * total || (isOverdue && hasTwoThirds)) {
            uint64 firstBlock = uint64(block.number + 1);
            _history.push(Activation(p.number, firstBlock, p.spec, p.version));
            emit Activated(p.number, p.spec, firstBlock);
            delete _proposal;
        } else if (isOverdue && 3 * weight < total) {
            // Those who were ready have turned from it: without this nothing could follow it.
            emit Lapsed(p.number, p.spec, weight, total);
            delete _proposal;
        }
    }

    function _isVersion(bytes calldata text) private pure returns (bool) {
        if (text.length == 0 || text.length > MAX_VERSION_BYTES) return false;
        for (uint256 i = 0; i < text.length; i++) {
            bytes1 c = text[i];
            bool isKnown = (c >= "0" && c <= "9") || (c >= "a" && c <= "z")
                || (c >= "A" && c <= "Z") || c == "." || c == "-" || c == "+";
            if (!isKnown) return false;
        }
        return true;
    }
}
