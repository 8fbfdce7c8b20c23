// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Token} from "../contracts/Token.sol";

interface Vm {
    function envAddress(string calldata name) external view returns (address);
}

/// forge test on a fork of the node: it reads the deployed token's state through the node.
contract ForkTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function test_state_of_the_fork() external view {
        Token token = Token(vm.envAddress("TOKEN"));
        require(token.balanceOf(address(0xc0ffe)) == 77, "balance on the fork");
        require(keccak256(bytes(token.symbol())) == keccak256("FRG"), "symbol on the fork");
        require(block.number > 0 && block.chainid != 31337, "block and chain of the fork");
    }

    function test_a_new_contract_beside_it() external {
        Token token = new Token("Local", "LOC", 5);
        require(token.totalSupply() == 5, "supply");
    }
}
