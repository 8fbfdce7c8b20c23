// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

contract Counter {
    uint256 public x;

    event Increment(uint256 by);

    constructor(uint256 start) {
        x = start;
    }

    function inc() external {
        x++;
        emit Increment(1);
    }

    function incBy(uint256 by) external {
        require(by > 0, "incBy: increment should be positive");
        x += by;
        emit Increment(by);
    }
}
