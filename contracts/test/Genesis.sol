// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Constitution} from "../src/Constitution.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {Steering} from "../src/Steering.sol";
import {ValidatorSet} from "../src/ValidatorSet.sol";
import {DryRuns} from "../src/governance/DryRuns.sol";
import {HomeostatGovernor} from "../src/governance/HomeostatGovernor.sol";
import {OptimisticProposals} from "../src/governance/OptimisticProposals.sol";
import {RuleBook} from "../src/governance/RuleBook.sol";
import {RuleExecutor} from "../src/governance/RuleExecutor.sol";
import {StakeVotes} from "../src/governance/StakeVotes.sol";
import {Treasury} from "../src/governance/Treasury.sol";

/// @notice The cheats that these tests use.
interface Vm {
    function etch(address target, bytes calldata code) external;
    function store(address target, bytes32 slot, bytes32 value) external;
    function load(address target, bytes32 slot) external view returns (bytes32);
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function roll(uint256 number) external;
    function deal(address account, uint256 amount) external;
}

/// @title The predeploys at their addresses, as genesis has them
/// @notice Four accounts of equal stake; a loop "capacity" and the loop "rules" in the Constitution.
abstract contract Genesis {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    Steering internal constant STEERING = Steering(address(0x484f0001));
    Constitution internal constant LAW = Constitution(address(0x484f0002));
    ModelRegistry internal constant MODELS = ModelRegistry(address(0x484f0003));
    address internal constant VALIDATORS = address(0x484f0004);
    TimelockController internal constant TIMELOCK =
        TimelockController(payable(address(0x484f0020)));
    HomeostatGovernor internal constant GOVERNOR = HomeostatGovernor(payable(address(0x484f0021)));
    StakeVotes internal constant VOTES = StakeVotes(address(0x484f0022));
    RuleBook internal constant RULES = RuleBook(address(0x484f0023));
    RuleExecutor internal constant EXECUTOR = RuleExecutor(payable(address(0x484f0024)));
    Treasury internal constant TREASURY = Treasury(payable(address(0x484f0025)));
    OptimisticProposals internal constant OPTIMISTIC = OptimisticProposals(address(0x484f0026));

    DryRuns internal constant DRY_RUNS = DryRuns(address(0x484f0028));

    bytes32 internal constant CAPACITY = "capacity";
    uint256 internal constant STAKE = 1 ether;
    address internal constant GUARDIAN = address(0x6a0d);

    uint256 private _steps;
    uint64 internal decisions;
    uint256 internal time = 1_760_000_000;
    uint256 internal height = 100;

    /// @dev Everything as genesis leaves it, a day later.
    function _genesis() internal {
        vm.warp(time);
        vm.roll(height);
        vm.etch(address(STEERING), type(Steering).runtimeCode);
        vm.etch(address(LAW), type(Constitution).runtimeCode);
        vm.etch(address(MODELS), type(ModelRegistry).runtimeCode);
        vm.etch(address(RULES), type(RuleBook).runtimeCode);
        vm.etch(address(EXECUTOR), type(RuleExecutor).runtimeCode);
        vm.etch(address(TREASURY), type(Treasury).runtimeCode);
        vm.etch(address(OPTIMISTIC), type(OptimisticProposals).runtimeCode);
        vm.etch(address(DRY_RUNS), type(DryRuns).runtimeCode);
        vm.store(address(DRY_RUNS), bytes32(uint256(5)), bytes32(uint256(16)));
        vm.etch(VALIDATORS, type(ValidatorSet).runtimeCode);
        vm.store(VALIDATORS, 0, bytes32(uint256(4)));
        for (uint256 i = 0; i < 4; i++) {
            vm.store(
                VALIDATORS,
                bytes32(uint256(keccak256(abi.encode(uint256(0)))) + i),
                bytes32(uint256(uint160(voter(i))) | 1 << 160)
            );
        }
        _construct(address(VOTES), type(StakeVotes).creationCode, _stakes());
        address[] memory proposers = new address[](2);
        (proposers[0], proposers[1]) = (address(GOVERNOR), address(OPTIMISTIC));
        _construct(
            address(TIMELOCK),
            type(TimelockController).creationCode,
            abi.encode(uint256(2 days), proposers, new address[](1), address(0))
        );
        _construct(
            address(GOVERNOR),
            type(HomeostatGovernor).creationCode,
            abi.encode(
                HomeostatGovernor.Settings(
                    1 days, 3 days, STAKE, 20, GUARDIAN, uint64(time + 365 days)
                )
            )
        );
        _own();
        for (uint256 i = 0; i < 5; i++) vm.deal(voter(i), 1_000 ether);
        _pass(1 days);
    }

    /// @notice The i-th account with stake; from 4 on they have none.
    function voter(uint256 i) internal pure returns (address) {
        return address(uint160(0xa11ce000 + i));
    }

    function _stakes() private pure returns (bytes memory) {
        address[] memory accounts = new address[](4);
        uint256[] memory amounts = new uint256[](4);
        for (uint256 i = 0; i < 4; i++) (accounts[i], amounts[i]) = (voter(i), STAKE);
        return abi.encode(accounts, amounts, new address[](4));
    }

    /// @dev Creation code run as the account's own: a deployment to a chosen address.
    function _construct(address target, bytes memory creation, bytes memory arguments) internal {
        vm.etch(target, abi.encodePacked(creation, arguments));
        (bool done, bytes memory code) = target.call("");
        require(done, "constructor");
        vm.etch(target, code);
    }

    /// @dev The timelock adds the loops of genesis, so their rules are written by the contract.
    function _own() private {
        vm.store(address(LAW), bytes32(uint256(96)), bytes32(uint256(uint160(address(TIMELOCK)))));
        vm.store(address(MODELS), 0, bytes32(uint256(uint160(address(TIMELOCK)))));
        bytes32[2] memory none;
        Constitution.Actuator[] memory fields = new Constitution.Actuator[](2);
        fields[0] = Constitution.Actuator(1_000, 1_000_000, 10_000, 0, 2_500, 2, 40_000);
        fields[1] = Constitution.Actuator(1_000, 1_000_000, 20_000, 0, 2_500, 2, 40_000);
        vm.prank(address(TIMELOCK));
        LAW.addLoop(CAPACITY, 32, none, fields);
        Constitution.Actuator[] memory windows = new Constitution.Actuator[](8);
        for (uint256 i = 0; i < 4; i++) {
            windows[i] = Constitution.Actuator(
                1_000, 90 days * 1_000, 2 days * 1_000, 0, 2_500, 2, 40_000
            );
            windows[4 + i] = Constitution.Actuator(100, 5_000, 3_000, 0, 2_500, 2, 40_000);
        }
        vm.prank(address(TIMELOCK));
        LAW.addLoop("rules", 32, none, windows);
        height += 40;
        vm.roll(height);
        vm.prank(address(TIMELOCK));
        LAW.setMode("rules", 0);
        vm.prank(address(TIMELOCK));
        LAW.setMode(CAPACITY, 0);
    }

    function _pass(uint256 duration) internal {
        time += duration;
        height += duration;
        vm.warp(time);
        vm.roll(height);
    }

    /// @dev A block with rules at work, as Steering runs them.
    function _block(uint64 demandGas) internal returns (bool ran) {
        _pass(1);
        vm.prank(address(STEERING));
        (ran,) = address(RULES).call{gas: 1_000_000}(
            abi.encodeCall(
                RULES.run, (1_000, demandGas, 1 gwei, bytes32(uint256(10_000) << 32), ++decisions)
            )
        );
    }

    function _propose(address proposer, address target, bytes memory data)
        internal
        returns (bool proposed, uint256 id)
    {
        address[] memory targets = new address[](1);
        bytes[] memory calldatas = new bytes[](1);
        (targets[0], calldatas[0]) = (target, data);
        vm.prank(proposer);
        (bool done, bytes memory returned) = address(GOVERNOR).call(
            abi.encodeCall(
                GOVERNOR.propose, (targets, new uint256[](1), calldatas, _text(++_steps))
            )
        );
        return (done, done ? abi.decode(returned, (uint256)) : 0);
    }

    function _vote(uint256 id, uint8 support, uint256 voters) internal {
        _pass(1 days + 1);
        for (uint256 i = 0; i < voters; i++) {
            vm.prank(voter(i));
            GOVERNOR.castVote(id, support);
        }
        _pass(3 days + 1);
    }

    /// @dev Requests a dry run in an epoch of its own.
    function _request(uint256 id) internal returns (bool done) {
        _pass(16);
        vm.deal(voter(5), 1 ether);
        vm.prank(voter(5));
        (done,) = address(DRY_RUNS).call{value: 1 ether}(abi.encodeCall(DRY_RUNS.request, (id)));
    }

    /// @dev What validators `from` to `to` attest, as transaction 0 leaves it of their votes.
    function _attest(bytes32 digest, uint256 from, uint256 to) internal {
        for (uint256 i = from; i < to; i++) _say(voter(i), digest);
    }

    function _say(address validator, bytes32 digest) private {
        vm.store(address(STEERING), keccak256(abi.encode(validator, uint256(16_392))), digest);
    }

    function _result(uint256 id, uint256 verdict) internal view returns (bytes memory) {
        return abi.encode(verdict, id, uint256(DRY_RUNS.runOf(id).height), "what was found");
    }

    /// @dev A dry run that passes, where one is needed.
    function _dryRun(uint256 id) internal {
        if (!_request(id)) return;
        bytes memory result = _result(id, 1);
        uint256[] memory set = ValidatorSet(VALIDATORS).words();
        for (uint256 i = 0; i < set.length; i++) {
            _say(address(uint160(set[i])), keccak256(result));
        }
        DRY_RUNS.conclude(id, result);
    }

    function _carry(uint256 id) internal returns (bool) {
        _dryRun(id);
        (bool queued,) = address(GOVERNOR).call(abi.encodeWithSignature("queue(uint256)", id));
        if (!queued) return false;
        _pass(2 days + 1);
        (bool done,) = address(GOVERNOR).call(abi.encodeWithSignature("execute(uint256)", id));
        return done;
    }

    /// @dev A whole vote by three of four.
    function _decide(address target, bytes memory data) internal returns (bool) {
        (bool proposed, uint256 id) = _propose(voter(0), target, data);
        if (!proposed) return false;
        _vote(id, 1, 3);
        return _carry(id);
    }

    /// @dev `height > 0`: holds always.
    function _always() internal pure returns (bytes memory) {
        return hex"0600";
    }

    function _rule(uint8 kind, bytes memory action, uint256 budget)
        internal
        view
        returns (RuleBook.Rule memory)
    {
        return RuleBook.Rule(
            _always(), kind, action, 1, 1, 1_000, uint64(time + 60 days), budget, "test"
        );
    }

    function _adopt(RuleBook.Rule memory rule) internal returns (bytes32 id) {
        vm.prank(voter(0));
        id = RULES.write{value: 1 ether}(rule);
        require(_decide(address(RULES), abi.encodeCall(RULES.adopt, (id))), "adoption");
    }

    function _text(uint256 number) private pure returns (string memory) {
        return string(abi.encodePacked("proposal ", bytes32(number)));
    }
}
