// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "./Genesis.sol";
import {Constitution} from "../src/Constitution.sol";
import {DryRuns} from "../src/governance/DryRuns.sol";
import {RuleBook} from "../src/governance/RuleBook.sol";

/// @notice What a fuzzer may do: everybody's moves, hostile ones above all.
contract Actions is Genesis {
    bytes32[] public rules;
    uint256[] public subjects;
    uint256 public firings;

    constructor() {
        _genesis();
        vm.deal(address(TREASURY), 100 ether);
    }

    function stakeMoves(uint256 from, uint256 to, uint96 amount) external {
        vm.prank(VALIDATORS);
        VOTES.moveStake(
            from % 5 == 4 ? address(0) : voter(from % 5), to % 5 == 4 ? address(0) : voter(to % 5),
            amount
        );
    }

    function delegates(uint256 who, uint256 to) external {
        vm.prank(voter(who % 5));
        VOTES.delegate(voter(to % 5));
    }

    function writes(uint8 kind, uint64 value, uint8 field, uint8 operation, uint32 interval)
        external
    {
        uint8[] memory fields = new uint8[](1);
        uint8[] memory operations = new uint8[](1);
        uint64[] memory values = new uint64[](1);
        (fields[0], operations[0], values[0]) = (field % 3, operation % 4, value % 30_000);
        bytes memory action = kind % 3 == 0
            ? abi.encode(CAPACITY, uint32(value % 50), fields, operations, values)
            : kind % 3 == 1
                ? abi.encode(CAPACITY, uint8(value % 3))
                : abi.encode(address(0xbeef0001), uint256(value % 4) * 1 ether);
        RuleBook.Rule memory rule = RuleBook.Rule(
            hex"0600",
            kind % 3 == 0 ? 1 : kind % 3 == 1 ? 2 : 5,
            action,
            1,
            interval % 20 + 1,
            1_000,
            uint64(time + 300 days),
            8 ether,
            ""
        );
        vm.deal(voter(0), 2 ether);
        vm.prank(voter(0));
        bytes32 id = RULES.write{value: 1 ether}(rule);
        vm.prank(address(TIMELOCK));
        RULES.adopt(id);
        rules.push(id);
    }

    function blocks(uint8 count, uint64 demand) external {
        for (uint256 i = 0; i < count % 12; i++) require(_block(demand), "transaction 0 failed");
    }

    function ratifies(uint64 a, uint64 b) external {
        uint64[] memory values = new uint64[](2);
        (values[0], values[1]) = (a % 1_000_000, b % 1_000_000);
        vm.prank(address(TIMELOCK));
        LAW.ratify(CAPACITY, values);
    }

    function repeals(uint256 which) external {
        bytes32 id = rules[which % rules.length];
        vm.prank(address(TIMELOCK));
        RULES.repeal(id);
    }

    function optimistic(uint256 who, uint256 which, uint256 objector) external {
        address proposer = voter(who % 4);
        vm.deal(proposer, 2 ether);
        vm.prank(proposer);
        uint256 id =
            OPTIMISTIC.propose{value: 1 ether}(0, abi.encode(rules[which % rules.length]), "");
        address other = voter(objector % 4);
        vm.deal(other, 2 ether);
        vm.prank(other);
        OPTIMISTIC.object{value: 1 ether}(id);
        _pass(2 days + 1);
        subjects.push(id);
        if (id % 3 != 0) _dryRun(id);
        else _request(id);
        OPTIMISTIC.schedule(id);
    }

    function releases(uint256 which) external {
        DRY_RUNS.release(subjects[which % subjects.length]);
    }

    function subjectCount() external view returns (uint256) {
        return subjects.length;
    }

    function takesOwed(uint256 who) external {
        vm.prank(voter(who % 5));
        OPTIMISTIC.withdraw();
    }

    function ruleCount() external view returns (uint256) {
        return rules.length;
    }
}

/// @title What holds whatever anybody does
contract InvariantsTest {
    Constitution private constant LAW = Constitution(address(0x484f0002));
    RuleBook private constant RULES = RuleBook(address(0x484f0023));
    Actions private _actions;

    function setUp() external {
        _actions = new Actions();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actions);
    }

    /// @dev Rules judged by the law never leave the bounds.
    function invariant_the_vector_stays_in_its_bounds() external view {
        uint64[] memory vector = LAW.inForce("capacity");
        for (uint256 f = 0; f < vector.length; f++) {
            require(vector[f] >= 1_000 && vector[f] <= 1_000_000, "out of bounds");
        }
    }

    /// @dev Votes are what is staked, whoever has them.
    function invariant_votes_are_stake() external view {
        (bool done, bytes memory supply) =
            address(0x484f0022).staticcall(abi.encodeWithSignature("totalSupply()"));
        require(done, "supply");
        uint256 votes;
        for (uint256 i = 0; i < 5; i++) {
            (, bytes memory of_) = address(0x484f0022).staticcall(
                abi.encodeWithSignature("getVotes(address)", address(uint160(0xa11ce000 + i)))
            );
            votes += abi.decode(of_, (uint256));
        }
        require(votes == abi.decode(supply, (uint256)), "votes without stake");
    }

    /// @dev No rule spends more than its budget, and all bonds are there.
    function invariant_money_is_accounted_for() external view {
        uint256 count = _actions.ruleCount();
        uint256 bonds;
        uint256 spent;
        for (uint256 i = 0; i < count; i++) {
            RuleBook.State memory state = RULES.stateOf(_actions.rules(i));
            require(state.spent <= 8 ether, "over budget");
            bonds += state.bond;
            spent += state.spent;
        }
        require(address(RULES).balance == bonds, "bonds are not what lies there");
        require(address(0xbeef0001).balance <= spent, "paid more than was debited");
        require(RULES.active().length <= 16, "too many rules");
    }

    /// @dev What DryRuns owes and holds as bonds is what it has.
    function invariant_dry_runs_bonds_are_accounted_for() external view {
        DryRuns runs = DryRuns(address(0x484f0028));
        uint256 due = runs.owed(address(0x484f0025)) + runs.owed(address(uint160(0xa11ce005)));
        for (uint256 i = 0; i < _actions.subjectCount(); i++) {
            if (runs.runOf(_actions.subjects(i)).isBonded) due += 1 ether;
        }
        require(address(runs).balance == due, "bonds are not what lies there");
    }

    /// @dev Every phase of the rules' epoch has what it can evaluate within its gas.
    function invariant_every_rule_in_force_has_its_turn() external view {
        bytes32[] memory active = RULES.active();
        uint256[4] memory places;
        for (uint256 i = 0; i < active.length; i++) places[RULES.stateOf(active[i]).phase]++;
        for (uint256 p = 0; p < 4; p++) require(places[p] <= 4, "a phase is overfull");
    }

    /// @dev What OptimisticProposals owes and holds as bonds is what it has.
    function invariant_no_bond_is_lost() external view {
        uint256 owed;
        for (uint256 i = 0; i < 5; i++) {
            (, bytes memory one) = address(0x484f0026).staticcall(
                abi.encodeWithSignature("owed(address)", address(uint160(0xa11ce000 + i)))
            );
            owed += abi.decode(one, (uint256));
        }
        require(address(0x484f0026).balance >= owed, "owes more than it has");
    }
}
