// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// What the client scripts deploy: an OpenZeppelin ERC-20 whose first owner has all of it.
contract Token is ERC20 {
    constructor(string memory name, string memory symbol, uint256 supply) ERC20(name, symbol) {
        _mint(msg.sender, supply);
    }

    function fail(string calldata reason) external pure {
        revert(reason);
    }
}
