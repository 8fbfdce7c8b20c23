// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "../Invariants.sol";

/// @title The language of rules' conditions
/// @notice The language of invariants, which is total and whose cost is its length, with three more
/// reads: aggregates over the records of recent blocks, the chain's state, and a loop's state. A
/// condition holds where the one value left is above 0: and, or, not are min, max and 1 - x of
/// comparisons (docs/spec/governance.md, "Conditions").
library RuleConditions {
    uint256 internal constant MAXIMUM_BYTES = 256;
    uint256 internal constant MAXIMUM_DEPTH = 8;
    uint256 internal constant MAXIMUM_WINDOW = 64;

    uint8 internal constant AGGREGATE = 0x05; // series, aggregate, window: one byte each
    uint8 internal constant CHAIN = 0x06; // one byte: which value
    uint8 internal constant LOOP = 0x07; // which value, place of the loop: one byte each

    uint256 internal constant SERIES = 6;
    uint256 internal constant AGGREGATES = 6;
    uint256 internal constant CHAIN_VALUES = 5;
    uint256 internal constant LOOP_VALUES = 6;

    uint8 internal constant LAST = 0;
    uint8 internal constant MEAN = 1;
    uint8 internal constant LEAST = 2;
    uint8 internal constant MOST = 3;
    uint8 internal constant MEDIAN = 4;
    uint8 internal constant SUM = 5;

    /// @notice The code is not one: where it stops being one.
    error BadCondition(uint256 offset);

    /// @param offset place of the next instruction
    /// @param depth values on the stack
    /// @param op the read `advance` stopped for
    /// @param operands its bytes, the first lowest
    struct Machine {
        uint256 offset;
        uint256 depth;
        uint256 op;
        uint256 operands;
        int256[8] stack;
    }

    /// @notice Proves that code runs to its end with one value and never leaves its stack; returns
    /// what one evaluation costs, in units of some 300 gas.
    function check(bytes memory code) internal pure returns (uint256 cost) {
        if (code.length == 0 || code.length > MAXIMUM_BYTES) revert BadCondition(MAXIMUM_BYTES);
        uint256 depth = 0;
        uint256 offset = 0;
        bool reads = false;
        while (offset < code.length) {
            uint8 op = uint8(code[offset]);
            uint256 size = sizeOf(op);
            if (size == 0 || offset + size > code.length) revert BadCondition(offset);
            uint256 pops = op < Invariants.ADD ? 0 : op == Invariants.SELECT ? 3 : 2;
            if (depth < pops) revert BadCondition(offset);
            depth = depth - pops + 1;
            if (depth > MAXIMUM_DEPTH) revert BadCondition(offset);
            if (op >= Invariants.FIELD && op <= LOOP) reads = true;
            cost += _costOf(code, offset, op);
            offset += size;
        }
        if (depth != 1 || !reads) revert BadCondition(offset);
    }

    /// @notice What the first read of checked code costs, in the same units.
    function readingCost(bytes memory code) internal pure returns (uint256) {
        for (uint256 offset = 0; offset < code.length;) {
            uint8 op = uint8(code[offset]);
            if (op >= Invariants.FIELD && op <= LOOP) return _costOf(code, offset, op);
            offset += sizeOf(op);
        }
        return 0;
    }

    /// @notice Runs checked code up to its next read, which the caller answers by `push`; false at
    /// the end.
    /// @dev `check` has proven that the code stays on its stack and its operands in the code, so
    /// neither is looked at again: a unit of cost must stay under some 300 gas.
    function advance(Machine memory m, bytes memory code) internal pure returns (bool) {
        unchecked {
            int256[8] memory stack = m.stack;
            uint256 offset = m.offset;
            uint256 depth = m.depth;
            uint256 end = code.length;
            while (offset < end) {
                uint256 word = _load(code, offset);
                uint8 op = uint8(word >> 248);
                if (op == Invariants.PUSH1) {
                    _set(stack, depth++, int256(uint256(uint8(word >> 240))));
                    offset += 2;
                } else if (op >= Invariants.ADD) {
                    int256 b = _get(stack, --depth);
                    int256 a = _get(stack, depth - 1);
                    if (op == Invariants.SELECT) {
                        int256 condition = _get(stack, --depth - 1);
                        a = condition > 0 ? a : b;
                    } else {
                        a = Invariants.operate(op, a, b);
                    }
                    _set(stack, depth - 1, a);
                    offset++;
                } else if (op == Invariants.PUSH8) {
                    _set(stack, depth++, int256(uint256(uint64(word >> 184))));
                    offset += 9;
                } else {
                    m.op = op;
                    m.operands = uint256(uint8(word >> 240)) | uint256(uint8(word >> 232)) << 8
                        | uint256(uint8(word >> 224)) << 16;
                    (m.offset, m.depth) = (offset + sizeOf(op), depth);
                    return true;
                }
            }
            (m.offset, m.depth) = (offset, depth);
            return false;
        }
    }

    /// @notice Answers a read.
    function push(Machine memory m, uint256 value) internal pure {
        unchecked {
            m.stack[m.depth++] = int256(value);
        }
    }

    /// @notice Whether the finished condition holds.
    function holds(Machine memory m) internal pure returns (bool) {
        return m.depth == 1 && m.stack[0] > 0;
    }

    /// @notice Bytes of an instruction, 0 for what is none.
    function sizeOf(uint8 op) internal pure returns (uint256) {
        if (op == Invariants.PUSH8) return 9;
        if (op == AGGREGATE) return 4;
        if (op == LOOP) return 3;
        if (op >= Invariants.PUSH1 && op <= CHAIN) return 2;
        return op >= Invariants.ADD && op <= Invariants.SELECT ? 1 : 0;
    }

    /// @notice Of values in any order; the median of an even number is the lower one.
    function aggregate(uint256 kind, uint256[] memory values) internal pure returns (uint256) {
        unchecked {
            uint256 n = values.length;
            if (kind == LAST) return values[0];
            if (kind == MEDIAN) return _median(values);
            uint256 result = kind == LEAST ? type(uint256).max : 0;
            for (uint256 i = 0; i < n; i++) {
                uint256 value = values[i];
                if (kind == LEAST) result = value < result ? value : result;
                else if (kind == MOST) result = value > result ? value : result;
                else result += value;
            }
            return kind == MEAN ? result / n : result;
        }
    }

    /// @dev Insertion sort, in place.
    function _median(uint256[] memory values) private pure returns (uint256) {
        assembly ("memory-safe") {
            let first := add(values, 32)
            let end := add(first, mul(mload(values), 32))
            for { let p := add(first, 32) } lt(p, end) { p := add(p, 32) } {
                let value := mload(p)
                let q := p
                for {} gt(q, first) {} {
                    let other := mload(sub(q, 32))
                    if iszero(gt(other, value)) { break }
                    mstore(q, other)
                    q := sub(q, 32)
                }
                mstore(q, value)
            }
        }
        return values[(values.length - 1) / 2];
    }

    /// @dev The code from an offset on, and what lies behind it.
    function _load(bytes memory code, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(code, 32), offset))
        }
    }

    function _get(int256[8] memory stack, uint256 place) private pure returns (int256 value) {
        assembly ("memory-safe") {
            value := mload(add(stack, mul(place, 32)))
        }
    }

    function _set(int256[8] memory stack, uint256 place, int256 value) private pure {
        assembly ("memory-safe") {
            mstore(add(stack, mul(place, 32)), value)
        }
    }

    function _costOf(bytes memory code, uint256 offset, uint8 op) private pure returns (uint256) {
        if (op == AGGREGATE) {
            uint8 kind = uint8(code[offset + 2]);
            uint256 window = uint8(code[offset + 3]);
            if (uint8(code[offset + 1]) >= SERIES || kind >= AGGREGATES) revert BadCondition(offset);
            if (window == 0 || window > MAXIMUM_WINDOW) revert BadCondition(offset);
            if (kind == LAST && window != 1) revert BadCondition(offset);
            return 4 + 9 * window + (kind == MEDIAN ? window * window / 4 : 0);
        }
        if (op == CHAIN) {
            if (uint8(code[offset + 1]) >= CHAIN_VALUES) revert BadCondition(offset);
            return 16;
        }
        if (op == LOOP) {
            if (uint8(code[offset + 1]) >= LOOP_VALUES || uint8(code[offset + 2]) > 15) {
                revert BadCondition(offset);
            }
            return 32;
        }
        if (op == Invariants.FIELD && uint8(code[offset + 1]) >> 3 > 15) {
            revert BadCondition(offset);
        }
        return op == Invariants.FIELD || op == Invariants.PARAMETER ? 24 : 1;
    }
}
