// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "./ISteering.sol";

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
    uint256 public constant DECISION_RING = 64;
    IConstitution public constant CONSTITUTION = IConstitution(address(0x484f0002));
    /// @notice The failure recorded when the Constitution itself could not rule.
    uint16 public constant FAILURE_NO_RULING = 100;

    struct Head {
        uint64 height;
        uint64 timeMs;
        uint64 nextDecision;
        uint64 nextOutcome;
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

    /// @dev `observation` is the validator's bytes; the height of recording is added here.
    struct ObservationInput {
        address validator;
        bytes24 observation;
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
    }

    struct OutcomeInput {
        bytes32 loop;
        int64 realised;
    }

    Head private _head; // slot 0
    bytes32 private _estimators; // slot 1: four int64, most significant first
    bytes32 private _parameters; // slot 2: eight uint32, written by genesis
    mapping(address validator => bytes32) private _observations; // slot 3: bytes24, uint64 height
    bytes32[RING] private _roots; // slot 4
    BlockRecord[RING] private _records; // slot 4 + 8192
    PendingOutcome[DECISION_RING] private _pending; // slot 4 + 2 * 8192

    /// @notice One ruling. Outputs, features and attributions are Q32.32 as raw int64.
    /// @param id counts from 0
    /// @param loop the loop's name as bytes32 text
    /// @param modelHash the champion asked
    /// @param inputsHash keccak256 of what the decision was computed from
    /// @param actor 0 nobody, 1 model, 2 twin
    /// @param ruling 0 held, 1 applied, 2 refused
    /// @param modelRefusal rule that refused the model, 0 none
    /// @param twinRefusal rule that refused the twin, 0 none
    /// @param failure why the model made no proposal, 0 when it did
    /// @param attributions weight times feature; they sum exactly to modelOutput
    /// @param inForce the vector from the next block on
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
        int64[] attributions
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

    /// @notice Transaction 0. Fails when this block has called it before.
    function step(
        uint64 timeMs,
        bytes32 root,
        uint64 demandGas,
        uint64 baseFee,
        bytes32 state,
        ObservationInput[] calldata observations,
        DecisionInput[] calldata decisions,
        OutcomeInput[] calldata outcomes
    ) external {
        Head memory latest = _head;
        if (latest.height >= block.number) revert AlreadyStepped();
        if (timeMs / 1000 != block.timestamp) revert WrongTime();
        latest.height = uint64(block.number);
        latest.timeMs = timeMs;
        uint256 place = block.number % RING;
        _roots[place] = root;
        _records[place] = BlockRecord(latest.height, timeMs, demandGas, baseFee);
        if (state != _estimators) _estimators = state;
        for (uint256 i = 0; i < observations.length; i++) {
            _observations[observations[i].validator] =
                observations[i].observation | bytes32(block.number);
        }
        for (uint256 i = 0; i < outcomes.length; i++) _account(latest.nextOutcome++, outcomes[i]);
        for (uint256 i = 0; i < decisions.length; i++) _decide(latest.nextDecision++, decisions[i]);
        _head = latest;
    }

    /// @notice The last block that stepped and the counters of decisions and outcomes.
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

    /// @notice The estimators' state: four Q32.32, gas in millions a second.
    function estimators() external view returns (int64[4] memory values) {
        uint256 word = uint256(_estimators);
        for (uint256 i = 0; i < 4; i++) values[i] = int64(uint64(word >> (192 - 64 * i)));
    }

    function _decide(uint64 id, DecisionInput calldata d) private {
        uint16 failure = d.failure;
        Ruling memory ruling;
        try CONSTITUTION.decide(d.loop, d.modelProposal, d.twinProposal) returns (Ruling memory r) {
            ruling = r;
        } catch {
            failure = FAILURE_NO_RULING;
            ruling.ruling = RULING_REFUSED;
        }
        _pending[id % DECISION_RING] =
            PendingOutcome(id, uint64(block.number), d.modelOutput, d.twinOutput);
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
            d.attributions
        );
    }

    function _account(uint64 id, OutcomeInput calldata o) private {
        PendingOutcome memory p = _pending[id % DECISION_RING];
        emit Outcome(
            id,
            o.loop,
            p.height,
            o.realised,
            p.modelOutput,
            p.twinOutput,
            _distance(p.modelOutput, o.realised),
            _distance(p.twinOutput, o.realised)
        );
    }

    /// @dev |a - b|, saturated.
    function _distance(int64 a, int64 b) private pure returns (int64) {
        int256 d = int256(a) - int256(b);
        if (d < 0) d = -d;
        return d > type(int64).max ? type(int64).max : int64(d);
    }
}
