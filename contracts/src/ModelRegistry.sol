// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Models, named by the hash of their bytes, and each loop's champion
/// @notice A model is data: registering one deploys nothing and needs no new node version. Which one
/// a loop asks is the champion; a loop without one runs on its twin.
/// @dev The bytes live in storage and not in code, because steering reads the chain through storage
/// alone. Genesis writes the first models; layout in docs/spec/steering.md, "Storage".
contract ModelRegistry {
    /// @notice Longest model taken.
    uint256 public constant MAXIMUM_BYTES = 24_576;

    address public owner; // slot 0
    mapping(bytes32 modelHash => bytes) private _models; // slot 1
    mapping(bytes32 loop => bytes32 modelHash) public champion; // slot 2

    event ModelRegistered(bytes32 indexed modelHash, uint256 length);
    event ChampionChanged(bytes32 indexed loop, bytes32 indexed modelHash);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    error NotOwner();
    error BadLength();
    error UnknownModel();

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner();
        _;
    }

    /// @notice The bytes of a model, empty when it is not registered.
    function model(bytes32 modelHash) external view returns (bytes memory) {
        return _models[modelHash];
    }

    /// @notice Stores a model under its hash. A malformed one is harmless: the twin acts.
    function register(bytes calldata encoded) external onlyOwner returns (bytes32 modelHash) {
        if (encoded.length == 0 || encoded.length > MAXIMUM_BYTES) revert BadLength();
        modelHash = keccak256(encoded);
        _models[modelHash] = encoded;
        emit ModelRegistered(modelHash, encoded.length);
    }

    /// @notice Names the model a loop asks; zero leaves the loop to its twin.
    function setChampion(bytes32 loop, bytes32 modelHash) external onlyOwner {
        if (modelHash != 0 && _models[modelHash].length == 0) revert UnknownModel();
        champion[loop] = modelHash;
        emit ChampionChanged(loop, modelHash);
    }

    function transferOwnership(address newOwner) external onlyOwner {
        emit OwnershipTransferred(owner, newOwner);
        owner = newOwner;
    }
}
