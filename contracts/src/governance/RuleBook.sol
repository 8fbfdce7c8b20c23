// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "../ISteering.sol";
import "./IGovernance.sol";
import "./RuleConditions.sol";
import {RuleExecutor} from "./RuleExecutor.sol";
import {Treasury} from "./Treasury.sol";

/// @notice What the RuleBook asks of the Constitution.
interface IRuledConstitution is IConstitution {
    /// @notice Changes a loop's vector for a rule, or says which law refuses it.
    function decideByRule(bytes32 loop, uint64[] calldata proposal, uint32 holdBlocks)
        external
        returns (Ruling memory);

    /// @notice Switches a loop's mode, at most once a dwell.
    function setMode(bytes32 loop, uint8 mode) external;

    /// @notice A loop's vector in force.
    function inForce(bytes32 loop) external view returns (uint64[] memory);

    /// @notice A field in force or a parameter, by its place.
    function valueAt(uint8 kind, uint8 place) external view returns (uint64);

    /// @notice The name and mode of the loop in a place.
    function loopAt(uint256 place) external view returns (bytes32 name, uint8 mode);

    /// @notice Mode of a loop by name.
    function modeOf(bytes32 loop) external view returns (uint8);
}

/// @notice What the RuleBook asks of the ModelRegistry.
interface IRuledModels {
    /// @notice Seats a model.
    function setChampion(bytes32 loop, bytes32 modelHash) external;

    /// @notice Ends a model's life.
    function retire(bytes32 modelHash, bytes32 loop) external;
}

/// @notice What the RuleBook asks of Steering.
interface ISteeringRecord {
    /// @notice A loop's last outcome.
    function lastOutcome(bytes32 loop)
        external
        view
        returns (int64 realised, int64 modelError, int64 twinError, uint64 height);

    /// @notice A loop's number of decisions and the height of the last.
    function decisionsOf(bytes32 loop) external view returns (uint64 decided, uint64 lastHeight);
}

