// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who votes
/// @notice What Steering asks of the ValidatorSet.
interface IValidatorSet {
    /// @notice Called in every block; true in an epoch's last, where the next set has been written.
    /// @param running the block's epoch, as its payload names it
    function advance(uint64 running) external returns (bool begun);

    /// @notice The set in force for the next block: address | weight << 160.
    function words() external view returns (uint256[] memory);
}

/// @title What the nodes' code is to do next
/// @notice What Steering asks of Revisions.
interface IRevisions {
    /// @notice Counts who is ready, in an epoch's last block.
    function advance() external;
}

// Who acted in a ruling.
uint8 constant ACTOR_NONE = 0;
uint8 constant ACTOR_MODEL = 1;
uint8 constant ACTOR_TWIN = 2;
uint8 constant ACTOR_RULE = 3;

// How a decision ended. Held: what was proposed is what is in force. Applied: the vector changed.
// Refused: every proposal was refused, so the vector in force stays.
uint8 constant RULING_HELD = 0;
uint8 constant RULING_APPLIED = 1;
uint8 constant RULING_REFUSED = 2;

/// @notice The answer of the Constitution to one decision.
/// @param actor ACTOR_*
/// @param ruling RULING_*
/// @param modelRefusal the rule that refused the model's proposal, 0 when none did
/// @param twinRefusal the rule that refused the twin's proposal, 0 when none did
/// @param inForce the vector in force from the next block on
struct Ruling {
    uint8 actor;
    uint8 ruling;
    uint16 modelRefusal;
    uint16 twinRefusal;
    uint64[] inForce;
}

/// @title Who rules on proposals
/// @notice What Steering asks of the Constitution.
interface IConstitution {
    /// @notice Rules on the model's proposal, then, where it may not act, on the twin's.
    /// @param loop the loop's name as bytes32 text
    /// @param modelProposal the whole vector, or empty when the model failed
    /// @param twinProposal the whole vector, or empty when even the twin failed
    function decide(bytes32 loop, uint64[] calldata modelProposal, uint64[] calldata twinProposal)
        external
        returns (Ruling memory);
}
