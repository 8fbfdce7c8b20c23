// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Stand-in for the contracts that recorded transactions called
/// @notice Calldata is one word: the gas the recorded transaction was given. The call burns until
/// the transaction has used SHARE_PERCENT of it, at little work for the machine, and keeps the value.
/// @dev Records give a transaction's gas limit, not its use; half of it is near what calls of the
/// time used. TLOAD is the cheapest way to burn: 100 gas for a lookup in an empty map.
contract GasBurner {
    uint256 public constant SHARE_PERCENT = 50;

    receive() external payable {}

    fallback() external payable {
        assembly {
            let given := gas()
            let share := div(mul(calldataload(0), 50), 100)
            // Intrinsic gas of a call with one word of calldata, most of it zero bytes.
            let burn := sub(share, 21200)
            if gt(share, 21200) {
                // One turn of the loop is below this, so the call ends before its gas does.
                let floor := 1000
                if gt(given, burn) {
                    let end := sub(given, burn)
                    if gt(end, floor) { floor := end }
                }
                for {} gt(gas(), floor) {} { pop(tload(0)) }
            }
        }
    }
}
