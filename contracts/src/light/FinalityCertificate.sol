// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Checks finalization certificates of a Homeostat network, on any EVM chain
/// @notice A block is final once validators of more than two thirds of its epoch's weight signed
/// finalize votes for it (docs/spec/consensus.md). Who trusts the hash of an epoch's validator set
/// needs nothing else: the set is given with each call and must have that hash, which every block of
/// the epoch names in its consensus payload.
library FinalityCertificate {
    /// @param chainId of the Homeostat network
    /// @param genesisHash of its block 0
    struct Network {
        uint256 chainId;
        bytes32 genesisHash;
    }

    /// @param epoch of the votes
    /// @param atView of the votes
    /// @param blockHash the block's Ethereum hash
    /// @param signers bit i % 8 of byte i / 8 says that validator i signed
    /// @param signatures 65 bytes each (r, s, parity 0 or 1), in the order of the bits
    struct Certificate {
        uint64 epoch;
        uint64 atView;
        bytes32 blockHash;
        bytes signers;
        bytes signatures;
    }

    error WrongSet(bytes32 hash);
    error WrongBitmap();
    error WrongCount();
    error WrongSignature(uint256 validator);
    error NoQuorum(uint256 signed, uint256 total);

    uint256 internal constant MAX_VALIDATORS = 128;
    uint8 internal constant FINALIZE = 3;
    uint256 private constant HALF_ORDER =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,bytes32 salt)");
    bytes32 private constant VOTE_TYPE = keccak256(
        "Vote(uint64 epoch,uint64 view,uint8 kind,bytes32 blockHash,bytes32 observationHash)"
    );

    /// @notice Reverts with what is wrong, or returns: then the block is final.
    /// @param setHash of the epoch's validators, as trusted
    /// @param validators address << 64 | weight, in the order of the addresses
    function check(
        Network memory network,
        bytes32 setHash,
        uint256[] calldata validators,
        Certificate calldata certificate
    ) internal pure {
        bytes32 hash = hashOf(validators);
        if (hash != setHash) revert WrongSet(hash);
        bytes calldata signers = certificate.signers;
        if (signers.length != (validators.length + 7) / 8) revert WrongBitmap();
        bytes32 digest = digestOf(network, certificate);
        (uint256 total, uint256 signed, uint256 next) = (0, 0, 0);
        for (uint256 i = 0; i < validators.length; i++) {
            uint256 weight = uint64(validators[i]);
            total += weight;
            if (uint8(signers[i / 8]) >> (i % 8) & 1 == 0) continue;
            if (certificate.signatures.length < next + 65) revert WrongCount();
            if (!_signed(digest, certificate.signatures[next:next + 65], validators[i] >> 64)) {
                revert WrongSignature(i);
            }
            signed += weight;
            next += 65;
        }
        if (certificate.signatures.length != next) revert WrongCount();
        uint256 spare = validators.length % 8;
        if (spare != 0 && uint8(signers[signers.length - 1]) >> spare != 0) revert WrongBitmap();
        if (signed * 3 <= total * 2) revert NoQuorum(signed, total);
    }

    /// @notice What a finalize vote signs (EIP-712).
    function digestOf(Network memory network, Certificate calldata certificate)
        internal
        pure
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPE, keccak256("Homeostat"), keccak256("1"), network.chainId,
                network.genesisHash
            )
        );
        bytes32 vote = keccak256(
            abi.encode(
                VOTE_TYPE, certificate.epoch, certificate.atView, FINALIZE, certificate.blockHash,
                bytes32(0)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, vote));
    }

    /// @notice keccak256 of the RLP list of [address, weight]. Reverts on more than 128 validators
    /// and on such as are not in the order of their addresses.
    function hashOf(uint256[] calldata validators) internal pure returns (bytes32) {
        if (validators.length == 0 || validators.length > MAX_VALIDATORS) revert WrongSet(0);
        // Three bytes for the list's head, at most 31 for an entry.
        bytes memory items = new bytes(3 + 32 * validators.length + 32);
        uint256 place = 3;
        uint256 last;
        for (uint256 i = 0; i < validators.length; i++) {
            uint256 entry = validators[i];
            if (entry >> 64 <= last || uint64(entry) == 0) revert WrongSet(0);
            last = entry >> 64;
            place = _entry(items, place, entry >> 64, uint64(entry));
        }
        uint256 length = place - 3;
        uint256 head = length < 56 ? 1 : length < 256 ? 2 : 3;
        if (head == 1) items[2] = bytes1(uint8(0xc0 + length));
        if (head == 2) (items[1], items[2]) = (bytes1(0xf8), bytes1(uint8(length)));
        if (head == 3) {
            (items[0], items[1]) = (bytes1(0xf9), bytes1(uint8(length >> 8)));
            items[2] = bytes1(uint8(length));
        }
        bytes32 hash;
        assembly ("memory-safe") {
            hash := keccak256(add(add(items, 32), sub(3, head)), add(length, head))
        }
        return hash;
    }

    /// @dev c0+n 94 address weight, written as whole words over what follows, which is written next.
    function _entry(bytes memory items, uint256 place, uint256 account, uint256 weight)
        private
        pure
        returns (uint256)
    {
        uint256 size = 1;
        if (weight >= 0x80) while (weight >> (8 * size) != 0) size++;
        uint256 tail = weight < 0x80 ? 1 : 1 + size;
        uint256 text = weight < 0x80 ? weight : (0x80 + size) << (8 * size) | weight;
        uint256 word = (0xc0 + 21 + tail) << 248 | 0x94 << 240 | account << 80
            | text << (80 - 8 * tail);
        assembly ("memory-safe") {
            mstore(add(add(items, 32), place), word)
        }
        return place + 22 + tail;
    }

    function _signed(bytes32 digest, bytes calldata signature, uint256 account)
        private
        pure
        returns (bool)
    {
        uint256 s = uint256(bytes32(signature[32:64]));
        uint8 parity = uint8(signature[64]);
        if (s > HALF_ORDER || parity > 1) return false;
        address signer = ecrecover(digest, 27 + parity, bytes32(signature[:32]), bytes32(s));
        return signer != address(0) && uint160(signer) == account;
    }
}
