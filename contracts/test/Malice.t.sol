// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "./Genesis.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {RuleBook} from "../src/governance/RuleBook.sol";

/// @notice A rule's callee that calls back into whatever it can.
contract Reentrant {
    RuleBook private constant RULES = RuleBook(address(0x484f0023));
    uint256 public calls;
    uint256 public broken;

    function enter(bytes calldata rule) external payable {
        calls++;
        (bool ran,) = address(RULES).call(
            abi.encodeWithSignature(
                "run(uint64,uint64,uint64,bytes32,uint64)", 1, 1, 1, bytes32(0), 1
            )
        );
        (bool wrote,) = address(RULES).call{value: address(this).balance}(rule);
        (bool withdrew,) =
            address(RULES).call(abi.encodeWithSignature("withdraw(bytes32)", bytes32(0)));
        (bool executed,) = address(0x484f0024).call(
            abi.encodeWithSignature(
                "execute(address,uint256,uint256,bytes)", address(this), 0, 50_000, ""
            )
        );
        (bool paid,) = address(0x484f0025).call(
            abi.encodeWithSignature("pay(address,uint256)", address(this), 1)
        );
        if (ran || wrote || withdrew || executed || paid) broken++;
    }

    receive() external payable {}
}

/// @notice Takes all the gas it gets, and returns a bomb of data.
contract Greedy {
    fallback() external payable {
        assembly {
            revert(0, 1000000)
        }
    }
}

