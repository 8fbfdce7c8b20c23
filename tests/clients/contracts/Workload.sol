// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// Calls of many shapes, to compare traces of them between clients.
contract Workload {
    uint256 public total;
    mapping(uint256 key => uint256 value) public stored;
    uint256 transient lock;

    event Written(uint256 indexed key, uint256 value);

    error TooMuch(uint256 asked);

    receive() external payable {}

    function write(uint256 key, uint256 value) external payable {
        stored[key] = value;
        emit Written(key, value);
    }

    function clear(uint256 from, uint256 to) external {
        for (uint256 key = from; key < to; key++) delete stored[key];
    }

    function loop(uint256 times) external {
        uint256 sum = total;
        for (uint256 i = 0; i < times; i++) sum = uint256(keccak256(abi.encode(sum, i)));
        total = sum;
    }

    function fail(uint256 depth) external {
        if (depth == 0) revert TooMuch(depth);
        this.fail(depth - 1);
    }

    function caught(uint256 depth) external {
        try this.fail(depth) {} catch (bytes memory reason) {
            total = uint256(keccak256(reason));
        }
    }

    function burn() external pure {
        while (true) {}
    }

    function invalid() external pure {
        assembly {
            invalid()
        }
    }

    function guarded(uint256 depth) external {
        uint256 seen = lock;
        lock = seen + 1;
        if (depth > 0) this.guarded(depth - 1);
        total += lock;
    }

    function deploy(bytes32 salt, bool fails) external returns (address made) {
        try new Child{salt: salt}(fails) returns (Child child) {
            made = address(child);
        } catch {}
    }

    function delegate(Child child, uint256 value) external {
        (bool fine,) = address(child).delegatecall(abi.encodeCall(Child.set, (value)));
        require(fine, "delegate");
    }

    function look(Child child) external view returns (uint256) {
        return child.value() + address(child).balance + uint256(address(child).codehash);
    }

    function precompiles(bytes calldata data) external {
        bytes32 a = sha256(data);
        bytes20 b = ripemd160(data);
        address c = ecrecover(a, 27, a, keccak256(data));
        (, bytes memory d) = address(4).staticcall(data);
        (, bytes memory e) =
            address(5).staticcall(abi.encode(32, 32, 32, a, uint256(3), uint256(1_000_003)));
        total = uint256(keccak256(abi.encode(a, b, c, d, e)));
    }

    function pay(address payable to, uint256 amount) external {
        (bool fine,) = to.call{value: amount}("");
        total = fine ? amount : 1;
    }

    function destroy(bytes32 salt) external {
        new Brief{salt: salt}(payable(msg.sender));
    }
}

contract Child {
    uint256 public value;

    constructor(bool fails) {
        require(!fails, "asked to fail");
        value = 7;
    }

    function set(uint256 to) external {
        value = to;
    }
}

contract Brief {
    constructor(address payable heir) {
        selfdestruct(heir);
    }
}