/// @title Standing rules: what people voted for once, carried out by the chain
/// @notice A rule is a condition over what the chain knows of itself and one typed action, under
/// limits: how often, how many times, until when, for how much. Anyone writes one down under a bond;
/// a vote adopts it; from then on transaction 0 evaluates it once in every epoch of four blocks. A
/// rule whose condition holds in one epoch is armed; in a later one, with the condition checked again
/// in the same step, it is carried out. Two epochs after it fired the chain records what became of
/// what it read, whether the rule is still in force or not.
/// @dev Steering calls `run` once a block with a fixed share of transaction 0's gas. A rule has its
/// block of the epoch (its phase) from adoption on; adoption is refused where no phase has a place and
/// enough cost left, so that every rule in force is evaluated in every epoch within the gas.
/// What a rule may do to the protocol is a typed action that the Constitution or the registry judges;
/// everything else is a call from RuleExecutor, which has no privilege. Records of the last 1,024
/// blocks are what conditions read (docs/spec/governance.md).
contract RuleBook is IRuleBook {
    using RuleConditions for RuleConditions.Machine;

    address public constant STEERING = AT_STEERING;
    IRuledConstitution public constant CONSTITUTION = IRuledConstitution(AT_CONSTITUTION);
    IRuledModels public constant MODELS = IRuledModels(AT_MODELS);
    address public constant TIMELOCK = AT_TIMELOCK;
    RuleExecutor public constant EXECUTOR = RuleExecutor(payable(AT_EXECUTOR));
    Treasury public constant TREASURY = Treasury(payable(AT_TREASURY));
    /// @notice The loop whose mode says whether rules act, only arm (advise), or rest (off).
    bytes32 public constant LOOP = RULES_LOOP;

    uint256 public constant RING = 1_024;
    /// @notice Rules in force at a time.
    uint256 public constant MAXIMUM_ACTIVE = 16;
    /// @notice Blocks of an epoch: every rule in force is evaluated once in each.
    uint256 public constant PHASES = 4;
    /// @notice Rules evaluated in one block.
    uint256 public constant PLACES = 4;
    /// @notice Blocks after which the outcome of a firing is recorded.
    uint256 public constant HORIZON = 8;
    /// @notice Firings that may wait for their outcome. One a block comes and one a block goes, so
    /// more than a few wait only where reads fail.
    uint256 public constant WAITING = 64;
    /// @notice Most a rule may cost (one evaluation by the blocks it must hold for, in units), and
    /// most that the rules of one phase may cost together.
    uint256 public constant MAXIMUM_COST = 1_536;
    /// @notice Most that a condition's first read may cost: the one that outcomes are measured by,
    /// which is read beside a full phase where the rule is gone.
    uint256 public constant MAXIMUM_READING_COST = 600;
    uint256 public constant MAXIMUM_SUSTAIN = 64;
    uint256 public constant MAXIMUM_ACTION_BYTES = 2_048;
    uint256 public constant MAXIMUM_PURPOSE_BYTES = 512;
    uint256 public constant MAXIMUM_TERM = 366 days;
    /// @notice Gas of a rule's call.
    uint256 public constant MAXIMUM_CALL_GAS = 200_000;
    uint256 public constant MAXIMUM_HOLD_BLOCKS = 100_000;
    uint256 public constant MAXIMUM_READINGS = 16;
    /// @notice Failures in a row that suspend a rule.
    uint256 public constant FAILURES = 3;
    /// @notice Wei that stand behind a rule; lost where it is suspended.
    uint256 public constant BOND = GOVERNANCE_BOND;

    uint8 public constant KIND_VECTOR = 1;
    uint8 public constant KIND_MODE = 2;
    uint8 public constant KIND_PROMOTE = 3;
    uint8 public constant KIND_RETIRE = 4;
    uint8 public constant KIND_PAY = 5;
    uint8 public constant KIND_CALL = 6;

    uint8 public constant OPERATION_SET = 0;
    uint8 public constant OPERATION_SCALE = 1;
    uint8 public constant OPERATION_ADD = 2;
    uint8 public constant OPERATION_SUBTRACT = 3;

    uint8 public constant STATUS_NONE = 0;
    uint8 public constant STATUS_WRITTEN = 1;
    uint8 public constant STATUS_ACTIVE = 2;
    uint8 public constant STATUS_SUSPENDED = 3;
    uint8 public constant STATUS_ENDED = 4;

    /// @notice Why a rule that fired did nothing. Told apart from a model's failures by its size.
    uint16 public constant FAILURE_REFUSED = 201;
    uint16 public constant FAILURE_BUDGET = 202;
    uint16 public constant FAILURE_ACTION = 203;

    /// @dev Gas of an evaluation beside its condition's: loading the rule, arming it.
    uint256 private constant VISIT_GAS = 60_000;
    /// @dev Gas of carrying a rule out, with the record of it.
    uint256 private constant FIRING_GAS = 340_000;
    uint256 private constant GAS_OF_COST = 340;
    /// @dev Gas of reading what became of a firing whose rule is not evaluated in the block.
    uint256 private constant SETTLING_GAS = 40_000 + MAXIMUM_READING_COST * GAS_OF_COST;
    uint16 private constant REFUSED_COOLDOWN = 6;
    /// @dev `Dwelling(uint256)` of the Constitution: a loop's mode was switched a moment ago.
    bytes4 private constant DWELLING = bytes4(keccak256("Dwelling(uint256)"));

    /// @param condition code of RuleConditions
    /// @param kind KIND_*
    /// @param action ABI encoding of what the kind takes (docs/spec/governance.md, "Actions")
    /// @param sustainBlocks the condition must have held in each of the last so many blocks
    /// @param intervalSeconds least time between two firings
    /// @param maximumFirings after so many it ends
    /// @param expiry unix seconds at which it ends
    /// @param budget wei it may spend in all
    /// @param purpose why, for people
    struct Rule {
        bytes condition;
        uint8 kind;
        bytes action;
        uint32 sustainBlocks;
        uint32 intervalSeconds;
        uint32 maximumFirings;
        uint64 expiry;
        uint256 budget;
        string purpose;
    }

    /// @param bonder who wrote it down and gets the bond back
    /// @param status STATUS_*
    /// @param failures in a row
    /// @param firings so far, those that failed included
    /// @param bond wei
    /// @param spent wei of its budget
    /// @param lastFired unix seconds
    /// @param armedAt height at which its condition was first seen to hold, 0 when it is not armed
    /// @param cost of one evaluation
    /// @param phase its block of the epoch, while it is in force
    struct State {
        address bonder;
        uint8 status;
        uint8 failures;
        uint32 firings;
        uint256 bond;
        uint256 spent;
        uint64 lastFired;
        uint64 armedAt;
        uint32 cost;
        uint8 phase;
    }

    /// @dev A firing whose outcome is not recorded yet.
    /// @param rule that fired
    /// @param decision its number plus one
    /// @param firedAt height
    /// @param reading what the condition's first read gave
    struct Waiting {
        bytes32 rule;
        uint64 decision;
        uint64 firedAt;
        uint64 reading;
    }

    /// @dev What a block's visits share.
    /// @param acts rules are carried out, and there is room for one more to wait for its outcome
    /// @param due the firing whose outcome is due; its rule is zero: none
    /// @param ready rules to carry out, in the order of this epoch
    /// @param visits what each of them read
    /// @param count of them
    struct Turn {
        bool acts;
        Waiting due;
        bytes32[4] ready;
        Visit[4] visits;
        uint256 count;
    }

    /// @dev What one visit works on.
    struct Visit {
        uint64[] readings;
        uint256 reads;
        bool isKnown;
    }

    uint256[RING] private _records; // slot 0
    mapping(bytes32 id => Rule) private _rules; // slot 1024
    mapping(bytes32 id => State) private _states; // slot 1025
    bytes32[] private _active; // slot 1026
    uint256 private _loads; // slot 1027: cost of the rules of phase p in 64 bits from 64 p
    bytes32[16] private _places; // slot 1028: place q of phase p at 1028 + 4 p + q
    uint64 private _fired; // slot 1044: firings so far
    uint64 private _settled; // of these, those with an outcome
    Waiting[WAITING] private _waiting; // slot 1045: firing n at 1045 + 2 (n mod 64)
    bool private transient _running;

    event RuleWritten(bytes32 indexed id, address indexed by, string purpose);
    event RuleAdopted(bytes32 indexed id);
    event RuleArmed(bytes32 indexed id, uint256 height);
    event RuleEnded(bytes32 indexed id, uint8 status);
    event RuleResumed(bytes32 indexed id);
    event BondReturned(bytes32 indexed id, address to, uint256 amount);

    error NotSteering();
    error NotTimelock();
    error Nested();
    error KnownRule();
    error WrongStatus(uint8 status);
    error TooMany();
    /// @notice No phase of the epoch has a place and enough cost left: repeal a rule first.
    error EpochFull();
    error BadBond();
    error BadLimits();
    error BadAction();
    error TooCostly(uint256 cost);
    /// @notice The condition's first read, which outcomes are measured by, costs too much: put a
    /// cheaper one first.
    error ReadingTooCostly(uint256 cost);
    error SystemTarget(address target);
    error NotReleased();

    modifier onlyTimelock() {
        if (msg.sender != TIMELOCK) revert NotTimelock();
        _;
    }

    /// @dev What a rule's own call reaches must not change rules meanwhile.
    modifier notNested() {
        if (_running) revert Nested();
        _;
    }

    /// @notice Writes a rule down under a bond. Its id is the keccak256 of its ABI encoding, so what
    /// a vote adopts is exactly what was read.
    function write(Rule calldata rule) external payable notNested returns (bytes32 id) {
        id = keccak256(abi.encode(rule));
        if (_states[id].status != STATUS_NONE) revert KnownRule();
        if (msg.value != BOND) revert BadBond();
        uint256 cost = RuleConditions.check(rule.condition);
        _checkLimits(rule, cost);
        uint256 reading = RuleConditions.readingCost(rule.condition);
        if (reading > MAXIMUM_READING_COST) revert ReadingTooCostly(reading);
        checkAction(rule.kind, rule.action);
        _rules[id] = rule;
        State storage state = _states[id];
        (state.bonder, state.status, state.bond) = (msg.sender, STATUS_WRITTEN, msg.value);
        state.cost = uint32(cost);
        emit RuleWritten(id, msg.sender, rule.purpose);
    }

    /// @notice Puts a rule into force: by vote.
    function adopt(bytes32 id) external onlyTimelock notNested {
        State storage state = _states[id];
        if (state.status != STATUS_WRITTEN) revert WrongStatus(state.status);
        if (_active.length == MAXIMUM_ACTIVE) revert TooMany();
        if (_rules[id].expiry <= block.timestamp) revert BadLimits();
        state.status = STATUS_ACTIVE;
        _place(id, state);
        emit RuleAdopted(id);
    }

    /// @notice Takes a rule out of force: by vote. Its bond may be taken back.
    function repeal(bytes32 id) external onlyTimelock notNested {
        uint8 status = _states[id].status;
        if (status == STATUS_ACTIVE) _remove(id);
        else if (status != STATUS_WRITTEN) revert WrongStatus(status);
        _end(id, STATUS_ENDED);
    }

    /// @notice Puts a suspended rule back into force, by vote; whoever wants it pays its bond anew.
    function resume(bytes32 id) external payable onlyTimelock notNested {
        State storage state = _states[id];
        if (state.status != STATUS_SUSPENDED) revert WrongStatus(state.status);
        if (msg.value != BOND) revert BadBond();
        if (_active.length == MAXIMUM_ACTIVE) revert TooMany();
        (state.status, state.failures, state.bond) = (STATUS_ACTIVE, 0, msg.value);
        _place(id, state);
        emit RuleResumed(id);
    }

    /// @notice Returns the bond of a rule that has ended, or was never adopted and is over.
    function withdraw(bytes32 id) external notNested {
        State storage state = _states[id];
        bool isOver = state.status == STATUS_ENDED
            || (state.status == STATUS_WRITTEN && block.timestamp >= _rules[id].expiry);
        if (!isOver || state.bond == 0) revert NotReleased();
        (address to, uint256 amount) = (state.bonder, state.bond);
        state.bond = 0;
        if (state.status == STATUS_WRITTEN) state.status = STATUS_ENDED;
        emit BondReturned(id, to, amount);
        (bool done,) = to.call{value: amount}("");
        if (!done) revert NotReleased();
    }

    /// @inheritdoc IRuleBook
    function run(
        uint64 intervalMs,
        uint64 demandGas,
        uint64 baseFee,
        bytes32 estimators,
        uint64 decision
    ) external returns (Firing memory firing) {
        if (msg.sender != STEERING) revert NotSteering();
        _records[block.number % RING] = _pack(intervalMs, demandGas, baseFee, estimators);
        Turn memory turn;
        uint256 waits = _fired - _settled;
        if (waits != 0) turn.due = _due();
        uint256 phase = block.number % PHASES;
        bool isEmpty = uint64(_loads >> (64 * phase)) == 0;
        if (isEmpty && turn.due.rule == 0) return firing;
        uint8 mode = CONSTITUTION.modeOf(LOOP);
        if (mode != 2 && !isEmpty) {
            turn.acts = mode == 0 && waits < WAITING;
            _visitAll(phase, turn, firing);
        }
        if (turn.due.rule != 0 && firing.scored == 0) _settle(turn.due, firing);
        if (firing.scored != 0) _settled++;
        // Last: what a rule does must not take the gas that others are evaluated with.
        _running = true;
        for (uint256 i = 0; i < turn.count && firing.rule == 0; i++) {
            if (gasleft() >= FIRING_GAS) _fire(turn.ready[i], baseFee, turn.visits[i], firing);
        }
        _running = false;
        if (firing.rule != 0) {
            _waiting[_fired++ % WAITING] =
                Waiting(firing.rule, decision + 1, uint64(block.number), firing.readings[0]);
        }
    }

    /// @notice A rule as it was written.
    function ruleOf(bytes32 id) external view returns (Rule memory) {
        return _rules[id];
    }

    /// @notice Where a rule stands.
    function stateOf(bytes32 id) external view returns (State memory) {
        return _states[id];
    }

    /// @notice The rules in force.
    function active() external view returns (bytes32[] memory) {
        return _active;
    }

    /// @notice The record of a recent block, zero when it is not kept.
    function record(uint256 height) external view returns (uint256) {
        uint256 word = _records[height % RING];
        return uint32(word) == uint32(height) ? word : 0;
    }

    /// @notice Whether a condition holds now, sustained, and what it read.
    function evaluate(bytes calldata condition, uint256 sustainBlocks)
        external
        view
        returns (bool isHeld, uint64[] memory readings)
    {
        if (RuleConditions.check(condition) * sustainBlocks > MAXIMUM_COST) revert TooCostly(0);
        Visit memory visit;
        isHeld = _holds(condition, sustainBlocks, visit);
        readings = _trim(visit);
    }

    /// @notice Reverts for an action that no rule may have.
    function checkAction(uint8 kind, bytes calldata action) public pure {
        if (action.length > MAXIMUM_ACTION_BYTES) revert BadAction();
        if (kind == KIND_VECTOR) {
            (
                bytes32 loop,
                uint32 hold,
                uint8[] memory fields,
                uint8[] memory operations,
                uint64[] memory values
            ) = abi.decode(action, (bytes32, uint32, uint8[], uint8[], uint64[]));
            bool isWhole = fields.length == operations.length && fields.length == values.length;
            if (!isWhole || fields.length == 0 || fields.length > 8) revert BadAction();
            if (hold > MAXIMUM_HOLD_BLOCKS || loop == LOOP) revert BadAction();
            for (uint256 i = 0; i < fields.length; i++) {
                if (fields[i] > 7 || operations[i] > OPERATION_SUBTRACT) revert BadAction();
            }
        } else if (kind == KIND_MODE) {
            (bytes32 loop, uint8 mode) = abi.decode(action, (bytes32, uint8));
            if (mode > 2 || loop == LOOP) revert BadAction();
        } else if (kind == KIND_PROMOTE || kind == KIND_RETIRE) {
            abi.decode(action, (bytes32, bytes32));
        } else if (kind == KIND_PAY) {
            (address to,) = abi.decode(action, (address, uint256));
            if (_isSystem(to)) revert SystemTarget(to);
        } else if (kind == KIND_CALL) {
            (address target,, uint32 gasCap,) =
                abi.decode(action, (address, uint256, uint32, bytes));
            if (_isSystem(target)) revert SystemTarget(target);
            if (gasCap > MAXIMUM_CALL_GAS) revert BadAction();
        } else {
            revert BadAction();
        }
    }

    function _visitAll(uint256 phase, Turn memory turn, Firing memory firing) private {
        // Another is first in each epoch: of several that are armed, each has its turn.
        uint256 first = block.number / PHASES;
        for (uint256 i = 0; i < PLACES; i++) {
            bytes32 id = _places[PLACES * phase + (first + i) % PLACES];
            if (id == 0) continue;
            if (gasleft() < VISIT_GAS + _gasOf(id)) break;
            _visit(id, turn, firing);
        }
    }

    /// @dev One rule's evaluation of the epoch. One block carries out at most one rule; what finds
    /// that done waits an epoch.
    function _visit(bytes32 id, Turn memory turn, Firing memory firing) private {
        State storage state = _states[id];
        Rule storage r = _rules[id];
        if (block.timestamp >= r.expiry || state.firings >= r.maximumFirings) {
            _remove(id);
            _end(id, STATUS_ENDED);
            return;
        }
        Visit memory visit;
        bool isHeld = _holds(r.condition, r.sustainBlocks, visit);
        // What fired two epochs ago did so in this phase: its own evaluation is the outcome.
        if (id == turn.due.rule && visit.reads != 0) _score(turn.due, visit.readings[0], firing);
        if (!isHeld) {
            if (state.armedAt != 0) state.armedAt = 0;
        } else if (state.armedAt == 0) {
            state.armedAt = uint64(block.number);
            emit RuleArmed(id, block.number);
        } else if (turn.acts && block.timestamp >= uint256(state.lastFired) + r.intervalSeconds) {
            turn.ready[turn.count] = id;
            turn.visits[turn.count++] = visit;
        }
    }

    /// @dev The eldest firing without an outcome, where that is due; else nothing.
    function _due() private view returns (Waiting memory due) {
        Waiting storage eldest = _waiting[_settled % WAITING];
        if (block.number >= uint256(eldest.firedAt) + HORIZON) due = eldest;
    }

    /// @dev What became of a firing whose rule is gone, or rests: its condition's first read, now.
    /// Without the gas for it, or while a block it needs is not kept, it waits.
    function _settle(Waiting memory due, Firing memory firing) private view {
        if (gasleft() < SETTLING_GAS) return;
        bytes memory condition = _rules[due.rule].condition;
        Visit memory visit;
        visit.isKnown = true;
        RuleConditions.Machine memory m;
        if (!m.advance(condition)) return;
        uint256 value = _read(m.op, m.operands, 0, visit);
        if (visit.isKnown) _score(due, _saturate(value), firing);
    }

    function _score(Waiting memory due, uint64 realised, Firing memory firing) private pure {
        (firing.scored, firing.firedAt) = (due.decision, due.firedAt);
        (firing.before, firing.realised) = (due.reading, realised);
    }

    function _fire(bytes32 id, uint64 baseFee, Visit memory visit, Firing memory firing) private {
        State storage state = _states[id];
        Rule storage r = _rules[id];
        firing.loop = LOOP;
        firing.ruling = RULING_APPLIED;
        bytes memory action = r.action;
        if (r.kind == KIND_VECTOR) {
            _changeVector(action, firing);
        } else {
            _act(r, state, action, baseFee, firing);
        }
        // A cooldown or a dwell passes: the rule stays armed, and nothing has happened.
        if (firing.refusal >> 8 == REFUSED_COOLDOWN) {
            (firing.loop, firing.ruling, firing.refusal, firing.failure) = (0, 0, 0, 0);
            (firing.proposal, firing.inForce) = (new uint64[](0), new uint64[](0));
            return;
        }
        firing.rule = id;
        firing.readings = _trim(visit);
        firing.inputsHash = keccak256(abi.encode(id, firing.readings, firing.proposal));
        state.firings++;
        state.lastFired = uint64(block.timestamp);
        state.armedAt = 0;
        if (firing.failure == 0) {
            if (state.failures != 0) state.failures = 0;
        } else {
            firing.ruling = RULING_REFUSED;
            if (++state.failures == FAILURES) _suspend(id, state);
        }
    }

    /// @dev The whole vector is judged; nothing is clamped.
    function _changeVector(bytes memory action, Firing memory firing) private {
        (
            bytes32 loop,
            uint32 hold,
            uint8[] memory fields,
            uint8[] memory operations,
            uint64[] memory values
        ) = abi.decode(action, (bytes32, uint32, uint8[], uint8[], uint64[]));
        firing.loop = loop;
        try CONSTITUTION.inForce(loop) returns (uint64[] memory vector) {
            for (uint256 i = 0; i < fields.length; i++) {
                if (fields[i] >= vector.length) {
                    firing.failure = FAILURE_ACTION;
                    return;
                }
                vector[fields[i]] = _operate(operations[i], vector[fields[i]], values[i]);
            }
            firing.proposal = vector;
        } catch {
            firing.failure = FAILURE_ACTION;
            return;
        }
        try CONSTITUTION.decideByRule(loop, firing.proposal, hold) returns (Ruling memory ruling) {
            (firing.ruling, firing.refusal) = (ruling.ruling, ruling.modelRefusal);
            firing.inForce = ruling.inForce;
            if (ruling.modelRefusal != 0) firing.failure = FAILURE_REFUSED;
        } catch {
            firing.failure = FAILURE_ACTION;
        }
    }

    function _act(
        Rule storage r,
        State storage state,
        bytes memory action,
        uint64 baseFee,
        Firing memory firing
    ) private {
        uint8 kind = r.kind;
        if (kind == KIND_MODE) {
            (bytes32 loop, uint8 mode) = abi.decode(action, (bytes32, uint8));
            try CONSTITUTION.setMode(loop, mode) {} catch (bytes memory reason) {
                firing.failure = FAILURE_ACTION;
                if (bytes4(reason) == DWELLING) firing.refusal = REFUSED_COOLDOWN << 8;
            }
        } else if (kind == KIND_PROMOTE) {
            (bytes32 loop, bytes32 model) = abi.decode(action, (bytes32, bytes32));
            try MODELS.setChampion(loop, model) {} catch {
                firing.failure = FAILURE_ACTION;
            }
        } else if (kind == KIND_RETIRE) {
            (bytes32 loop, bytes32 model) = abi.decode(action, (bytes32, bytes32));
            try MODELS.retire(model, loop) {} catch {
                firing.failure = FAILURE_ACTION;
            }
        } else {
            firing.failure = kind == KIND_PAY
                ? _payOut(action, r.budget, state)
                : _callOut(action, r.budget, state, baseFee);
        }
        firing.proposal = new uint64[](1);
        firing.proposal[0] = kind;
    }

    function _payOut(bytes memory action, uint256 budget, State storage state)
        private
        returns (uint16)
    {
        (address to, uint256 amount) = abi.decode(action, (address, uint256));
        if (!_debit(state, budget, amount)) return FAILURE_BUDGET;
        try TREASURY.pay(to, amount) {
            return 0;
        } catch {
            return FAILURE_ACTION;
        }
    }

    /// @dev The gas of a rule's call costs its budget the base fee, as anyone's does.
    function _callOut(bytes memory action, uint256 budget, State storage state, uint64 baseFee)
        private
        returns (uint16)
    {
        (address target, uint256 value, uint32 gasCap, bytes memory data) =
            abi.decode(action, (address, uint256, uint32, bytes));
        if (!_debit(state, budget, value + uint256(gasCap) * baseFee)) return FAILURE_BUDGET;
        if (value != 0) {
            try TREASURY.pay(address(EXECUTOR), value) {} catch {
                return FAILURE_ACTION;
            }
        }
        try EXECUTOR.execute(target, value, gasCap, data) returns (bool success) {
            return success ? 0 : FAILURE_ACTION;
        } catch {
            return FAILURE_ACTION;
        }
    }

    /// @dev Before anything is sent; what fails afterwards is spent all the same.
    function _debit(State storage state, uint256 budget, uint256 amount) private returns (bool) {
        uint256 spent = state.spent;
        if (amount > budget || spent > budget - amount) return false;
        state.spent = spent + amount;
        return true;
    }

    function _suspend(bytes32 id, State storage state) private {
        uint256 bond = state.bond;
        state.bond = 0;
        _remove(id);
        _end(id, STATUS_SUSPENDED);
        (bool done,) = address(TREASURY).call{value: bond}("");
        if (!done) state.bond = bond;
    }

    function _end(bytes32 id, uint8 status) private {
        _states[id].status = status;
        _states[id].armedAt = 0;
        emit RuleEnded(id, status);
    }

    /// @dev Into the phase that has least to evaluate, of those with a place free.
    function _place(bytes32 id, State storage state) private {
        uint256 cost = uint256(state.cost) * _rules[id].sustainBlocks;
        uint256 loads = _loads;
        uint256 best = PHASES;
        uint256 least = MAXIMUM_COST - cost;
        for (uint256 p = 0; p < PHASES; p++) {
            uint256 load = uint64(loads >> (64 * p));
            if (load > least || (best != PHASES && load == least)) continue;
            if (_freePlace(p) != PLACES) (best, least) = (p, load);
        }
        if (best == PHASES) revert EpochFull();
        _places[PLACES * best + _freePlace(best)] = id;
        _loads = loads + (cost << (64 * best));
        state.phase = uint8(best);
        _active.push(id);
    }

    function _freePlace(uint256 phase) private view returns (uint256 place) {
        while (place < PLACES && _places[PLACES * phase + place] != 0) place++;
    }

    function _remove(bytes32 id) private {
        uint256 phase = _states[id].phase;
        for (uint256 q = PLACES * phase; q < PLACES * (phase + 1); q++) {
            if (_places[q] == id) _places[q] = 0;
        }
        _loads -= (uint256(_states[id].cost) * _rules[id].sustainBlocks) << (64 * phase);
        uint256 last = _active.length - 1;
        for (uint256 i = 0; i <= last; i++) {
            if (_active[i] != id) continue;
            _active[i] = _active[last];
            _active.pop();
            return;
        }
    }

    /// @dev From the newest block back, so that most evaluations end at the first.
    function _holds(bytes memory condition, uint256 sustainBlocks, Visit memory visit)
        private
        view
        returns (bool)
    {
        visit.readings = new uint64[](MAXIMUM_READINGS);
        for (uint256 back = 0; back < sustainBlocks; back++) {
            RuleConditions.Machine memory m;
            visit.isKnown = true;
            while (m.advance(condition)) {
                uint256 value = _read(m.op, m.operands, back, visit);
                if (!visit.isKnown) return false;
                m.push(value);
                if (back == 0 && visit.reads < MAXIMUM_READINGS) {
                    visit.readings[visit.reads++] = _saturate(value);
                }
            }
            if (!m.holds()) return false;
        }
        return true;
    }

    function _read(uint256 op, uint256 operands, uint256 back, Visit memory visit)
        private
        view
        returns (uint256)
    {
        uint8 first = uint8(operands);
        if (op == RuleConditions.AGGREGATE) {
            return _aggregate(first, uint8(operands >> 8), uint8(operands >> 16), back, visit);
        }
        if (op == RuleConditions.CHAIN) return _chainValue(first);
        if (op == RuleConditions.LOOP) return _loopValue(first, uint8(operands >> 8));
        return CONSTITUTION.valueAt(uint8(op), first);
    }

    function _aggregate(uint8 series, uint8 kind, uint256 window, uint256 back, Visit memory visit)
        private
        view
        returns (uint256)
    {
        unchecked {
            if (block.number < back + window) {
                visit.isKnown = false;
                return 0;
            }
            uint256 newest = block.number - back;
            uint256[] memory values = new uint256[](window);
            for (uint256 i = 0; i < window; i++) {
                uint256 word = _records[(newest - i) % RING];
                if (uint32(word) != uint32(newest - i)) {
                    visit.isKnown = false;
                    return 0;
                }
                values[i] = series == 5 ? word >> 192 : uint32(word >> (32 * (uint256(series) + 1)));
            }
            return RuleConditions.aggregate(kind, values);
        }
    }

    function _chainValue(uint8 which) private view returns (uint256) {
        if (which == 0) return block.number;
        if (which == 1) return block.timestamp;
        if (which == 2) return address(TREASURY).balance / 1 gwei;
        if (which == 3) return block.basefee;
        return _active.length;
    }

    function _loopValue(uint8 which, uint256 place) private view returns (uint256) {
        (bytes32 loop, uint8 mode) = CONSTITUTION.loopAt(place);
        if (which == 0) return mode;
        if (which == 1 || which == 5) {
            (uint64 decided, uint64 lastHeight) = ISteeringRecord(STEERING).decisionsOf(loop);
            return which == 1 ? decided : block.number - lastHeight;
        }
        (int64 realised, int64 modelError, int64 twinError,) =
            ISteeringRecord(STEERING).lastOutcome(loop);
        int64 value = which == 2 ? modelError : which == 3 ? twinError : realised;
        return value < 0 ? 0 : uint64(value);
    }

    function _gasOf(bytes32 id) private view returns (uint256) {
        return uint256(_states[id].cost) * _rules[id].sustainBlocks * GAS_OF_COST;
    }

    /// @dev Lowest first: height, demand in kilogas, what slow validators take to execute it in
    /// microseconds, their nanoseconds per kilogas, interval and propagation in ms (32 bits each),
    /// base fee in wei (64).
    function _pack(uint64 intervalMs, uint64 demandGas, uint64 baseFee, bytes32 estimators)
        private
        view
        returns (uint256)
    {
        uint256 speed = uint32(uint256(estimators) >> 32);
        uint256 kilogas = _cut(demandGas / 1_000);
        return uint32(block.number) | kilogas << 32 | _cut(kilogas * speed / 1_000) << 64
            | speed << 96 | _cut(intervalMs) << 128 | uint256(uint32(uint256(estimators))) << 160
            | uint256(baseFee) << 192;
    }

    function _checkLimits(Rule calldata r, uint256 cost) private view {
        bool isLimited = r.sustainBlocks != 0 && r.sustainBlocks <= MAXIMUM_SUSTAIN
            && r.intervalSeconds != 0 && r.maximumFirings != 0;
        bool isTimed = r.expiry > block.timestamp && r.expiry <= block.timestamp + MAXIMUM_TERM;
        if (!isLimited || !isTimed) revert BadLimits();
        if (bytes(r.purpose).length > MAXIMUM_PURPOSE_BYTES) revert BadLimits();
        if (cost * r.sustainBlocks > MAXIMUM_COST) revert TooCostly(cost * r.sustainBlocks);
    }

    /// @dev Predeploys, and what lies under Ethereum's own precompiles.
    function _isSystem(address target) private pure returns (bool) {
        uint256 number = uint160(target);
        return number < 0x10000 || number >> 16 == 0x484f;
    }

    function _operate(uint8 operation, uint64 value, uint64 operand) private pure returns (uint64) {
        uint256 result = operation == OPERATION_SET
            ? operand
            : operation == OPERATION_SCALE
                ? uint256(value) * operand / SHARE_BASIS
                : operation == OPERATION_ADD
                    ? uint256(value) + operand
                    : value > operand ? value - operand : 0;
        return result > type(uint64).max ? type(uint64).max : uint64(result);
    }

    function _trim(Visit memory visit) private pure returns (uint64[] memory readings) {
        readings = new uint64[](visit.reads);
        for (uint256 i = 0; i < readings.length; i++) readings[i] = visit.readings[i];
    }

    function _saturate(uint256 value) private pure returns (uint64) {
        return value > type(uint64).max ? type(uint64).max : uint64(value);
    }

    function _cut(uint256 value) private pure returns (uint256) {
        return value > type(uint32).max ? type(uint32).max : value;
    }
}
