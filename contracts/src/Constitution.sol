// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "./ISteering.sol";

/// @title What the loops may change, and how far
/// @notice People write the rules here; loops propose whole vectors, and this contract accepts or
/// refuses each one whole. It never clamps a field: half of a proposal is another proposal, one that
/// nobody made (docs/spec/steering.md, "Constitution").
/// @dev Slot 0 is the vector in force, which every node reads to build the next block: its place and
/// packing are part of the protocol. Only Steering decides; only the owner amends; the guardian can
/// only switch a loop off, and only until its expiry. The state is written by genesis.
contract Constitution is IConstitution {
    /// @notice Gas target per second, gas limit, minimum base fee, block interval in ms.
    uint256 private constant FIELDS = 4;
    uint256 private constant TARGET = 0;
    uint256 private constant LIMIT = 1;
    uint256 private constant INTERVAL = 3;

    bytes32 public constant CAPACITY = "capacity";
    address public constant STEERING = address(0x484f0001);

    uint8 public constant MODE_ACT = 0;
    uint8 public constant MODE_ADVISE = 1;
    uint8 public constant MODE_OFF = 2;

    /// @dev A refusal is kind * 256 + the field (or the invariant) it is about.
    uint16 private constant REFUSED_LENGTH = 1 << 8;
    uint16 private constant REFUSED_LOWER_BOUND = 2 << 8;
    uint16 private constant REFUSED_UPPER_BOUND = 3 << 8;
    uint16 private constant REFUSED_DISTANCE = 4 << 8;
    uint16 private constant REFUSED_STEP = 5 << 8;
    uint16 private constant REFUSED_COOLDOWN = 6 << 8;
    uint16 private constant REFUSED_INVARIANT = 7 << 8;
    uint16 private constant REFUSED_MODE = 8 << 8;
    uint16 private constant REFUSED_LOOP = 9 << 8;

    uint256 private constant BASIS = 10_000;
    /// @dev Rules that hold of one vector: three of each field, then the invariants.
    uint256 private constant INVARIANTS = 2;
    uint256 private constant VECTOR_RULES = FIELDS * 3 + INVARIANTS;

    struct Vector {
        uint64 gasTargetPerSecond;
        uint64 gasLimit;
        uint64 minimumBaseFee;
        uint64 blockIntervalMs;
    }

    /// @param minimum least legal value
    /// @param maximum greatest legal value
    /// @param ratified what people last voted for; `off` steps here
    /// @param changedAt height of the last change
    /// @param stepBasisPoints most change in one decision, of the value in force
    /// @param cooldownBlocks least blocks between two changes
    /// @param distanceBasisPoints most ratio to the ratified value, both ways; 40,000 is four times
    struct Actuator {
        uint64 minimum;
        uint64 maximum;
        uint64 ratified;
        uint64 changedAt;
        uint32 stepBasisPoints;
        uint32 cooldownBlocks;
        uint32 distanceBasisPoints;
    }

    /// @param mode MODE_*
    /// @param since height of the last switch
    /// @param dwellBlocks least blocks between two switches by the owner
    /// @param intervalsPerLimit a block must hold the target of at least so many intervals
    /// @param secondsPerLimit a block may hold the target of at most so many seconds
    struct Loop {
        uint8 mode;
        uint64 since;
        uint32 dwellBlocks;
        uint32 intervalsPerLimit;
        uint32 secondsPerLimit;
    }

    /// @dev Slots 0 to 3, then two slots for each field from slot 4.
    Vector private _inForce;
    Loop private _loop;
    address public owner;
    address public guardian;
    uint64 public guardianExpiry;
    Actuator[FIELDS] private _actuators;

    event Ratified(uint64[] values);
    event ActuatorAmended(uint256 indexed field, Actuator actuator);
    event InvariantsAmended(uint32 intervalsPerLimit, uint32 secondsPerLimit);
    event ModeChanged(bytes32 indexed loop, uint8 mode, address by);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    error NotOwner();
    error NotGuardian();
    error NotSteering();
    error UnknownLoop();
    error Dwelling(uint256 until);
    error Illegal(uint16 rule);

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner();
        _;
    }

    /// @inheritdoc IConstitution
    function decide(bytes32 loop, uint64[] calldata modelProposal, uint64[] calldata twinProposal)
        external
        returns (Ruling memory ruling)
    {
        if (msg.sender != STEERING) revert NotSteering();
        if (loop != CAPACITY) {
            return Ruling(ACTOR_NONE, RULING_REFUSED, REFUSED_LOOP, REFUSED_LOOP, new uint64[](0));
        }
        Actuator[FIELDS] memory actuators = _actuators;
        Loop memory state = _loop;
        uint64[FIELDS] memory current = _current();
        if (state.mode == MODE_ACT && modelProposal.length != 0) {
            ruling.modelRefusal = _judge(modelProposal, current, actuators, state);
            if (ruling.modelRefusal == 0) {
                return _apply(ruling, ACTOR_MODEL, modelProposal, current);
            }
        }
        ruling.twinRefusal = _judge(twinProposal, current, actuators, state);
        if (ruling.twinRefusal == 0) {
            return _apply(ruling, ACTOR_TWIN, twinProposal, current);
        }
        ruling.ruling = RULING_REFUSED;
        ruling.inForce = _asArray(current);
    }

    /// @notice What `decide` would say of a vector now: 0, or the first rule that refuses it.
    function judge(bytes32 loop, uint64[] calldata proposal) external view returns (uint16 refusal) {
        if (loop != CAPACITY) return REFUSED_LOOP;
        return _judge(proposal, _current(), _actuators, _loop);
    }

    /// @notice The vector in force for the next block.
    function inForce() external view returns (uint64[] memory) {
        return _asArray(_current());
    }

    /// @notice The vector people last voted for.
    function ratified() external view returns (uint64[] memory values) {
        values = new uint64[](FIELDS);
        for (uint256 i = 0; i < FIELDS; i++) values[i] = _actuators[i].ratified;
    }

    function actuator(uint256 field) external view returns (Actuator memory) {
        return _actuators[field];
    }

    function loopState(bytes32 loop) external view returns (Loop memory) {
        if (loop != CAPACITY) revert UnknownLoop();
        return _loop;
    }

    /// @notice Sets what the loop is measured from. The vector in force steps there by decisions.
    function ratify(uint64[] calldata values) external onlyOwner {
        if (values.length != FIELDS) revert Illegal(REFUSED_LENGTH);
        for (uint256 i = 0; i < FIELDS; i++) {
            _requireInside(i, values[i], _actuators[i]);
            _actuators[i].ratified = values[i];
        }
        _requireInvariants(_loop);
        emit Ratified(values);
    }

    /// @notice Changes a field's rules. A vector in force that they make illegal is left in force;
    /// decisions then lead it back (a step that worsens no violated rule and reduces one passes).
    function amend(uint256 field, Actuator calldata amended) external onlyOwner {
        _requireInside(field, amended.ratified, amended);
        if (amended.distanceBasisPoints < BASIS) revert Illegal(REFUSED_DISTANCE | uint16(field));
        uint64 changedAt = _actuators[field].changedAt;
        _actuators[field] = amended;
        _actuators[field].changedAt = changedAt;
        _requireInvariants(_loop);
        emit ActuatorAmended(field, amended);
    }

    /// @notice Changes the invariants across fields; the ratified vector must obey them.
    function amendInvariants(uint32 intervalsPerLimit, uint32 secondsPerLimit) external onlyOwner {
        _loop.intervalsPerLimit = intervalsPerLimit;
        _loop.secondsPerLimit = secondsPerLimit;
        _requireInvariants(_loop);
        emit InvariantsAmended(intervalsPerLimit, secondsPerLimit);
    }

    /// @notice Switches a loop between act, advise and off, at most once a dwell.
    function setMode(bytes32 loop, uint8 mode) external onlyOwner {
        if (loop != CAPACITY || mode > MODE_OFF) revert UnknownLoop();
        uint256 until = uint256(_loop.since) + _loop.dwellBlocks;
        if (block.number < until) revert Dwelling(until);
        _switch(mode);
    }

    /// @notice The guardian's one power. No dwell: off steps to the ratified vector without a jump.
    function switchOff(bytes32 loop) external {
        if (msg.sender != guardian || block.timestamp >= guardianExpiry) revert NotGuardian();
        if (loop != CAPACITY) revert UnknownLoop();
        _switch(MODE_OFF);
    }

    /// @notice Ends the guardian's term. Nobody can lengthen it.
    function dismissGuardian() external onlyOwner {
        guardian = address(0);
    }

    function transferOwnership(address newOwner) external onlyOwner {
        emit OwnershipTransferred(owner, newOwner);
        owner = newOwner;
    }

    function _switch(uint8 mode) private {
        _loop.mode = mode;
        _loop.since = uint64(block.number);
        emit ModeChanged(CAPACITY, mode, msg.sender);
    }

    function _judge(
        uint64[] calldata proposal,
        uint64[FIELDS] memory current,
        Actuator[FIELDS] memory actuators,
        Loop memory state
    ) private view returns (uint16) {
        if (proposal.length != FIELDS) return REFUSED_LENGTH;
        uint64[FIELDS] memory proposed;
        for (uint256 i = 0; i < FIELDS; i++) {
            proposed[i] = proposal[i];
            uint16 refusal = _judgeChange(i, current[i], proposed[i], actuators[i], state.mode);
            if (refusal != 0) return refusal;
        }
        return _judgeVector(current, proposed, actuators, state);
    }

    /// @dev Rules about the way from one value to the next.
    function _judgeChange(uint256 i, uint64 from, uint64 to, Actuator memory rules, uint8 mode)
        private
        view
        returns (uint16)
    {
        if (from == to) return 0;
        if (mode == MODE_OFF && !_isBetween(to, from, rules.ratified)) {
            return REFUSED_MODE | uint16(i);
        }
        uint256 step = uint256(from) * rules.stepBasisPoints / BASIS;
        if (step == 0) step = 1;
        if ((to > from ? to - from : from - to) > step) return REFUSED_STEP | uint16(i);
        if (block.number < uint256(rules.changedAt) + rules.cooldownBlocks) {
            return REFUSED_COOLDOWN | uint16(i);
        }
        return 0;
    }

    /// @dev Rules about a vector. From a legal one only a legal one may follow. From one that has
    /// become illegal, a step passes that worsens no rule and, unless it is legal, reduces one: so
    /// narrowed bounds never trap the chain, and moving back to the ratified value is always open.
    function _judgeVector(
        uint64[FIELDS] memory current,
        uint64[FIELDS] memory proposed,
        Actuator[FIELDS] memory actuators,
        Loop memory state
    ) private pure returns (uint16) {
        uint256[VECTOR_RULES] memory after_ = _violations(proposed, actuators, state);
        uint16 worst = _firstViolated(after_);
        if (worst == 0) return 0;
        uint256[VECTOR_RULES] memory before = _violations(current, actuators, state);
        bool reduces = false;
        for (uint256 r = 0; r < VECTOR_RULES; r++) {
            if (after_[r] > before[r]) return _ruleCode(r);
            if (after_[r] < before[r]) reduces = true;
        }
        return reduces || _isSame(current, proposed) ? 0 : worst;
    }

    /// @dev By how much a vector breaks each rule; 0 where it obeys.
    function _violations(
        uint64[FIELDS] memory vector,
        Actuator[FIELDS] memory actuators,
        Loop memory state
    ) private pure returns (uint256[VECTOR_RULES] memory broken) {
        unchecked {
            for (uint256 i = 0; i < FIELDS; i++) {
                Actuator memory rules = actuators[i];
                uint256 value = vector[i];
                uint256 anchor = rules.ratified;
                uint256 ratio = rules.distanceBasisPoints;
                broken[i * 3] = _excess(rules.minimum, value);
                broken[i * 3 + 1] = _excess(value, rules.maximum);
                broken[i * 3 + 2] = _excess(value * BASIS, anchor * ratio)
                    + _excess(anchor * BASIS, value * ratio);
            }
            uint256 limit = vector[LIMIT];
            uint256 target = vector[TARGET];
            broken[FIELDS * 3] =
                _excess(state.intervalsPerLimit * target * vector[INTERVAL], limit * 1000);
            broken[FIELDS * 3 + 1] = _excess(limit, state.secondsPerLimit * target);
        }
    }

    function _apply(
        Ruling memory ruling,
        uint8 actor,
        uint64[] calldata proposal,
        uint64[FIELDS] memory current
    ) private returns (Ruling memory) {
        ruling.actor = actor;
        ruling.inForce = proposal;
        for (uint256 i = 0; i < FIELDS; i++) {
            if (proposal[i] != current[i]) {
                _actuators[i].changedAt = uint64(block.number);
                ruling.ruling = RULING_APPLIED;
            }
        }
        if (ruling.ruling == RULING_APPLIED) {
            _inForce = Vector(proposal[0], proposal[1], proposal[2], proposal[3]);
        }
        return ruling;
    }

    function _current() private view returns (uint64[FIELDS] memory) {
        Vector memory v = _inForce;
        return [v.gasTargetPerSecond, v.gasLimit, v.minimumBaseFee, v.blockIntervalMs];
    }

    /// @dev The ratified vector obeys the invariants, so that there always is a legal vector.
    function _requireInvariants(Loop memory state) private view {
        Actuator[FIELDS] memory actuators = _actuators;
        uint64[FIELDS] memory values;
        for (uint256 i = 0; i < FIELDS; i++) values[i] = actuators[i].ratified;
        uint16 rule = _firstViolated(_violations(values, actuators, state));
        if (rule >= REFUSED_INVARIANT) revert Illegal(rule);
    }

    function _requireInside(uint256 field, uint64 value, Actuator memory rules) private pure {
        if (value < rules.minimum) revert Illegal(REFUSED_LOWER_BOUND | uint16(field));
        if (value > rules.maximum) revert Illegal(REFUSED_UPPER_BOUND | uint16(field));
    }

    function _firstViolated(uint256[VECTOR_RULES] memory broken) private pure returns (uint16) {
        for (uint256 r = 0; r < VECTOR_RULES; r++) {
            if (broken[r] != 0) return _ruleCode(r);
        }
        return 0;
    }

    function _ruleCode(uint256 r) private pure returns (uint16) {
        if (r >= FIELDS * 3) return REFUSED_INVARIANT | uint16(r - FIELDS * 3);
        return (REFUSED_LOWER_BOUND + uint16(r % 3) * 256) | uint16(r / 3);
    }

    function _isBetween(uint64 value, uint64 a, uint64 b) private pure returns (bool) {
        return a <= b ? a <= value && value <= b : b <= value && value <= a;
    }

    function _isSame(uint64[FIELDS] memory a, uint64[FIELDS] memory b) private pure returns (bool) {
        return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
    }

    function _excess(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            return a > b ? a - b : 0;
        }
    }

    function _asArray(uint64[FIELDS] memory v) private pure returns (uint64[] memory values) {
        values = new uint64[](FIELDS);
        for (uint256 i = 0; i < FIELDS; i++) values[i] = v[i];
    }
}
