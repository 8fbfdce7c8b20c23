// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "./ISteering.sol";
import "./Invariants.sol";

/// @title What the loops may change, and how far
/// @notice People write the rules here; loops propose whole vectors, and this contract accepts or
/// refuses each one whole. It never clamps a field: half of a proposal is another proposal, one that
/// nobody made (docs/spec/steering.md, "Constitution").
/// @dev A loop is a name and a vector of up to eight uint64. Loop i's vector lies in slots 2i and
/// 2i + 1; capacity is loop 0, and slot 0 is what every node reads to build the next block: places
/// and packing are part of the protocol. Only Steering decides; only the owner amends; the guardian
/// can only switch loops off, and only until its expiry. The state is written by genesis.
contract Constitution is IConstitution {
    uint256 public constant MAXIMUM_LOOPS = 16;
    uint256 public constant MAXIMUM_FIELDS = 8;
    uint256 public constant MAXIMUM_INVARIANTS = 16;

    address public constant STEERING = address(0x484f0001);
    /// @notice Carries out what people voted for as standing rules (governance/RuleBook.sol).
    address public constant RULES = address(0x484f0023);
    /// @notice Most blocks for which a rule may keep loops from a field it changed.
    uint32 public constant MAXIMUM_HOLD_BLOCKS = 100_000;

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
    /// @param fields length of the loop's vector
    /// @param since height of the last switch
    /// @param dwellBlocks least blocks between two switches by the owner
    /// @param invariants bit k is set when invariant k reads a field or parameter of the loop
    struct Loop {
        uint8 mode;
        uint8 fields;
        uint64 since;
        uint32 dwellBlocks;
        uint16 invariants;
    }

    /// @param loops bit i is set when the code reads a field or parameter of loop i
    /// @param code an expression; at most 0 is obeyed (Invariants.sol)
    struct Invariant {
        uint256 loops;
        bytes code;
    }

    /// @notice One field's new rules, for `amend`.
    struct Amendment {
        bytes32 loop;
        uint256 field;
        Actuator rules;
    }

    /// @dev What a ruling looks at, read once.
    struct Case {
        uint256 index;
        Loop loop;
        uint256[2] vector;
        Actuator[] rules;
    }

    uint256[32] private _vectors; // slot 0
    bytes32[32] private _parameters; // slot 32: two words a loop, sixteen uint32
    Loop[16] private _loops; // slot 64
    bytes32[16] private _names; // slot 80
    address public owner; // slot 96
    uint8 public loopCount;
    address public guardian; // slot 97
    uint64 public guardianExpiry;
    mapping(bytes32 name => uint256 indexPlusOne) private _places; // slot 98
    Invariant[16] private _invariants; // slot 99
    Actuator[128] private _actuators; // slot 131: field f of loop i at 131 + 2 (8i + f)

    event LoopAdded(bytes32 indexed loop, uint256 index, uint64[] values);
    event Ratified(bytes32 indexed loop, uint64[] values);
    event ActuatorAmended(bytes32 indexed loop, uint256 indexed field, Actuator actuator);
    event InvariantAmended(uint256 indexed index, bytes code);
    event ParametersAmended(bytes32 indexed loop, bytes32[2] parameters);
    event ModeChanged(bytes32 indexed loop, uint8 mode, address by);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    error NotOwner();
    error NotGuardian();
    error NotSteering();
    error NotRules();
    error UnknownLoop();
    error KnownLoop();
    error TooMany();
    error Dwelling(uint256 until);
    error Illegal(uint16 rule);
    error Malformed();

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
        uint256 place = _places[loop];
        if (place == 0) {
            return Ruling(ACTOR_NONE, RULING_REFUSED, REFUSED_LOOP, REFUSED_LOOP, new uint64[](0));
        }
        Case memory c = _case(place - 1);
        if (c.loop.mode == MODE_ACT && modelProposal.length != 0) {
            ruling.modelRefusal = _judge(c, modelProposal);
            if (ruling.modelRefusal == 0) return _apply(c, ruling, ACTOR_MODEL, modelProposal, 0);
        }
        ruling.twinRefusal = _judge(c, twinProposal);
        if (ruling.twinRefusal == 0) return _apply(c, ruling, ACTOR_TWIN, twinProposal, 0);
        ruling.ruling = RULING_REFUSED;
        ruling.inForce = _unpack(c.vector, c.loop.fields);
    }

    /// @notice A rule's change of a loop's vector, under the same law as a loop's own. For so many
    /// blocks the fields it changes are then cooling: what people's rule set, the loop leaves alone.
    function decideByRule(bytes32 loop, uint64[] calldata proposal, uint32 holdBlocks)
        external
        returns (Ruling memory ruling)
    {
        if (msg.sender != RULES) revert NotRules();
        if (holdBlocks > MAXIMUM_HOLD_BLOCKS) revert TooMany();
        Case memory c = _case(_index(loop));
        ruling.modelRefusal = _judge(c, proposal);
        if (ruling.modelRefusal == 0) return _apply(c, ruling, ACTOR_RULE, proposal, holdBlocks);
        ruling.ruling = RULING_REFUSED;
        ruling.inForce = _unpack(c.vector, c.loop.fields);
    }

    /// @notice What `decide` would say of a vector now: 0, or the first rule that refuses it.
    function judge(bytes32 loop, uint64[] calldata proposal) external view returns (uint16 refusal) {
        uint256 place = _places[loop];
        return place == 0 ? REFUSED_LOOP : _judge(_case(place - 1), proposal);
    }

    /// @notice The names of all loops, in the order of their places.
    function loops() external view returns (bytes32[] memory names) {
        names = new bytes32[](loopCount);
        for (uint256 i = 0; i < names.length; i++) names[i] = _names[i];
    }

    /// @notice The loop's vector in force for the next block.
    function inForce(bytes32 loop) external view returns (uint64[] memory) {
        uint256 i = _index(loop);
        return _unpack(_vectorOf(i), _loops[i].fields);
    }

    /// @notice The vector people last voted for.
    function ratified(bytes32 loop) external view returns (uint64[] memory values) {
        uint256 i = _index(loop);
        values = new uint64[](_loops[i].fields);
        for (uint256 f = 0; f < values.length; f++) values[f] = _actuators[8 * i + f].ratified;
    }

    /// @notice A field's rules.
    function actuator(bytes32 loop, uint256 field) external view returns (Actuator memory) {
        return _actuators[_field(loop, field)];
    }

    /// @notice A loop's mode, length, last switch and dwell.
    function loopState(bytes32 loop) external view returns (Loop memory) {
        return _loops[_index(loop)];
    }

    /// @notice The loop's settings: sixteen uint32, lowest first; their meaning is the loop's.
    function parameters(bytes32 loop) external view returns (bytes32[2] memory) {
        uint256 i = _index(loop);
        return [_parameters[2 * i], _parameters[2 * i + 1]];
    }

    /// @notice An invariant's code, empty where there is none.
    function invariant(uint256 index) external view returns (bytes memory) {
        return _invariants[index].code;
    }

    /// @notice What a rule's condition reads: a field in force (kind 3, place 8 * loop + field) or a
    /// parameter (kind 4, place 16 * loop + parameter), as in invariants.
    function valueAt(uint8 kind, uint8 place) external view returns (uint64) {
        if (kind == Invariants.FIELD) {
            return uint64(_vectors[place >> 2] >> (64 * (place & 3)));
        }
        return uint32(uint256(_parameters[place >> 3]) >> (32 * (place & 7)));
    }

    /// @notice The name and mode of the loop in a place; zero where there is none.
    function loopAt(uint256 place) external view returns (bytes32 name, uint8 mode) {
        return (_names[place], _loops[place].mode);
    }

    /// @notice A loop's mode.
    function modeOf(bytes32 loop) external view returns (uint8) {
        return _loops[_index(loop)].mode;
    }

    /// @notice Adds a loop, off, with the ratified values in force. A node that does not know it
    /// proposes nothing for it.
    function addLoop(
        bytes32 loop,
        uint32 dwellBlocks,
        bytes32[2] calldata settings,
        Actuator[] calldata rules
    ) external onlyOwner {
        if (_places[loop] != 0 || loop == 0 || uint64(uint256(loop)) != 0) revert KnownLoop();
        uint256 i = loopCount;
        if (i == MAXIMUM_LOOPS || rules.length > MAXIMUM_FIELDS) revert TooMany();
        if (rules.length == 0) revert Malformed();
        uint64[] memory values = new uint64[](rules.length);
        for (uint256 f = 0; f < rules.length; f++) {
            _requireInside(f, rules[f]);
            values[f] = rules[f].ratified;
            _actuators[8 * i + f] = rules[f];
            _actuators[8 * i + f].changedAt = uint64(block.number);
        }
        _places[loop] = i + 1;
        _names[i] = loop;
        _loops[i] = Loop(MODE_OFF, uint8(rules.length), uint64(block.number), dwellBlocks, 0);
        (_parameters[2 * i], _parameters[2 * i + 1]) = (settings[0], settings[1]);
        _store(i, _pack(values));
        loopCount = uint8(i + 1);
        emit LoopAdded(loop, i, values);
    }

    /// @notice Sets what a loop is measured from. The vector in force steps there by decisions.
    function ratify(bytes32 loop, uint64[] calldata values) external onlyOwner {
        uint256 i = _index(loop);
        if (values.length != _loops[i].fields) revert Illegal(REFUSED_LENGTH);
        for (uint256 f = 0; f < values.length; f++) {
            Actuator memory rules = _actuators[8 * i + f];
            rules.ratified = values[f];
            _requireInside(f, rules);
            _actuators[8 * i + f].ratified = values[f];
        }
        _requireInvariants();
        emit Ratified(loop, values);
    }

    /// @notice Changes the rules of fields, all or none. A vector in force that they make illegal is
    /// left in force; decisions then lead it back.
    function amend(Amendment[] calldata amendments) external onlyOwner {
        for (uint256 k = 0; k < amendments.length; k++) {
            Amendment calldata a = amendments[k];
            uint256 place = _field(a.loop, a.field);
            _requireInside(a.field, a.rules);
            uint64 changedAt = _actuators[place].changedAt;
            _actuators[place] = a.rules;
            _actuators[place].changedAt = changedAt;
            emit ActuatorAmended(a.loop, a.field, a.rules);
        }
        _requireInvariants();
    }

    /// @notice Writes an invariant, or removes it with empty code; the ratified vectors must obey.
    function setInvariant(uint256 index, bytes calldata code) external onlyOwner {
        if (index >= MAXIMUM_INVARIANTS) revert TooMany();
        uint256 mask = Invariants.check(code, MAXIMUM_LOOPS);
        if (mask >> loopCount != 0) revert UnknownLoop();
        for (uint256 i = 0; i < loopCount; i++) {
            uint16 others = _loops[i].invariants & ~uint16(1 << index);
            _loops[i].invariants = others | (mask >> i & 1 != 0 ? uint16(1 << index) : 0);
        }
        _invariants[index] = Invariant(mask, code);
        _requireInvariants();
        emit InvariantAmended(index, code);
    }

    /// @notice Changes a loop's settings; invariants may read them, and the ratified vectors obey.
    function setParameters(bytes32 loop, bytes32[2] calldata settings) external onlyOwner {
        uint256 i = _index(loop);
        (_parameters[2 * i], _parameters[2 * i + 1]) = (settings[0], settings[1]);
        _requireInvariants();
        emit ParametersAmended(loop, settings);
    }

    /// @notice Switches a loop between act, advise and off, at most once a dwell: by the owner, or by
    /// a rule that a vote adopted.
    function setMode(bytes32 loop, uint8 mode) external {
        if (msg.sender != owner && msg.sender != RULES) revert NotOwner();
        if (mode > MODE_OFF) revert Malformed();
        Loop storage state = _loops[_index(loop)];
        uint256 until = uint256(state.since) + state.dwellBlocks;
        if (block.number < until) revert Dwelling(until);
        _switch(loop, mode);
    }

    /// @notice The guardian may restrain, never loosen. No dwell: off steps to the ratified vector
    /// without a jump.
    function switchOff(bytes32 loop) external {
        _requireGuardian();
        _switch(loop, MODE_OFF);
    }

    /// @notice The guardian's milder power, over a loop that acts: its model only speaks from the
    /// next block on, and the twin goes on from the vector in force.
    function switchToAdvise(bytes32 loop) external {
        _requireGuardian();
        uint256 i = _index(loop);
        if (_loops[i].mode != MODE_ACT) revert Illegal(REFUSED_MODE);
        _switch(loop, MODE_ADVISE);
    }

    /// @notice Ends the guardian's term. Nobody can lengthen it.
    function dismissGuardian() external onlyOwner {
        guardian = address(0);
    }

    /// @notice Gives the Constitution to another owner: by vote.
    function transferOwnership(address newOwner) external onlyOwner {
        emit OwnershipTransferred(owner, newOwner);
        owner = newOwner;
    }

    function _requireGuardian() private view {
        if (msg.sender != guardian || block.timestamp >= guardianExpiry) revert NotGuardian();
    }

    function _switch(bytes32 loop, uint8 mode) private {
        uint256 i = _index(loop);
        Loop storage state = _loops[i];
        state.mode = mode;
        state.since = uint64(block.number);
        // Off must be able to step every field home: no rule's hold outlives it.
        for (uint256 f = 0; mode == MODE_OFF && f < state.fields; f++) {
            Actuator storage rules = _actuators[8 * i + f];
            if (rules.changedAt > block.number) rules.changedAt = uint64(block.number);
        }
        emit ModeChanged(loop, mode, msg.sender);
    }

    function _judge(Case memory c, uint64[] calldata proposal) private view returns (uint16) {
        if (proposal.length != c.loop.fields) return REFUSED_LENGTH;
        for (uint256 f = 0; f < proposal.length; f++) {
            uint16 refusal =
                _judgeChange(f, _at(c.vector, f), proposal[f], c.rules[f], c.loop.mode);
            if (refusal != 0) return refusal;
        }
        return _judgeVector(c, _pack(proposal));
    }

    /// @dev Rules about the way from one value to the next.
    function _judgeChange(uint256 f, uint64 from, uint64 to, Actuator memory rules, uint8 mode)
        private
        view
        returns (uint16)
    {
        if (from == to) return 0;
        if (mode == MODE_OFF && !_isBetween(to, from, rules.ratified)) {
            return REFUSED_MODE | uint16(f);
        }
        uint256 step = uint256(from) * rules.stepBasisPoints / BASIS;
        if (step == 0) step = 1;
        if ((to > from ? to - from : from - to) > step) return REFUSED_STEP | uint16(f);
        if (block.number < uint256(rules.changedAt) + rules.cooldownBlocks) {
            return REFUSED_COOLDOWN | uint16(f);
        }
        return 0;
    }

    /// @dev Rules about a vector. From a legal one only a legal one may follow. From one that has
    /// become illegal passes what worsens no rule and reduces one (or is legal), and what moves
    /// fields toward their ratified values and none away: the sum of distances falls with each such
    /// step, so the ratified vector, which is legal, is reached whatever the rules have become.
    function _judgeVector(Case memory c, uint256[2] memory proposed)
        private
        view
        returns (uint16)
    {
        uint256[] memory broken = _violations(c, proposed);
        uint16 first = _firstViolated(c, broken);
        if (first == 0 || (proposed[0] == c.vector[0] && proposed[1] == c.vector[1])) return 0;
        uint256[] memory before = _violations(c, c.vector);
        bool reduces = false;
        uint16 worsened = 0;
        for (uint256 r = 0; r < broken.length; r++) {
            if (broken[r] > before[r] && worsened == 0) worsened = _ruleCode(c, r);
            if (broken[r] < before[r]) reduces = true;
        }
        if (worsened == 0 && reduces) return 0;
        if (_firstViolated(c, before) != 0 && _isHoming(c, proposed)) return 0;
        return worsened != 0 ? worsened : first;
    }

    /// @dev No field leaves the way between its value and the ratified one.
    function _isHoming(Case memory c, uint256[2] memory proposed) private pure returns (bool) {
        for (uint256 f = 0; f < c.loop.fields; f++) {
            uint64 to = _at(proposed, f);
            if (!_isBetween(to, _at(c.vector, f), c.rules[f].ratified)) return false;
        }
        return true;
    }

    /// @dev By how much a vector breaks each rule: three of each field, then the invariants that
    /// read this loop; 0 where it obeys.
    function _violations(Case memory c, uint256[2] memory vector)
        private
        view
        returns (uint256[] memory broken)
    {
        uint256 fields = c.loop.fields;
        broken = new uint256[](3 * fields + MAXIMUM_INVARIANTS);
        unchecked {
            for (uint256 f = 0; f < fields; f++) {
                Actuator memory rules = c.rules[f];
                uint256 value = _at(vector, f);
                uint256 anchor = rules.ratified;
                uint256 ratio = rules.distanceBasisPoints;
                broken[f * 3] = _excess(rules.minimum, value);
                broken[f * 3 + 1] = _excess(value, rules.maximum);
                broken[f * 3 + 2] = _excess(value * BASIS, anchor * ratio)
                    + _excess(anchor * BASIS, value * ratio);
            }
            for (uint256 k = 0; k < MAXIMUM_INVARIANTS; k++) {
                if (c.loop.invariants >> k & 1 == 0) continue;
                broken[3 * fields + k] =
                    _violation(_invariants[k].code, c.index, vector, false);
            }
        }
    }

    /// @dev Fields are those of `vector` for its loop, else those in force; with `ofRatified`, all
    /// are the ratified ones.
    function _violation(bytes memory code, uint256 index, uint256[2] memory vector, bool ofRatified)
        private
        view
        returns (uint256)
    {
        Invariants.Machine memory m;
        while (Invariants.advance(m, code)) {
            uint256 place = m.operand;
            if (m.reads == Invariants.FIELD) {
                if (ofRatified) Invariants.push(m, _actuators[place].ratified);
                else if (place >> 3 == index) Invariants.push(m, _at(vector, place & 7));
                else Invariants.push(m, uint64(_vectors[place >> 2] >> (64 * (place & 3))));
            } else {
                uint256 word = uint256(_parameters[place >> 3]);
                Invariants.push(m, uint32(word >> (32 * (place & 7))));
            }
        }
        return Invariants.excess(m);
    }

    function _apply(
        Case memory c,
        Ruling memory ruling,
        uint8 actor,
        uint64[] calldata proposal,
        uint32 holdBlocks
    ) private returns (Ruling memory) {
        ruling.actor = actor;
        ruling.inForce = proposal;
        for (uint256 f = 0; f < proposal.length; f++) {
            if (proposal[f] != _at(c.vector, f)) {
                _actuators[8 * c.index + f].changedAt = uint64(block.number) + holdBlocks;
                ruling.ruling = RULING_APPLIED;
            }
        }
        if (ruling.ruling == RULING_APPLIED) _store(c.index, _pack(proposal));
        return ruling;
    }

    function _case(uint256 index) private view returns (Case memory c) {
        c.index = index;
        c.loop = _loops[index];
        c.vector = _vectorOf(index);
        c.rules = new Actuator[](c.loop.fields);
        for (uint256 f = 0; f < c.rules.length; f++) c.rules[f] = _actuators[8 * index + f];
    }

    function _vectorOf(uint256 index) private view returns (uint256[2] memory vector) {
        vector[0] = _vectors[2 * index];
        if (_loops[index].fields > 4) vector[1] = _vectors[2 * index + 1];
    }

    function _store(uint256 index, uint256[2] memory vector) private {
        _vectors[2 * index] = vector[0];
        if (_loops[index].fields > 4) _vectors[2 * index + 1] = vector[1];
    }

    function _index(bytes32 loop) private view returns (uint256) {
        uint256 place = _places[loop];
        if (place == 0) revert UnknownLoop();
        return place - 1;
    }

    function _field(bytes32 loop, uint256 field) private view returns (uint256) {
        uint256 i = _index(loop);
        if (field >= _loops[i].fields) revert Malformed();
        return 8 * i + field;
    }

    /// @dev The ratified vectors obey all invariants, so that there always is a legal state.
    function _requireInvariants() private view {
        uint256[2] memory none;
        for (uint256 k = 0; k < MAXIMUM_INVARIANTS; k++) {
            if (_invariants[k].loops == 0) continue;
            if (_violation(_invariants[k].code, 0, none, true) != 0) {
                revert Illegal(REFUSED_INVARIANT | uint16(k));
            }
        }
    }

    /// @dev A field that could never move, or whose ratified value is out of bounds, is no rule.
    function _requireInside(uint256 field, Actuator memory rules) private pure {
        if (rules.ratified < rules.minimum) revert Illegal(REFUSED_LOWER_BOUND | uint16(field));
        if (rules.ratified > rules.maximum) revert Illegal(REFUSED_UPPER_BOUND | uint16(field));
        if (rules.distanceBasisPoints < BASIS) revert Illegal(REFUSED_DISTANCE | uint16(field));
    }

    function _firstViolated(Case memory c, uint256[] memory broken) private pure returns (uint16) {
        for (uint256 r = 0; r < broken.length; r++) {
            if (broken[r] != 0) return _ruleCode(c, r);
        }
        return 0;
    }

    function _ruleCode(Case memory c, uint256 r) private pure returns (uint16) {
        uint256 fieldRules = 3 * uint256(c.loop.fields);
        if (r >= fieldRules) return REFUSED_INVARIANT | uint16(r - fieldRules);
        return (REFUSED_LOWER_BOUND + uint16(r % 3) * 256) | uint16(r / 3);
    }

    function _isBetween(uint64 value, uint64 a, uint64 b) private pure returns (bool) {
        return a <= b ? a <= value && value <= b : b <= value && value <= a;
    }

    function _excess(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            return a > b ? a - b : 0;
        }
    }

    function _at(uint256[2] memory vector, uint256 f) private pure returns (uint64) {
        return uint64(vector[f >> 2] >> (64 * (f & 3)));
    }

    function _pack(uint64[] memory values) private pure returns (uint256[2] memory vector) {
        for (uint256 f = 0; f < values.length; f++) {
            vector[f >> 2] |= uint256(values[f]) << (64 * (f & 3));
        }
    }

    function _unpack(uint256[2] memory vector, uint256 fields)
        private
        pure
        returns (uint64[] memory values)
    {
        values = new uint64[](fields);
        for (uint256 f = 0; f < fields; f++) values[f] = _at(vector, f);
    }
}
