// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingSimple} from
    "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorTimelockControl} from
    "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from
    "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// What the client scripts deploy of OpenZeppelin: each contract is theirs with nothing added.
contract Nft is ERC721("Nft", "NFT") {
    function mint(address to, uint256 id) external {
        _safeMint(to, id);
    }
}

contract Multi is ERC1155("https://example.org/{id}") {
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }
}

contract Vault is ERC4626 {
    constructor(IERC20 asset) ERC20("Vault", "VLT") ERC4626(asset) {}
}

contract VotesToken is ERC20, ERC20Permit, ERC20Votes {
    constructor(uint256 supply) ERC20("Votes", "VOT") ERC20Permit("Votes") {
        _mint(msg.sender, supply);
    }

    function _update(address from, address to, uint256 value)
        internal
        override(ERC20, ERC20Votes)
    {
        super._update(from, to, value);
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }
}

contract Dao is
    GovernorCountingSimple,
    GovernorVotes,
    GovernorVotesQuorumFraction,
    GovernorTimelockControl
{
    constructor(IVotes votes, TimelockController timelock)
        Governor("Dao")
        GovernorVotes(votes)
        GovernorVotesQuorumFraction(10)
        GovernorTimelockControl(timelock)
    {}

    function votingDelay() public pure override returns (uint256) {
        return 1;
    }

    function votingPeriod() public pure override returns (uint256) {
        return 4;
    }

    function state(uint256 id)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        return super.state(id);
    }

    function proposalNeedsQueuing(uint256 id)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(id);
    }

    function _queueOperations(
        uint256 id,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calls,
        bytes32 description
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(id, targets, values, calls, description);
    }

    function _executeOperations(
        uint256 id,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calls,
        bytes32 description
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(id, targets, values, calls, description);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calls,
        bytes32 description
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calls, description);
    }

    function _executor()
        internal
        view
        override(Governor, GovernorTimelockControl)
        returns (address)
    {
        return super._executor();
    }
}

contract Timelock is TimelockController {
    constructor(address[] memory proposers, address[] memory executors)
        TimelockController(0, proposers, executors, msg.sender)
    {}
}

contract CounterV1 is UUPSUpgradeable {
    uint256 public count;

    function increment() external {
        count += step();
    }

    function step() public pure virtual returns (uint256) {
        return 1;
    }

    function _authorizeUpgrade(address) internal override {}
}

contract CounterV2 is CounterV1 {
    function step() public pure override returns (uint256) {
        return 10;
    }
}

contract Proxy is ERC1967Proxy {
    constructor(address implementation) ERC1967Proxy(implementation, "") {}

    function _unsafeAllowUninitialized() internal pure override returns (bool) {
        return true;
    }
}

/// Transfers by signed message with unordered nonces, in the manner of Uniswap's Permit2.
contract SignatureTransfer is EIP712("SignatureTransfer", "1") {
    bytes32 private constant PERMIT = keccak256(
        "PermitTransferFrom(address token,uint256 amount,address spender,uint256 nonce,uint256 deadline)"
    );

    mapping(address owner => mapping(uint256 word => uint256 bits)) public nonceBitmap;

    error Expired();
    error UsedNonce();
    error WrongSigner();

    function permitTransferFrom(
        address owner,
        IERC20 token,
        uint256 amount,
        uint256 nonce,
        uint256 deadline,
        address to,
        bytes calldata signature
    ) external {
        if (block.timestamp > deadline) revert Expired();
        uint256 bit = 1 << (nonce & 255);
        if (nonceBitmap[owner][nonce >> 8] & bit != 0) revert UsedNonce();
        nonceBitmap[owner][nonce >> 8] |= bit;
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(PERMIT, token, amount, msg.sender, nonce, deadline))
        );
        if (ECDSA.recover(digest, signature) != owner) revert WrongSigner();
        token.transferFrom(owner, to, amount);
    }
}
