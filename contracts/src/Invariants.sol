// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The language of invariants: total integer expressions
/// @notice Postfix code over a stack of integers. There is no jump, so the cost is the length; every
/// operation is defined everywhere and saturates at ±(2^127 - 1), so nothing overflows or fails. A
/// vector obeys when the one value left is at most 0; otherwise that value says by how much it does
/// not (docs/spec/steering.md, "Invariants").
library Invariants {
    uint256 internal constant MAXIMUM_BYTES = 96;
    uint256 internal constant MAXIMUM_DEPTH = 8;

    uint8 internal constant PUSH1 = 0x01; // one byte follows
    uint8 internal constant PUSH8 = 0x02; // eight bytes follow, big-endian, unsigned
    uint8 internal constant FIELD = 0x03; // one byte follows: 8 * loop + field
    uint8 internal constant PARAMETER = 0x04; // one byte follows: 16 * loop + parameter
    uint8 internal constant ADD = 0x10;
    uint8 internal constant SUB = 0x11;
    uint8 internal constant MUL = 0x12;
    uint8 internal constant DIV = 0x13; // toward zero; x / 0 saturates with the sign of x, 0 / 0 = 0
    uint8 internal constant MIN = 0x14;
    uint8 internal constant MAX = 0x15;
    uint8 internal constant LE = 0x16; // 1 when at most, else 0
    uint8 internal constant SELECT = 0x17; // condition, then, else: `then` when it is above 0

    int256 private constant MOST = 2 ** 127 - 1;

    error BadCode(uint256 offset);

    /// @param offset place of the next instruction
    /// @param depth values on the stack
    /// @param reads FIELD or PARAMETER when `advance` stopped for one
    /// @param operand its place
    struct Machine {
        uint256 offset;
        uint256 depth;
        uint256 reads;
        uint256 operand;
        int256[8] stack;
    }

    /// @notice Proves that code runs to its end with one value and never leaves its stack; returns
    /// the loops it reads. Empty code is no invariant.
    function check(bytes calldata code, uint256 loops) internal pure returns (uint256 mask) {
        if (code.length > MAXIMUM_BYTES) revert BadCode(MAXIMUM_BYTES);
        uint256 depth = 0;
        uint256 offset = 0;
        while (offset < code.length) {
            uint8 op = uint8(code[offset]);
            uint256 size = op == PUSH8 ? 9 : op <= PARAMETER ? 2 : 1;
            if (op == 0 || (op > PARAMETER && op < ADD) || op > SELECT || offset + size > code.length) {
                revert BadCode(offset);
            }
            uint256 pops = op < ADD ? 0 : op == SELECT ? 3 : 2;
            if (depth < pops) revert BadCode(offset);
            depth = depth - pops + 1;
            if (depth > MAXIMUM_DEPTH) revert BadCode(offset);
            if (op == FIELD || op == PARAMETER) {
                uint256 loop = uint8(code[offset + 1]) >> (op == FIELD ? 3 : 4);
                if (loop >= loops) revert BadCode(offset);
                mask |= 1 << loop;
            }
            offset += size;
        }
        if (code.length != 0 && (depth != 1 || mask == 0)) revert BadCode(offset);
    }

    /// @notice Runs checked code up to its next read, which the caller answers by `push`; false at
    /// the end.
    function advance(Machine memory m, bytes memory code) internal pure returns (bool) {
        unchecked {
            uint256 offset = m.offset;
            while (offset < code.length) {
                uint8 op = uint8(code[offset++]);
                if (op == PUSH1) {
                    m.stack[m.depth++] = int256(uint256(uint8(code[offset++])));
                } else if (op == PUSH8) {
                    uint256 value = 0;
                    for (uint256 i = 0; i < 8; i++) value = value << 8 | uint8(code[offset++]);
                    m.stack[m.depth++] = int256(value);
                } else if (op <= PARAMETER) {
                    (m.reads, m.operand, m.offset) = (op, uint8(code[offset]), offset + 1);
                    return true;
                } else if (op == SELECT) {
                    uint256 d = m.depth -= 2;
                    m.stack[d - 1] = m.stack[d - 1] > 0 ? m.stack[d] : m.stack[d + 1];
                } else {
                    uint256 d = --m.depth;
                    m.stack[d - 1] = operate(op, m.stack[d - 1], m.stack[d]);
                }
            }
            m.offset = offset;
            return false;
        }
    }

    function push(Machine memory m, uint256 value) internal pure {
        unchecked {
            m.stack[m.depth++] = int256(value);
        }
    }

    /// @notice By how much the finished expression is broken.
    function excess(Machine memory m) internal pure returns (uint256) {
        return m.depth == 1 && m.stack[0] > 0 ? uint256(m.stack[0]) : 0;
    }

    /// @dev Both are within ±(2^127 - 1), so no result leaves 256 bits.
    function operate(uint8 op, int256 a, int256 b) internal pure returns (int256) {
        unchecked {
            if (op == ADD) return _saturate(a + b);
            if (op == SUB) return _saturate(a - b);
            if (op == MUL) return _saturate(a * b);
            if (op == MIN) return a < b ? a : b;
            if (op == MAX) return a > b ? a : b;
            if (op == LE) return a <= b ? int256(1) : int256(0);
            if (b == 0) return a == 0 ? int256(0) : a > 0 ? MOST : -MOST;
            return a / b;
        }
    }

    function _saturate(int256 value) private pure returns (int256) {
        return value > MOST ? MOST : value < -MOST ? -MOST : value;
    }
}