/// @title Proposals and rules that mean harm, and fail
contract MaliceTest is Genesis {
    bytes private _grab = abi.encodeWithSignature("transferOwnership(address)", voter(4));

    function setUp() external {
        _genesis();
    }

    // Stake that arrives after the snapshot, or leaves before it, does not vote.
    function test_flash_borrowed_votes_count_for_nothing() external {
        (, uint256 id) = _propose(voter(0), address(LAW), _grab);
        _pass(1 days + 1);
        vm.prank(VALIDATORS);
        VOTES.moveStake(address(0), voter(4), 1_000 ether);
        vm.prank(voter(4));
        GOVERNOR.castVote(id, 1);
        vm.prank(VALIDATORS);
        VOTES.moveStake(voter(4), address(0), 1_000 ether);
        _pass(3 days + 1);
        require(GOVERNOR.state(id) == IGovernor.ProposalState.Defeated, "flash votes won");
    }

    // Nor can it propose in the second it arrives.
    function test_flash_borrowed_votes_propose_nothing() external {
        vm.prank(VALIDATORS);
        VOTES.moveStake(address(0), voter(4), 1_000 ether);
        (bool proposed,) = _propose(voter(4), address(LAW), _grab);
        require(!proposed, "proposed with stake of this second");
    }

    // Votes bought once a vote has begun: delegation moves, the snapshot does not.
    function test_freshly_bought_votes_count_for_nothing() external {
        (, uint256 id) = _propose(voter(0), address(LAW), _grab);
        _pass(1 days + 1);
        for (uint256 i = 1; i < 4; i++) {
            vm.prank(voter(i));
            VOTES.delegate(voter(4));
        }
        vm.prank(voter(4));
        GOVERNOR.castVote(id, 1);
        (,uint256 inFavour,) = GOVERNOR.proposalVotes(id);
        require(inFavour == 0, "bought votes counted");
    }

    // What is voted for is what is run: another call under the same proposal is another proposal.
    function test_a_hidden_call_is_another_proposal() external {
        (, uint256 id) = _propose(voter(0), address(TREASURY), "");
        _vote(id, 1, 3);
        address[] memory targets = new address[](1);
        bytes[] memory calldatas = new bytes[](1);
        (targets[0], calldatas[0]) = (address(LAW), _grab);
        (bool queued,) = address(GOVERNOR).call(
            abi.encodeWithSignature(
                "queue(address[],uint256[],bytes[],bytes32)",
                targets,
                new uint256[](1),
                calldatas,
                keccak256("proposal")
            )
        );
        require(!queued, "queued what nobody voted for");
    }

    // An optimistic proposal's one call is built from typed arguments.
    function test_an_optimistic_proposal_hides_no_call() external {
        bytes memory arguments = abi.encode(voter(4), uint256(1));
        vm.prank(voter(0));
        (bool proposed,) = address(OPTIMISTIC).call{value: 1 ether}(
            abi.encodeCall(OPTIMISTIC.propose, (9, arguments, "a kind that is none"))
        );
        require(!proposed, "unknown kind");
        vm.deal(address(TREASURY), 1_000 ether);
        vm.prank(voter(0));
        (proposed,) = address(OPTIMISTIC).call{value: 1 ether}(
            abi.encodeCall(
                OPTIMISTIC.propose, (1, abi.encode(voter(4), uint256(11 ether)), "too much")
            )
        );
        require(!proposed, "over a hundredth of the Treasury");
    }

    function test_nobody_gets_round_the_timelock() external {
        address[3] memory callers = [voter(0), address(GOVERNOR), address(OPTIMISTIC)];
        for (uint256 i = 0; i < callers.length; i++) {
            vm.prank(callers[i]);
            (bool done,) = address(LAW).call(_grab);
            require(!done, "owner's call by another");
            vm.prank(callers[i]);
            (done,) = address(RULES).call(abi.encodeCall(RULES.adopt, (bytes32(0))));
            require(!done, "adoption by another");
        }
        (, uint256 id) = _propose(voter(0), address(LAW), _grab);
        _vote(id, 1, 3);
        (bool unready,) = address(GOVERNOR).call(abi.encodeWithSignature("queue(uint256)", id));
        require(!unready, "queued without a dry run");
        _dryRun(id);
        (bool queued,) = address(GOVERNOR).call(abi.encodeWithSignature("queue(uint256)", id));
        require(queued, "queue");
        _pass(2 days - 10);
        (bool executed,) = address(GOVERNOR).call(abi.encodeWithSignature("execute(uint256)", id));
        require(!executed, "executed before its time");
        vm.prank(voter(0));
        (bool scheduled,) = address(TIMELOCK).call(
            abi.encodeWithSignature(
                "schedule(address,uint256,bytes,bytes32,bytes32,uint256)",
                address(LAW), 0, _grab, bytes32(0), bytes32(0), 2 days
            )
        );
        require(!scheduled, "scheduled without a role");
        vm.prank(voter(0));
        (bool shortened,) = address(TIMELOCK).call(abi.encodeWithSignature("updateDelay(uint256)", 0));
        require(!shortened, "delay changed by a stranger");
    }

    // Each objection costs a bond that is lost unless enough object; the proposal goes on.
    function test_veto_spam_pays_for_itself() external {
        (uint256 id,) = _optimistic();
        vm.prank(voter(1));
        OPTIMISTIC.object{value: 1 ether}(id);
        vm.prank(voter(1));
        (bool again,) = address(OPTIMISTIC).call(abi.encodeCall(OPTIMISTIC.object, (id)));
        require(!again, "objected twice");
        vm.prank(voter(4));
        (bool bare,) = address(OPTIMISTIC).call(abi.encodeCall(OPTIMISTIC.object, (id)));
        require(!bare, "objected without a vote");
        _pass(2 days);
        (bool unready,) = address(OPTIMISTIC).call(abi.encodeCall(OPTIMISTIC.schedule, (id)));
        require(!unready, "scheduled without a dry run");
        _dryRun(id);
        OPTIMISTIC.schedule(id);
        require(OPTIMISTIC.owed(voter(0)) == 2 ether, "the proposer gets the spammer's bond");
        require(OPTIMISTIC.owed(voter(1)) == 0, "the spammer gets nothing");
    }

    // A veto calls one vote and no more; its loser pays the winner.
    function test_a_veto_that_loses_its_vote_loses_its_bond() external {
        (uint256 id, bytes32 rule) = _optimistic();
        _veto(id);
        uint256 vote = OPTIMISTIC.proposal(id).vote;
        (bool early,) = address(OPTIMISTIC).call(abi.encodeCall(OPTIMISTIC.settle, (id)));
        require(!early, "settled while the vote runs");
        _vote(vote, 1, 3);
        OPTIMISTIC.settle(id);
        require(OPTIMISTIC.owed(voter(0)) == 2 ether, "the proposer gets both bonds");
        require(_carry(vote), "the vote is carried out");
        require(RULES.stateOf(rule).status == RULES.STATUS_ACTIVE(), "the rule is in force");
        vm.prank(voter(2));
        (bool again,) = address(OPTIMISTIC).call{value: 1 ether}(
            abi.encodeCall(OPTIMISTIC.object, (id))
        );
        require(!again, "vetoed twice");
    }

    // A proposer that loses pays; and nobody can block the vote by proposing its text before.
    function test_a_proposal_that_loses_its_vote_loses_its_bond() external {
        (uint256 id,) = _optimistic();
        _veto(id);
        _vote(OPTIMISTIC.proposal(id).vote, 0, 3);
        OPTIMISTIC.settle(id);
        require(OPTIMISTIC.owed(voter(1)) == 2 ether, "the objector gets both bonds");
        vm.prank(voter(1));
        OPTIMISTIC.withdraw();
        require(voter(1).balance == 1_001 ether, "paid");
        vm.prank(voter(1));
        (bool again,) = address(OPTIMISTIC).call(abi.encodeCall(OPTIMISTIC.withdraw, ()));
        require(!again, "paid twice");
    }

    function test_the_text_of_an_escalated_vote_is_reserved() external {
        (uint256 id, bytes32 rule) = _optimistic();
        address[] memory targets = new address[](1);
        bytes[] memory calldatas = new bytes[](1);
        (targets[0], calldatas[0]) = (address(RULES), abi.encodeCall(RULES.adopt, (rule)));
        vm.prank(voter(3));
        (bool proposed,) = address(GOVERNOR).call(
            abi.encodeCall(
                GOVERNOR.propose,
                (
                    targets,
                    new uint256[](1),
                    calldatas,
                    "Optimistic proposal 1: a rule#proposer=0x00000000000000000000000000000000484f0026"
                )
            )
        );
        require(!proposed, "proposed in another's name");
        _veto(id);
    }

    // A bond can't be taken out before its time, nor by another, nor made to stick.
    function test_bonds_are_not_griefed() external {
        vm.prank(voter(0));
        bytes32 id = RULES.write{value: 1 ether}(_rule(2, abi.encode(CAPACITY, uint8(1)), 0));
        vm.prank(voter(1));
        (bool copied,) = address(RULES).call{value: 1 ether}(
            abi.encodeCall(RULES.write, (_rule(2, abi.encode(CAPACITY, uint8(1)), 0)))
        );
        require(!copied, "the same rule twice");
        (bool early,) = address(RULES).call(abi.encodeCall(RULES.withdraw, (id)));
        require(!early, "withdrawn while it may be adopted");
        _pass(61 days);
        RULES.withdraw(id);
        require(voter(0).balance == 1_000 ether, "to whom it belongs, whoever asks");
        (bool again,) = address(RULES).call(abi.encodeCall(RULES.withdraw, (id)));
        require(!again, "withdrawn twice");
        require(!_decide(address(RULES), abi.encodeCall(RULES.adopt, (id))), "adopted bondless");
    }

    function test_a_callee_can_not_reenter() external {
        Reentrant callee = new Reentrant();
        vm.deal(address(callee), 2 ether);
        vm.deal(address(TREASURY), 10 ether);
        bytes memory inner = abi.encodeCall(
            RULES.write, (_rule(2, abi.encode(CAPACITY, uint8(2)), 0))
        );
        bytes memory data = abi.encodeCall(Reentrant.enter, (inner));
        RuleBook.Rule memory rule = _rule(
            6, abi.encode(address(callee), uint256(1 wei), uint32(200_000), data), 1 ether
        );
        bytes32 id = _adopt(rule);
        for (uint256 i = 0; i < 12; i++) require(_block(0), "run");
        require(callee.calls() > 0, "called");
        require(callee.broken() == 0, "a nested call got through");
        require(RULES.stateOf(id).failures == 0, "counted as failed");
    }

    // A callee that burns all its gas and returns a bomb costs the rule, and no block.
    function test_a_greedy_callee_is_suspended() external {
        Greedy callee = new Greedy();
        bytes32 id = _adopt(
            _rule(6, abi.encode(address(callee), uint256(0), uint32(200_000), bytes("")), 1 ether)
        );
        for (uint256 i = 0; i < 48; i++) require(_block(0), "run");
        require(RULES.stateOf(id).status == RULES.STATUS_SUSPENDED(), "three failures suspend");
        require(address(TREASURY).balance == 1 ether, "its bond is the Treasury's");
    }

    function test_no_rule_is_aimed_at_a_system_contract() external {
        address[6] memory targets = [
            address(LAW), address(MODELS), VALIDATORS, address(TIMELOCK), address(RULES), address(4)
        ];
        for (uint256 i = 0; i < targets.length; i++) {
            RuleBook.Rule memory rule =
                _rule(6, abi.encode(targets[i], uint256(0), uint32(100_000), _grab), 0);
            vm.prank(voter(0));
            (bool written,) =
                address(RULES).call{value: 1 ether}(abi.encodeCall(RULES.write, (rule)));
            require(!written, "a rule against a system contract");
        }
        // And were one to get there, who calls in a rule's name has no privilege anywhere.
        vm.prank(address(EXECUTOR));
        (bool done,) = address(LAW).call(_grab);
        require(!done, "the executor owns something");
    }

    function test_a_budget_is_debited_before_anything_is_paid() external {
        vm.deal(address(TREASURY), 100 ether);
        bytes32 id = _adopt(_rule(5, abi.encode(address(0xbeef0001), uint256(4 ether)), 9 ether));
        for (uint256 i = 0; i < 72; i++) _block(0);
        require(address(0xbeef0001).balance == 8 ether, "more than the budget");
        require(RULES.stateOf(id).spent == 8 ether, "spent");
    }

    function test_nobody_else_runs_rules_or_pays() external {
        (bool ran,) = address(RULES).call(
            abi.encodeCall(RULES.run, (1, 1, 1, bytes32(0), 1))
        );
        require(!ran, "run by a stranger");
        (bool paid,) = address(TREASURY).call(abi.encodeCall(TREASURY.pay, (voter(0), 1)));
        require(!paid, "paid by a stranger");
        uint64[] memory vector = new uint64[](2);
        (bool decided,) = address(LAW).call(abi.encodeCall(LAW.decideByRule, (CAPACITY, vector, 0)));
        require(!decided, "decided by a stranger");
    }

    // A third of the weight can neither lie a proposal through nor, with two thirds honest, keep it
    // out; a result that failed keeps it out.
    function test_a_dry_run_is_attested_by_over_two_thirds_or_not_at_all() external {
        (, uint256 id) = _propose(voter(0), address(LAW), _grab);
        _vote(id, 1, 3);
        require(_request(id), "requested");
        bytes memory lie = _result(id, 1);
        bytes memory found = _result(id, 2);
        _attest(keccak256(lie), 0, 1);
        _attest(keccak256(found), 1, 3);
        require(!_conclude(id, lie) && !_conclude(id, found), "concluded without a quorum");
        _attest(keccak256(found), 3, 4);
        require(!_conclude(id, abi.encode(uint256(1), id, uint256(0), "")), "of another block");
        require(_conclude(id, found), "three of four");
        require(!_conclude(id, lie), "concluded twice");
        (bool queued,) = address(GOVERNOR).call(abi.encodeWithSignature("queue(uint256)", id));
        require(!queued, "queued what failed its dry run");
    }

    // Requests cost a bond that only a proposal which is carried out gives back; nobody takes more
    // than one epoch's run, and nothing that is no live proposal takes any.
    function test_dry_runs_are_not_griefed() external {
        require(!_request(uint256(keccak256("no proposal"))), "of nothing");
        (, uint256 paying) =
            _propose(voter(0), address(TREASURY), abi.encodeCall(TREASURY.pay, (voter(0), 1)));
        require(!_request(paying), "of one that needs none");
        (, uint256 id) = _propose(voter(0), address(LAW), _grab);
        (, uint256 next) = _propose(voter(0), address(MODELS), _grab);
        (bool bare,) = address(DRY_RUNS).call(abi.encodeCall(DRY_RUNS.request, (id)));
        require(!bare, "without a bond");
        require(_request(id), "requested");
        vm.deal(voter(5), 1 ether);
        vm.prank(voter(5));
        (bool second,) =
            address(DRY_RUNS).call{value: 1 ether}(abi.encodeCall(DRY_RUNS.request, (next)));
        require(!second, "two in an epoch");
        require(!_release(id), "released while it is under way");
        bytes memory result = _result(id, 1);
        _attest(keccak256(result), 0, 4);
        require(_conclude(id, result), "concluded");
        require(!_release(id), "released before the vote");
        require(!_request(id), "requested again");
        _vote(id, 0, 3);
        require(_release(id), "released");
        require(!_release(id), "released twice");
        require(DRY_RUNS.owed(address(TREASURY)) == 1 ether, "a defeated proposal's bond");
        DRY_RUNS.withdraw(address(TREASURY));
        require(address(TREASURY).balance == 1 ether, "paid");
    }

    function test_the_guardian_can_not_keep_its_place() external {
        (, uint256 id) =
            _propose(voter(0), address(GOVERNOR), abi.encodeWithSignature("dismissGuardian()"));
        _vote(id, 1, 3);
        vm.prank(GUARDIAN);
        (bool cancelled,) = address(GOVERNOR).call(abi.encodeWithSignature("cancel(uint256)", id));
        require(!cancelled, "cancelled its own removal");
        require(_carry(id), "removal");
        require(GOVERNOR.guardian() == address(0), "gone");
    }

    function test_the_guardian_expires() external {
        _pass(366 days);
        (, uint256 id) = _propose(voter(0), address(LAW), _grab);
        vm.prank(GUARDIAN);
        (bool cancelled,) = address(GOVERNOR).call(abi.encodeWithSignature("cancel(uint256)", id));
        require(!cancelled, "cancelled after its term");
    }

    function _conclude(uint256 id, bytes memory result) private returns (bool done) {
        (done,) = address(DRY_RUNS).call(abi.encodeCall(DRY_RUNS.conclude, (id, result)));
    }

    function _release(uint256 id) private returns (bool done) {
        (done,) = address(DRY_RUNS).call(abi.encodeCall(DRY_RUNS.release, (id)));
    }

    function _optimistic() private returns (uint256 id, bytes32 rule) {
        vm.prank(voter(0));
        rule = RULES.write{value: 1 ether}(_rule(2, abi.encode(CAPACITY, uint8(1)), 0));
        vm.prank(voter(0));
        id = OPTIMISTIC.propose{value: 1 ether}(0, abi.encode(rule), "a rule");
        vm.deal(voter(0), 1_000 ether);
    }

    // Two of four are over the share of 30 %.
    function _veto(uint256 id) private {
        vm.prank(voter(1));
        OPTIMISTIC.object{value: 1 ether}(id);
        vm.prank(voter(2));
        OPTIMISTIC.object(id);
        require(OPTIMISTIC.proposal(id).status == OPTIMISTIC.STATUS_VOTED(), "a vote");
    }
}
