// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FinalityCertificate} from "light/FinalityCertificate.sol";

/// @title Remembers which blocks of a Homeostat network are final; stands on another chain
contract FinalityGate {
    FinalityCertificate.Network public network;
    /// @notice By epoch: the hash of its validators, trusted from the deployment on.
    mapping(uint64 epoch => bytes32) public setHashes;
    mapping(bytes32 blockHash => bool) public isFinal;

    constructor(uint256 chainId, bytes32 genesisHash, uint64 epoch, bytes32 setHash) {
        network = FinalityCertificate.Network(chainId, genesisHash);
        setHashes[epoch] = setHash;
    }

    function prove(
        uint256[] calldata validators, FinalityCertificate.Certificate calldata certificate
    ) external {
        FinalityCertificate.check(
            network, setHashes[certificate.epoch], validators, certificate
        );
        isFinal[certificate.blockHash] = true;
    }
}
