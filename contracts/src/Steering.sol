// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "./ISteering.sol";
import "./governance/IGovernance.sol";

/// @title Transaction 0's target: the chain's memory of itself, and its decisions
/// @notice The protocol calls `step` once in every block, first. It keeps the context of recent
/// blocks, each validator's latest observation and the estimators' state, asks the Constitution to
/// rule on proposals, and emits the records by which anyone can check and explain them.
/// @dev The calldata is a pure function of the parent's state and the block's facts; every validator
/// recomputes it, and a block with another transaction 0 is invalid. So `step` trusts its arguments
/// and only guards against a second call in the block. Storage is read by every node: its layout is
/// part of the protocol (docs/spec/steering.md, "Storage").
contract Steering {
    uint256 public constant RING = 8192;
    /// @notice Decisions of one loop that may wait for their outcome.
    uint256 public constant DECISION_RING = 64;
    IConstitution public constant CONSTITUTION = IConstitution(address(0x484f0002));
    IRuleBook public constant RULES = IRuleBook(address(0x484f0023));
    /// @notice Gas of the standing rules in one block, at most.
    uint256 public constant RULES_GAS = 1_100_000;
    /// @notice Gas that rules leave for what comes after them: for the step itself, and for each
    /// decision. Without it a block's first words of many validators, costly rules and two decisions
    /// together could fail the step, and with it the block.
    uint256 public constant STEP_GAS = 100_000;
    uint256 public constant DECISION_GAS = 300_000;
    /// @notice Gas of the evidence a block brings, at most.
    uint256 public constant EVIDENCE_GAS = 600_000;
    IValidatorSet public constant VALIDATORS = IValidatorSet(address(0x484f0004));
    IRevisions public constant REVISIONS = IRevisions(address(0x484f0027));
    /// @notice The failure recorded when the Constitution itself could not rule.
    uint16 public constant FAILURE_NO_RULING = 100;

    struct Head {
        uint64 height;
        uint64 timeMs;
        uint64 nextDecision;
    }

    /// @param decided decisions of the loop so far
    /// @param scored of these, those with an outcome or dropped
    /// @param lastHeight of its last decision
    /// @param lastTimeMs of that block
    struct LoopHead {
        uint64 decided;
        uint64 scored;
        uint64 lastHeight;
        uint64 lastTimeMs;
    }

    /// @param demandGas gas of the parent that burned base fee
    /// @param baseFee of the parent, wei, saturated
    struct BlockRecord {
        uint64 height;
        uint64 timeMs;
        uint64 demandGas;
        uint64 baseFee;
    }

    struct PendingOutcome {
        uint64 id;
        uint64 height;
        int64 modelOutput;
        int64 twinOutput;
    }

    /// @param height of the block that scored it
    struct LastOutcome {
        int64 realised;
        int64 modelError;
        int64 twinError;
        uint64 height;
    }

    /// @dev `observation` is the validator's bytes; the height of recording is added here.
    struct ObservationInput {
        address validator;
        bytes24 observation;
    }

    /// @dev Written only when one of the words changed.
    struct SignalInput {
        address validator;
        bytes32 revision;
        bytes32 attestation;
    }

    /// @dev A word of a loop's own state. The key is the loop's name with a number in its last byte.
    struct WordInput {
        bytes32 key;
        bytes32 value;
    }

    struct DecisionInput {
        bytes32 loop;
        bytes32 modelHash;
        bytes32 inputsHash;
        uint16 failure;
        int64 modelOutput;
        int64 twinOutput;
        uint64[] readings;
        uint64[] modelProposal;
        uint64[] twinProposal;
        int64[] features;
        int64[] attributions;
        bytes32[] champions;
        int64[] outputs;
        uint16[] failures;
    }

    struct OutcomeInput {
        bytes32 loop;
        int64 realised;
    }

    /// @param timeMs the block's time
    /// @param root the hash of its consensus payload
    /// @param demandGas gas of the parent that burned base fee
    /// @param baseFee of the parent, wei, saturated
    /// @param state of the estimators
    /// @param epoch the block's, as its payload names it
    /// @param evidence of the payload: calldata of the ValidatorSet's `slash`, or empty
    struct BlockInput {
        uint64 timeMs;
        bytes32 root;
        uint64 demandGas;
        uint64 baseFee;
        bytes32 state;
        uint64 epoch;
        bytes evidence;
    }

    Head private _head; // slot 0
    bytes32 private _estimators; // slot 1: four int64, most significant first
    mapping(bytes32 key => bytes32) private _words; // slot 2
    mapping(address validator => bytes32) private _observations; // slot 3: bytes24, uint64 height
    bytes32[RING] private _roots; // slot 4
    BlockRecord[RING] private _records; // slot 4 + 8192
    mapping(address validator => bytes32) private _signals; // slot 16388
    mapping(bytes32 loop => LoopHead) private _heads; // slot 16389
    /// @dev The key is the loop's name with (its count of decisions mod 64) in the last byte.
    mapping(bytes32 key => PendingOutcome) private _pending; // slot 16390

    mapping(bytes32 loop => LastOutcome) private _lastOutcomes; // slot 16391
    mapping(address validator => bytes32) private _attestations; // slot 16392

    /// @notice One ruling. Outputs, features and attributions are Q32.32 as raw int64.
    /// @param id counts from 0
    /// @param loop the loop's name as bytes32 text
    /// @param modelHash the champion whose proposal it is, zero when none made one
    /// @param inputsHash keccak256 of what the decision was computed from
    /// @param actor 0 nobody, 1 model, 2 twin, 3 a rule, whose hash is then modelHash
    /// @param ruling 0 held, 1 applied, 2 refused
    /// @param modelRefusal rule that refused the model, 0 none
    /// @param twinRefusal rule that refused the twin, 0 none
    /// @param failure why the model made no proposal, 0 when it did
    /// @param attributions the features' shares; they sum exactly to modelOutput
    /// @param inForce the vector from the next block on
    /// @param champions all models asked
    /// @param outputs what each said, 0 where it failed
    /// @param failures why each failed, 0 where it did not
    event Decision(
        uint256 indexed id,
        bytes32 indexed loop,
        bytes32 indexed modelHash,
        bytes32 inputsHash,
        uint8 actor,
        uint8 ruling,
        uint16 modelRefusal,
        uint16 twinRefusal,
        uint16 failure,
        int64 modelOutput,
        int64 twinOutput,
        uint64[] readings,
        uint64[] modelProposal,
        uint64[] twinProposal,
        uint64[] inForce,
        int64[] features,
        int64[] attributions,
        bytes32[] champions,
        int64[] outputs,
        uint16[] failures
    );

    /// @notice How a decision's forecasts turned out, after their horizon. Q32.32 as raw int64.
    event Outcome(
        uint256 indexed id,
        bytes32 indexed loop,
        uint64 decidedAt,
        int64 realised,
        int64 modelOutput,
        int64 twinOutput,
        int64 modelError,
        int64 twinError
    );

    error AlreadyStepped();
    error WrongTime();
    error OnlyItself();

    /// @notice Transaction 0. Fails when this block has called it before.
    function step(
        BlockInput calldata b,
        ObservationInput[] calldata observations,
        SignalInput[] calldata signals,
        WordInput[] calldata words,
        DecisionInput[] calldata decisions,
        OutcomeInput[] calldata outcomes
    ) external {
        Head memory latest = _head;
        if (latest.height >= block.number) revert AlreadyStepped();
        if (b.timeMs / 1000 != block.timestamp) revert WrongTime();
        uint64 intervalMs = b.timeMs - latest.timeMs;
        latest.height = uint64(block.number);
        latest.timeMs = b.timeMs;
        uint256 place = block.number % RING;
        _roots[place] = b.root;
        _records[place] = BlockRecord(latest.height, b.timeMs, b.demandGas, b.baseFee);
        if (b.state != _estimators) _estimators = b.state;
        for (uint256 i = 0; i < observations.length; i++) {
            _observations[observations[i].validator] =
                observations[i].observation | bytes32(block.number);
        }
        for (uint256 i = 0; i < signals.length; i++) {
            SignalInput calldata s = signals[i];
            if (_signals[s.validator] != s.revision) _signals[s.validator] = s.revision;
            if (_attestations[s.validator] != s.attestation) {
                _attestations[s.validator] = s.attestation;
            }
        }
        for (uint256 i = 0; i < words.length; i++) _words[words[i].key] = words[i].value;
        for (uint256 i = 0; i < outcomes.length; i++) _account(outcomes[i]);
        // Before the loops' decisions: where both would move a field, people's rule does.
        uint256 kept = STEP_GAS + DECISION_GAS * decisions.length;
        if (_runRules(latest.nextDecision, intervalMs, kept, b)) {
            latest.nextDecision++;
        }
        for (uint256 i = 0; i < decisions.length; i++) {
            _decide(latest.nextDecision++, b.timeMs, decisions[i]);
        }
        _head = latest;
        _tellValidators(b);
    }

    /// @notice Of the validators in force for the next block: the weight of those who signal the
    /// specification of a protocol revision, and of all.
    function revisionWeight(bytes32 spec) external view returns (uint256 weight, uint256 total) {
        return _weightOf(_signals, spec);
    }

    /// @notice The same of those who attest a digest.
    function attestationWeight(bytes32 digest)
        external
        view
        returns (uint256 weight, uint256 total)
    {
        return _weightOf(_attestations, digest);
    }

    /// @notice Asks the Constitution, for `step` alone: an answer that is none fails here, in a call
    /// of its own, and not the block (an upgrade may have broken who is asked).
    function askConstitution(
        bytes32 loop,
        uint64[] calldata modelProposal,
        uint64[] calldata twinProposal
    ) external returns (Ruling memory) {
        if (msg.sender != address(this)) revert OnlyItself();
        return CONSTITUTION.decide(loop, modelProposal, twinProposal);
    }

    /// @notice Runs the rules, for `step` alone, with at most their share of gas.
    function askRules(
        uint64 intervalMs,
        uint64 demandGas,
        uint64 baseFee,
        bytes32 state,
        uint64 id
    ) external returns (Firing memory) {
        if (msg.sender != address(this)) revert OnlyItself();
        return RULES.run(intervalMs, demandGas, baseFee, state, id);
    }

    /// @notice The last block that stepped and the number of the next decision.
    function head() external view returns (Head memory) {
        return _head;
    }

    /// @notice Consensus payload root of a recent block, zero when it is not kept any more.
    function payloadRoot(uint256 height) external view returns (bytes32) {
        return _records[height % RING].height == height ? _roots[height % RING] : bytes32(0);
    }

    /// @notice The record of a recent block; its height is 0 when it is not kept any more.
    function blockRecord(uint256 height) external view returns (BlockRecord memory found) {
        BlockRecord memory kept = _records[height % RING];
        if (kept.height == height) found = kept;
    }

    /// @notice A validator's latest observation and the height it was recorded at.
    function observation(address validator) external view returns (bytes24, uint64 height) {
        bytes32 word = _observations[validator];
        return (bytes24(word), uint64(uint256(word)));
    }

    /// @notice What a validator says last: the hash of a protocol revision's specification that
    /// its node can run, and the digest it attests; zero for nothing.
    function signalsOf(address validator)
        external
        view
        returns (bytes32 revision, bytes32 attestation)
    {
        return (_signals[validator], _attestations[validator]);
    }

    /// @notice A loop's counters and its last decision's place.
    function loopHead(bytes32 loop) external view returns (LoopHead memory) {
        return _heads[loop];
    }

    /// @notice How many decisions a loop has made, and the height of the last.
    function decisionsOf(bytes32 loop) external view returns (uint64 decided, uint64 lastHeight) {
        return (_heads[loop].decided, _heads[loop].lastHeight);
    }

    /// @notice A loop's last outcome, as the event had it, and the height that scored it.
    function lastOutcome(bytes32 loop)
        external
        view
        returns (int64 realised, int64 modelError, int64 twinError, uint64 height)
    {
        LastOutcome memory o = _lastOutcomes[loop];
        return (o.realised, o.modelError, o.twinError, o.height);
    }

    /// @notice A word of a loop's own state.
    function loopWord(bytes32 loop, uint8 index) external view returns (bytes32) {
        return _words[_key(loop, index)];
    }

    /// @notice The estimators' state: four Q32.32, gas in millions a second.
    function estimators() external view returns (int64[4] memory values) {
        uint256 word = uint256(_estimators);
        for (uint256 i = 0; i < 4; i++) values[i] = int64(uint64(word >> (192 - 64 * i)));
    }

    /// @dev Whatever fails here, the block's step must not: whoever is accused stays in the set, or
    /// the set stands for another epoch.
    function _tellValidators(BlockInput calldata b) private {
        if (b.evidence.length > 0) {
            (bool slashed,) = address(VALIDATORS).call{gas: EVIDENCE_GAS}(b.evidence);
            slashed;
        }
        (bool advanced, bytes memory begun) =
            address(VALIDATORS).call(abi.encodeCall(IValidatorSet.advance, (b.epoch)));
        if (!advanced || begun.length != 32 || uint256(bytes32(begun)) != 1) return;
        (bool counted,) = address(REVISIONS).call(abi.encodeCall(IRevisions.advance, ()));
        counted;
    }

    /// @dev A rule's firing is a Decision of its own; whatever fails inside costs the block nothing
    /// but the rules' turn.
    function _runRules(uint64 id, uint64 intervalMs, uint256 kept, BlockInput calldata b)
        private
        returns (bool)
    {
        uint256 left = gasleft();
        if (left <= kept) return false;
        left = left - kept < RULES_GAS ? left - kept : RULES_GAS;
        try this.askRules{gas: left}(intervalMs, b.demandGas, b.baseFee, b.state, id) returns (
            Firing memory f
        ) {
            if (f.scored != 0) _recordOutcome(f);
            if (f.rule == 0) return false;
            _recordFiring(id, f);
            return true;
        } catch {
            return false;
        }
    }

    /// @dev A rule forecasts nothing: what it is measured against, in both places, is that its reading
    /// would have stayed as it was.
    function _recordOutcome(Firing memory f) private {
        (int64 before, int64 realised) = (_fixed(f.before), _fixed(f.realised));
        int64 change = _distance(before, realised);
        _lastOutcomes[RULES_LOOP] = LastOutcome(realised, change, change, uint64(block.number));
        emit Outcome(
            f.scored - 1, RULES_LOOP, f.firedAt, realised, before, before, change, change
        );
    }

    function _recordFiring(uint64 id, Firing memory f) private {
        emit Decision(
            id,
            f.loop,
            f.rule,
            f.inputsHash,
            ACTOR_RULE,
            f.ruling,
            f.refusal,
            0,
            f.failure,
            0,
            0,
            f.readings,
            f.proposal,
            new uint64[](0),
            f.inForce,
            new int64[](0),
            new int64[](0),
            new bytes32[](0),
            new int64[](0),
            new uint16[](0)
        );
    }

    function _decide(uint64 id, uint64 timeMs, DecisionInput calldata d) private {
        uint16 failure = d.failure;
        Ruling memory ruling;
        try this.askConstitution(d.loop, d.modelProposal, d.twinProposal) returns (
            Ruling memory r
        ) {
            ruling = r;
        } catch {
            failure = FAILURE_NO_RULING;
            ruling.ruling = RULING_REFUSED;
        }
        LoopHead memory h = _heads[d.loop];
        _pending[_key(d.loop, h.decided % DECISION_RING)] =
            PendingOutcome(id, uint64(block.number), d.modelOutput, d.twinOutput);
        h.decided++;
        // What the ring no longer holds is never scored.
        if (h.decided - h.scored > DECISION_RING) h.scored = h.decided - uint64(DECISION_RING);
        (h.lastHeight, h.lastTimeMs) = (uint64(block.number), timeMs);
        _heads[d.loop] = h;
        _record(id, failure, ruling, d);
    }

    function _record(uint64 id, uint16 failure, Ruling memory ruling, DecisionInput calldata d)
        private
    {
        emit Decision(
            id,
            d.loop,
            d.modelHash,
            d.inputsHash,
            ruling.actor,
            ruling.ruling,
            ruling.modelRefusal,
            ruling.twinRefusal,
            failure,
            d.modelOutput,
            d.twinOutput,
            d.readings,
            d.modelProposal,
            d.twinProposal,
            ruling.inForce,
            d.features,
            d.attributions,
            d.champions,
            d.outputs,
            d.failures
        );
    }

    function _account(OutcomeInput calldata o) private {
        uint64 place = _heads[o.loop].scored++;
        PendingOutcome memory p = _pending[_key(o.loop, place % DECISION_RING)];
        int64 modelError = _distance(p.modelOutput, o.realised);
        int64 twinError = _distance(p.twinOutput, o.realised);
        _lastOutcomes[o.loop] =
            LastOutcome(o.realised, modelError, twinError, uint64(block.number));
        emit Outcome(
            p.id,
            o.loop,
            p.height,
            o.realised,
            p.modelOutput,
            p.twinOutput,
            modelError,
            twinError
        );
    }

    function _weightOf(mapping(address validator => bytes32) storage said, bytes32 word)
        private
        view
        returns (uint256 weight, uint256 total)
    {
        uint256[] memory set = VALIDATORS.words();
        for (uint256 i = 0; i < set.length; i++) {
            uint256 own = uint64(set[i] >> 160);
            total += own;
            if (said[address(uint160(set[i]))] == word) weight += own;
        }
    }

    function _key(bytes32 loop, uint256 index) private pure returns (bytes32) {
        return loop | bytes32(index);
    }

    /// @dev A whole number as Q32.32, saturated.
    function _fixed(uint64 value) private pure returns (int64) {
        return value >= 1 << 31 ? type(int64).max : int64(value << 32);
    }

    /// @dev |a - b|, saturated.
    function _distance(int64 a, int64 b) private pure returns (int64) {
        int256 d = int256(a) - int256(b);
        if (d < 0) d = -d;
        return d > type(int64).max ? type(int64).max : int64(d);
    }
}
