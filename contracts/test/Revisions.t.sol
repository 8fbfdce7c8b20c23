// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "./Genesis.sol";
import {Revisions} from "../src/governance/Revisions.sol";
import {ValidatorSet} from "../src/ValidatorSet.sol";

/// @title Revisions: who may do what, and that nothing comes before its time
/// @notice Six validators of equal weight, by the storage that genesis writes.
contract RevisionsTest is Genesis {
    Revisions private constant REVISIONS = Revisions(address(0x484f0027));
    bytes32 private constant FIRST = keccak256("first");
    bytes32 private constant SPEC = keccak256("second");
    bytes32 private constant OTHER = keccak256("another second");
    uint256 private constant SET = 6;

    function setUp() external {
        _genesis();
        vm.etch(address(REVISIONS), type(Revisions).runtimeCode);
        vm.etch(VALIDATORS, type(ValidatorSet).runtimeCode);
        bytes32 history = keccak256(abi.encode(uint256(0)));
        vm.store(address(REVISIONS), 0, bytes32(uint256(1)));
        vm.store(address(REVISIONS), history, bytes32(uint256(1)));
        vm.store(address(REVISIONS), bytes32(uint256(history) + 1), FIRST);
        vm.store(VALIDATORS, 0, bytes32(SET));
        for (uint256 i = 0; i < SET; i++) _weigh(i, 1);
    }

    function test_genesis_is_in_force_and_nothing_is_proposed() external view {
        Revisions.Activation memory a = REVISIONS.active();
        assert(a.number == 1 && a.firstBlock == 0 && a.spec == FIRST);
        assert(REVISIONS.proposal().number == 0);
    }

    function test_only_the_timelock_proposes_and_withdraws() external {
        address[4] memory others = [voter(0), GUARDIAN, address(GOVERNOR), address(STEERING)];
        for (uint256 i = 0; i < others.length; i++) assert(!_wants(others[i], 2, SPEC));
        assert(_wants(address(TIMELOCK), 2, SPEC));
        for (uint256 i = 0; i < others.length; i++) assert(!_withdraws(others[i], SPEC));
        assert(_withdraws(address(TIMELOCK), SPEC));
    }

    function test_a_whole_vote_proposes() external {
        assert(
            _decide(
                address(REVISIONS),
                abi.encodeCall(
                    REVISIONS.propose, (2, SPEC, "0.2.0", uint64(block.timestamp + 60 days))
                )
            )
        );
        assert(REVISIONS.proposal().spec == SPEC);
    }

    function test_only_transaction_0_counts() external {
        assert(_wants(address(TIMELOCK), 2, SPEC));
        _signal(SET, SPEC);
        address[4] memory others = [voter(0), GUARDIAN, address(TIMELOCK), VALIDATORS];
        for (uint256 i = 0; i < others.length; i++) {
            vm.prank(others[i]);
            (bool done,) = address(REVISIONS).call(abi.encodeCall(REVISIONS.advance, ()));
            assert(!done);
        }
        assert(REVISIONS.proposal().lockedAt == 0);
    }

    function test_nothing_comes_early() external {
        assert(_wants(address(TIMELOCK), 2, SPEC));
        _signal(4, SPEC); // Exactly two thirds are not over two thirds.
        _advance();
        assert(REVISIONS.proposal().lockedAt == 0);
        _signal(SET, SPEC);
        _advance();
        assert(REVISIONS.proposal().lockedAt != 0 && REVISIONS.active().number == 1);
        _signal(4, SPEC);
        _advance();
        assert(REVISIONS.active().number == 1);
        _signal(5, SPEC); // Exactly five sixths.
        _advance();
        assert(REVISIONS.active().number == 2 && REVISIONS.active().firstBlock == block.number + 1);
    }

    function test_it_locks_in_once() external {
        assert(_wants(address(TIMELOCK), 2, SPEC));
        _signal(5, SPEC);
        _advance();
        uint64 lockedAt = REVISIONS.proposal().lockedAt;
        assert(lockedAt != 0);
        _signal(1, SPEC);
        _advance();
        _signal(SET, SPEC);
        assert(REVISIONS.proposal().lockedAt == lockedAt);
        _advance();
        assert(REVISIONS.active().number == 2);
        _advance();
        assert(REVISIONS.history().length == 2);
    }

    function test_the_hash_that_was_voted_on_can_not_be_swapped() external {
        assert(_wants(address(TIMELOCK), 2, SPEC));
        assert(!_wants(address(TIMELOCK), 2, OTHER));
        assert(!_wants(address(TIMELOCK), 3, OTHER));
        assert(!_withdraws(address(TIMELOCK), OTHER));
        _signal(SET, SPEC);
        _advance();
        assert(!_wants(address(TIMELOCK), 2, OTHER));
        assert(REVISIONS.proposal().spec == SPEC);
    }

    // What was said of one hash is no word for another.
    function test_a_second_proposal_begins_from_nothing() external {
        assert(_wants(address(TIMELOCK), 2, SPEC));
        _signal(SET, SPEC);
        assert(_withdraws(address(TIMELOCK), SPEC));
        assert(_wants(address(TIMELOCK), 2, OTHER));
        for (uint256 i = 0; i < 3; i++) _advance();
        assert(REVISIONS.proposal().lockedAt == 0 && REVISIONS.proposal().weight == 0);
    }

    function test_nothing_withdraws_what_is_locked_in() external {
        assert(_wants(address(TIMELOCK), 2, SPEC));
        _signal(SET, SPEC);
        _advance();
        assert(!_withdraws(address(TIMELOCK), SPEC));
        assert(!_decide(address(REVISIONS), abi.encodeCall(REVISIONS.withdraw, (SPEC))));
        assert(REVISIONS.proposal().spec == SPEC);
    }

    function test_after_the_deadline() external {
        assert(_wants(address(TIMELOCK), 2, SPEC));
        _signal(5, SPEC);
        _advance();
        _pass(31 days);
        _signal(4, SPEC);
        _advance();
        assert(REVISIONS.active().number == 1 && REVISIONS.proposal().number == 2);
        _weigh(0, 2); // 5 of 7: over two thirds, under five sixths.
        _advance();
        assert(REVISIONS.active().number == 2);
    }

    function test_what_nearly_all_have_turned_from_lapses_after_the_deadline_only() external {
        assert(_wants(address(TIMELOCK), 2, SPEC));
        _signal(5, SPEC);
        _advance();
        _signal(1, SPEC);
        _advance();
        assert(REVISIONS.proposal().number == 2);
        _pass(31 days);
        _signal(2, SPEC);
        _advance();
        assert(REVISIONS.proposal().number == 2);
        _signal(1, SPEC);
        _advance();
        assert(REVISIONS.proposal().number == 0 && REVISIONS.active().number == 1);
    }

    function test_bad_proposals_are_refused() external {
        assert(!_wants(address(TIMELOCK), 1, SPEC));
        assert(!_wants(address(TIMELOCK), 3, SPEC));
        assert(!_wants(address(TIMELOCK), 2, FIRST));
        assert(!_wants(address(TIMELOCK), 2, 0));
        uint64 soon = uint64(block.timestamp + 1 days);
        assert(!_proposes("", soon));
        assert(!_proposes("0.2.0\n[2Jrm", soon));
        assert(!_proposes("0123456789012345678901234567890123", soon));
        assert(!_proposes("0.2.0", uint64(block.timestamp)));
        assert(!_proposes("0.2.0", uint64(block.timestamp + 367 days)));
        assert(_proposes("v0.2.0-rc.1+linux", soon));
    }

    /// @notice Whatever is signalled with whatever weights, a revision comes only an epoch or more
    /// after it was locked in, and only with five sixths, or late with over two thirds.
    function testFuzz_it_comes_by_the_rules(uint256 seed) external {
        assert(_wants(address(TIMELOCK), 2, SPEC));
        uint64 deadline = REVISIONS.proposal().deadline;
        for (uint256 turn = 0; turn < 12 && REVISIONS.proposal().number == 2; turn++) {
            uint256 ready;
            uint256 total;
            for (uint256 i = 0; i < SET; i++) {
                uint256 draw = uint256(keccak256(abi.encode(seed, turn, i)));
                uint256 weight = 1 + draw % 1_000;
                bool says = (draw >> 128) % 8 != 0;
                _weigh(i, weight);
                _signalOf(i, says ? SPEC : bytes32(draw));
                total += weight;
                if (says) ready += weight;
            }
            bool wasLocked = REVISIONS.proposal().lockedAt != 0;
            _advance();
            bool isLate = block.timestamp >= deadline;
            bool hasCome = REVISIONS.active().number == 2;
            assert(
                hasCome
                    == (wasLocked
                        && (6 * ready >= 5 * total || (isLate && 3 * ready > 2 * total)))
            );
            if (!wasLocked) {
                assert((REVISIONS.proposal().lockedAt != 0) == (3 * ready > 2 * total));
            }
            _pass(4 days);
        }
    }

    // ---- Steps

    function _wants(address sender, uint64 number, bytes32 spec) private returns (bool done) {
        bytes memory call = abi.encodeCall(
            REVISIONS.propose, (number, spec, "0.2.0", uint64(block.timestamp + 30 days))
        );
        vm.prank(sender);
        (done,) = address(REVISIONS).call(call);
    }

    function _proposes(string memory version, uint64 deadline) private returns (bool done) {
        bytes memory call = abi.encodeCall(REVISIONS.propose, (2, SPEC, version, deadline));
        vm.prank(address(TIMELOCK));
        (done,) = address(REVISIONS).call(call);
    }

    function _withdraws(address sender, bytes32 spec) private returns (bool done) {
        vm.prank(sender);
        (done,) = address(REVISIONS).call(abi.encodeCall(REVISIONS.withdraw, (spec)));
    }

    function _advance() private {
        _pass(1);
        vm.prank(address(STEERING));
        REVISIONS.advance();
    }

    function _signal(uint256 ready, bytes32 spec) private {
        for (uint256 i = 0; i < SET; i++) _signalOf(i, i < ready ? spec : bytes32(0));
    }

    /// @dev The mapping of signals is at slot 16388 of Steering (docs/spec/steering.md).
    function _signalOf(uint256 i, bytes32 spec) private {
        vm.store(address(STEERING), keccak256(abi.encode(_validator(i), uint256(16388))), spec);
    }

    function _weigh(uint256 i, uint256 weight) private {
        bytes32 slot = bytes32(uint256(keccak256(abi.encode(uint256(0)))) + i);
        vm.store(VALIDATORS, slot, bytes32(uint256(uint160(_validator(i))) | (weight << 160)));
    }

    function _validator(uint256 i) private pure returns (address) {
        return address(uint160(0xbee0000 + i));
    }
}
