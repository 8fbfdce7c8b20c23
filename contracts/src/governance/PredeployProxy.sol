// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A predeploy whose code a vote can replace, and put back
/// @notice Holds the predeploy's address and storage and runs the implementation's code on them
/// (ERC-1967). Only the timelock upgrades, by `upgradeToAndCall`; all else, the timelock's other calls
/// too, is the implementation's. Reverting an upgrade is an upgrade to the implementation before.
/// @dev Genesis writes the implementation's slot; there is no constructor and no admin but the
/// timelock.
contract PredeployProxy {
    address public constant TIMELOCK = address(0x484f0020);
    /// @dev keccak256("eip1967.proxy.implementation") - 1.
    bytes32 private constant IMPLEMENTATION =
        0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
    bytes4 private constant UPGRADE = bytes4(keccak256("upgradeToAndCall(address,bytes)"));

    /// @notice The code that runs is another from now on.
    event Upgraded(address indexed implementation);

    /// @notice What is to be run has no code.
    error NoCode(address implementation);

    fallback() external payable {
        if (msg.sender == TIMELOCK && msg.sig == UPGRADE) {
            (address next, bytes memory data) = abi.decode(msg.data[4:], (address, bytes));
            if (next.code.length == 0) revert NoCode(next);
            assembly {
                sstore(IMPLEMENTATION, next)
            }
            emit Upgraded(next);
            if (data.length != 0) _delegate(next, data);
            return;
        }
        _forward();
    }

    receive() external payable {
        _forward();
    }

    function _forward() private {
        assembly {
            let implementation := sload(IMPLEMENTATION)
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), implementation, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch done
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }

    function _delegate(address implementation, bytes memory data) private {
        (bool done, bytes memory reason) = implementation.delegatecall(data);
        if (done) return;
        assembly {
            revert(add(reason, 32), mload(reason))
        }
    }
}
