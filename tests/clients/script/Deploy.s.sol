// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Token} from "../contracts/Token.sol";

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// forge script without forge-std: two transactions in one broadcast.
contract Deploy {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public constant IS_SCRIPT = true;

    function run() external {
        vm.startBroadcast();
        Token token = new Token("Scripted", "SCR", 100);
        token.transfer(address(0xc0ffe), 40);
        vm.stopBroadcast();
    }
}
