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
}

/// @title Where the inclusion fees gather
/// @notice Every transaction pays the same fee per gas into this account, whatever its class and
/// whoever proposes it (docs/spec/ordering.md); the rest of its price is burned. The validators
/// share what came in by their weight, so no proposer gains by what it puts into its block, nor by
/// an empty one.
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

    event Distributed(uint256 amount, uint256 totalWeight);
    event Withdrawn(address indexed validator, uint256 amount);

    error NothingOwed();
    error NotTaken();

    /// @notice Shares out what has come in since the last time, by the weights of this moment.
    /// Anybody may call it, and it must be called before weights change.
    function distribute() external returns (uint256 shared) {
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
        emit Distributed(shared, weight);
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
