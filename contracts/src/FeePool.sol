// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who shares the fees
/// @notice What FeePool reads of the ValidatorSet.
interface IValidatorWeights {
    struct Validator {
        address account;
        uint64 weight;
        string node;
    }

    /// @notice All validators with their weights.
    function validators() external view returns (Validator[] memory);

    /// @notice The epoch whose set is in force for the next block.
    function setEpoch() external view returns (uint64);

    /// @notice Blocks of an epoch; 0: the set stands for ever.
    function epochBlocks() external view returns (uint64);

    /// @notice The set of the epoch before, address | weight << 160, and how many it has.
    function previousSet(uint256 from, uint256 most)
        external
        view
        returns (uint256[] memory words, uint256 size);

    /// @notice All weight of the set of the epoch before.
    function previousWeight() external view returns (uint256);
}

/// @title Where the inclusion fees gather
/// @notice Every transaction pays the same fee per gas into this account, whatever its class and
/// whoever proposes it (docs/spec/ordering.md); the rest of its price is burned. The validators
/// share what came in during an epoch by their weight in it, so no proposer gains by what it puts
/// into its block, nor by an empty one.
/// @dev The ledger adds to the balance without a call, and writes slot 0 at each block's end.
contract FeePool {
    IValidatorWeights public constant VALIDATORS = IValidatorWeights(address(0x484f0004));

    /// @notice Gas of the last block's fast transactions, and of its urgent ones, 64 bits each from
    /// the lowest: what the ordering loop goes by.
    uint256 public classGas;

    /// @notice Shared out and not yet taken.
    uint256 public totalOwed;

    /// @notice Of a validator, to be taken at any time, also after it has left.
    mapping(address => uint256) public owed;

    /// @notice The epoch in which fees of the one before it are being shared out.
    uint64 public sharingEpoch;

    /// @notice How many of that epoch's validators have had their part.
    uint64 public sharedOut;

    /// @notice What they share, and the weight they share it by; 0 when all have had their part.
    uint256 public pot;
    uint256 public potWeight;

    /// @notice Validators that one call of `share` serves.
    uint256 public constant PAGE = 8;

    event Distributed(uint64 indexed epoch, uint256 validators, uint256 amount);
    event Withdrawn(address indexed validator, uint256 amount);

    error NothingOwed();
    error NotTaken();
    error SharedByEpoch();

    /// @notice Shares out what came in until the last epoch ended, by that epoch's weights, to the
    /// next eight of its validators. The protocol calls it in the first blocks of each epoch, until
    /// all have had their part; anybody else may, which changes only when.
    function share() external returns (uint256 shared) {
        uint64 epoch = VALIDATORS.setEpoch();
        if (epoch != sharingEpoch) {
            sharingEpoch = epoch;
            sharedOut = 0;
            pot = address(this).balance - totalOwed;
            potWeight = VALIDATORS.previousWeight();
        }
        if (potWeight == 0) return 0;
        (uint256[] memory set, uint256 size) = VALIDATORS.previousSet(sharedOut, PAGE);
        for (uint256 i = 0; i < set.length; i++) {
            uint256 part = pot * uint64(set[i] >> 160) / potWeight;
            owed[address(uint160(set[i]))] += part;
            shared += part;
        }
        sharedOut += uint64(set.length);
        totalOwed += shared;
        if (sharedOut >= size) potWeight = 0;
        emit Distributed(epoch - 1, set.length, shared);
    }

    /// @notice Where there are no epochs the set stands for ever, and anybody may share out by it
    /// what has come in.
    function distribute() external returns (uint256 shared) {
        if (VALIDATORS.epochBlocks() != 0) revert SharedByEpoch();
        uint256 amount = address(this).balance - totalOwed;
        IValidatorWeights.Validator[] memory set = VALIDATORS.validators();
        uint256 weight;
        for (uint256 i = 0; i < set.length; i++) weight += set[i].weight;
        if (weight == 0) return 0;
        for (uint256 i = 0; i < set.length; i++) {
            uint256 part = amount * set[i].weight / weight;
            owed[set[i].account] += part;
            shared += part;
        }
        totalOwed += shared;
        emit Distributed(0, set.length, shared);
    }

    /// @notice Pays a validator what it is owed, to its own account; anybody may ask for it.
    function withdraw(address validator) external {
        uint256 amount = owed[validator];
        if (amount == 0) revert NothingOwed();
        owed[validator] = 0;
        totalOwed -= amount;
        emit Withdrawn(validator, amount);
        (bool taken,) = validator.call{value: amount}("");
        if (!taken) revert NotTaken();
    }
}
