// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IStakeVotes
/// @notice Governance's votes, where there is such a contract.
interface IStakeVotes {
    /// @notice Votes follow bonded stake; address 0 is where stake comes from and goes to.
    function moveStake(address from, address to, uint256 amount) external;
}

/// @title IConstitutionVectors
/// @notice What this contract reads of the Constitution.
interface IConstitutionVectors {
    /// @notice The values in force of a loop's actuators.
    function inForce(bytes32 loop) external view returns (uint64[] memory);
}

/// @title ISteeringWords
/// @notice What this contract reads of Steering.
interface ISteeringWords {
    /// @notice One word of what a loop keeps.
    function loopWord(bytes32 loop, uint8 index) external view returns (bytes32);
}

/// @title IFeeSharing
/// @notice What this contract calls of the FeePool.
interface IFeeSharing {
    /// @notice Shares what an epoch's blocks paid among its validators; how much that was.
    function share() external returns (uint256 shared);
}

/// @title Who votes: bonded stake, epochs, evidence, absence
/// @notice Members bond coins; in the last block of each epoch the protocol computes from their
/// stakes who votes in the next one, and with which weight. Nodes read the set from that block's
/// state once the block is final, so nothing here changes a set under way.
/// @dev Storage is read by every node: slots 0 to 2 are part of the protocol
/// (docs/spec/consensus.md, "Validator set").
contract ValidatorSet {
    /// @param account signs votes and proposals
    /// @param weight of its votes
    /// @param node host:port for its peers, or empty
    struct Validator {
        address account;
        uint64 weight;
        string node;
    }

    /// @param owner may add stake, leave, withdraw and unjail
    /// @param stake bonded, wei
    /// @param jailedUntil first epoch in which it may be unjailed; 0: not jailed
    /// @param tombstoned slashed: never a validator again under this key
    /// @param leaving not in the next set, and out of the list from then on
    struct Member {
        address owner;
        uint64 jailedUntil;
        bool tombstoned;
        bool leaving;
        uint128 stake;
        string node;
    }

    /// @param amount wei
    /// @param epoch first epoch in which it may be withdrawn
    struct Unbonding {
        uint128 amount;
        uint64 epoch;
    }

    /// @dev Who bonded.
    /// @param list their accounts, ascending
    /// @param member what is kept of each
    /// @param unbonding withdrawals under way
    struct Bonded {
        address[] list;
        mapping(address account => Member) member;
        mapping(address account => Unbonding[]) unbonding;
    }

    /// @notice A signed vote as docs/spec/consensus.md encodes it. kind: 1 notarize, 2 nullify,
    /// 3 finalize.
    struct Vote {
        uint64 epoch;
        uint64 atView;
        uint8 kind;
        bytes32 blockHash;
        bytes32 observationHash;
        bytes32 r;
        bytes32 s;
        uint8 v;
    }

    uint256 public constant MAX_VALIDATORS = 128;
    /// @notice Withdrawals of one member under way.
    uint256 public constant MAX_UNBONDINGS = 16;
    uint256 public constant BASIS = 10_000;
    /// @notice Validators jailed in one epoch, at most.
    uint256 public constant MAX_JAILED = 8;
    address public constant STEERING = address(0x484f0001);
    IConstitutionVectors public constant CONSTITUTION = IConstitutionVectors(address(0x484f0002));
    IStakeVotes public constant VOTES = IStakeVotes(address(0x484f0022));
    IFeeSharing public constant FEES = IFeeSharing(address(0x484f0005));
    /// @dev First blocks of an epoch in which the fees of the one before it are shared out: eight
    /// validators in each, within so much gas.
    uint256 private constant SHARING_BLOCKS = 16;
    uint256 private constant SHARING_GAS = 700_000;
    /// @notice The loop whose vector caps weights and says what absence is.
    bytes32 public constant LOOP = "consensus";
    uint256 private constant MAX_NODE_BYTES = 255;
    /// @dev EIP-2: the greater s of each pair is no signature.
    uint256 private constant HALF_ORDER =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,bytes32 salt)");
    bytes32 private constant VOTE_TYPE = keccak256(
        "Vote(uint64 epoch,uint64 view,uint8 kind,bytes32 blockHash,bytes32 observationHash)"
    );
    bytes32 private constant CONSENT_TYPE = keccak256("Consent(address owner)");

    /// @dev The sets of even and of odd epochs, address | weight << 160: the one in force and the
    /// one before it, so that a change writes what differs and nothing is copied.
    uint256[][2] private _sets; // slots 0 and 1
    /// @notice Sets begun after genesis': the one in force for the next block is of this number.
    /// Votes name epochs by `epoch()`, which recoveries move on beside.
    uint64 public setEpoch; // slot 2
    /// @notice Blocks of an epoch; 0: the set of genesis stands for ever.
    uint64 public epochBlocks;
    /// @notice Salt of what votes sign: the hash of block 0.
    bytes32 public genesisHash; // slot 3
    /// @notice Admits members of a permissioned network, and sets the terms.
    address public governance; // slot 4
    /// @notice Only those may join whom governance admitted.
    bool public permissioned;
    /// @notice Epochs from leaving to withdrawal.
    uint64 public unbondingEpochs;
    /// @notice Epochs after which a vote is no evidence any more; fewer than unbondingEpochs.
    uint64 public evidenceEpochs; // slot 5
    /// @notice Epochs in jail for absence.
    uint64 public jailEpochs;
    /// @notice Wei for one unit of weight, and the least stake.
    uint128 public weightUnit;
    /// @notice Ten-thousandths of a slashed stake that are burned.
    uint16 public slashShare; // slot 6
    /// @notice Ten-thousandths of what is burned that whoever brought the evidence gets instead.
    uint16 public reporterShare;
    /// @notice Ten-thousandths of all weight that may sit in jail at one time.
    uint16 public jailShare;
    /// @notice Epochs that ended before their length, by recoveries (docs/operating/recover.md).
    uint64 public epochsAdded;
    Bonded private _bonded; // slots 7 to 9
    mapping(address account => bool) public admitted; // slot 10

    event Joined(address indexed account, address indexed owner, uint256 stake, string node);
    event StakeChanged(address indexed account, uint256 stake);
    event Left(address indexed account, uint256 stake, uint64 withdrawableAt);
    event Withdrawn(address indexed account, address to, uint256 amount);
    event Admitted(address indexed account, bool isAdmitted);
    event Slashed(
        address indexed account, address indexed reporter, uint64 epoch, uint64 atView,
        uint256 amount
    );
    event Jailed(address indexed account, uint64 untilEpoch, uint256 present, uint256 blocks);
    event Unjailed(address indexed account);
    /// @notice Emitted in the last block of the epoch before: who votes from the next block on.
    /// @param epoch as its votes name it
    /// @param setHash keccak256 of the RLP list of [address, weight], by address
    /// @param set address | weight << 160, by address
    event EpochBegun(
        uint64 indexed epoch, uint64 firstBlock, uint256 weight, bytes32 setHash, uint256[] set
    );

    error NotGovernance();
    error NotOwner();
    error NotSteering();
    error NotAdmitted();
    error NoConsent();
    error UnknownValidator();
    error AlreadyMember();
    error StakeTooSmall(uint256 least);
    error SetIsFull(uint256 least);
    error NodeTooLong();
    error Tombstoned();
    error InJailUntil(uint64 epoch);
    error NotJailed();
    error TooManyUnbondings();
    error NothingToWithdraw();
    error BadTerms();
    error BadVote();
    error NoConflict();
    error EvidenceExpired();
    error TransferFailed();

    // ---- Reading

    /// @notice How many the set in force has.
    function count() external view returns (uint256) {
        return _current().length;
    }

    /// @notice One of the set in force, by its place.
    function validator(uint256 index) public view returns (Validator memory) {
        uint256 word = _current()[index];
        address account = address(uint160(word));
        return Validator(account, uint64(word >> 160), _bonded.member[account].node);
    }

    /// @notice The set in force for the next block.
    function validators() external view returns (Validator[] memory all) {
        all = new Validator[](_current().length);
        for (uint256 i = 0; i < all.length; i++) all[i] = validator(i);
    }

    /// @notice The same as words, address | weight << 160.
    function words() external view returns (uint256[] memory) {
        return _current();
    }

    /// @notice All weight of the set in force.
    function totalWeight() external view returns (uint256 total) {
        uint256[] storage set = _current();
        for (uint256 i = 0; i < set.length; i++) total += uint64(set[i] >> 160);
    }

    /// @notice Of the set before the one in force: address | weight << 160, from an index on, and
    /// how many it has.
    function previousSet(uint256 from, uint256 most)
        external
        view
        returns (uint256[] memory packed, uint256 size)
    {
        uint256[] storage set = _sets[(setEpoch + 1) % 2];
        size = set.length;
        uint256 n = from >= size ? 0 : size - from < most ? size - from : most;
        packed = new uint256[](n);
        for (uint256 i = 0; i < n; i++) packed[i] = set[from + i];
    }

    /// @notice All weight of the set before the one in force.
    function previousWeight() external view returns (uint256 total) {
        uint256[] storage set = _sets[(setEpoch + 1) % 2];
        for (uint256 i = 0; i < set.length; i++) total += uint64(set[i] >> 160);
    }

    /// @notice All who bonded, whether in the set or not, by address.
    function members() external view returns (address[] memory) {
        return _bonded.list;
    }

    /// @notice What is kept of somebody who bonded; zeros of anybody else.
    function member(address account) external view returns (Member memory) {
        return _bonded.member[account];
    }

    /// @notice Stake of a member that waits to be withdrawn.
    function unbondings(address account) external view returns (Unbonding[] memory) {
        return _bonded.unbonding[account];
    }

    /// @notice The epoch of the running block, as its votes name it.
    function epoch() public view returns (uint64) {
        return _plainEpoch() + epochsAdded;
    }

    /// @notice keccak256 of the RLP list of [address, weight] of the set in force: what blocks name
    /// in their consensus payload.
    function setHash() public view returns (bytes32) {
        uint256[] memory set = _current();
        // An item has at most 31 bytes, so each is written as one word over the next one's place.
        bytes memory items = new bytes(31 * set.length + 32);
        uint256 size;
        for (uint256 i = 0; i < set.length; i++) {
            (uint256 item, uint256 length) = _rlpItem(set[i]);
            assembly ("memory-safe") {
                mstore(add(add(items, 32), size), item)
            }
            size += length;
        }
        assembly ("memory-safe") {
            mstore(items, size)
        }
        return keccak256(bytes.concat(_rlpListHead(size), items));
    }

    // ---- Stake

    /// @notice Bonds the value for a validator; in the set from the next epoch on.
    /// @param account the validator's key
    /// @param node host:port for its peers, or empty
    /// @param consent its EIP-712 signature of Consent(owner), 65 bytes r, s, v, so that nobody bonds
    /// in another's name; empty where the validator itself calls
    function join(address account, string calldata node, bytes calldata consent) external payable {
        if (permissioned && !admitted[account]) revert NotAdmitted();
        if (msg.sender != account) _checkConsent(account, consent);
        Member storage m = _bonded.member[account];
        if (m.tombstoned) revert Tombstoned();
        if (m.owner != address(0)) revert AlreadyMember();
        if (msg.value < weightUnit) revert StakeTooSmall(weightUnit);
        if (bytes(node).length > MAX_NODE_BYTES) revert NodeTooLong();
        if (_bonded.list.length >= MAX_VALIDATORS) _displace(msg.value);
        _insert(account);
        (m.owner, m.stake, m.node) = (msg.sender, uint128(msg.value), node);
        _moveVotes(address(0), msg.sender, msg.value);
        emit Joined(account, msg.sender, msg.value, node);
    }

    /// @notice Adds to a member's stake; counts from the next epoch on.
    function addStake(address account) external payable {
        Member storage m = _ownedBy(account, msg.sender);
        if (m.tombstoned || m.leaving) revert Tombstoned();
        m.stake += uint128(msg.value);
        _moveVotes(address(0), m.owner, msg.value);
        emit StakeChanged(account, m.stake);
    }

    /// @notice Takes a part of the stake out; it stays liable until it can be withdrawn.
    function removeStake(address account, uint128 amount) external {
        Member storage m = _ownedBy(account, msg.sender);
        if (amount > m.stake || m.stake - amount < weightUnit) revert StakeTooSmall(weightUnit);
        m.stake -= amount;
        _unbond(account, m.owner, amount);
        emit StakeChanged(account, m.stake);
    }

    /// @notice Leaves the set with the next epoch.
    function exit(address account) external {
        _leave(account, _ownedBy(account, msg.sender));
    }

    /// @notice Pays out what has unbonded.
    function withdraw(address account) external {
        Member storage m = _ownedBy(account, msg.sender);
        Unbonding[] storage list = _bonded.unbonding[account];
        uint256 amount;
        for (uint256 i = list.length; i > 0; i--) {
            if (list[i - 1].epoch > epoch()) continue;
            amount += list[i - 1].amount;
            list[i - 1] = list[list.length - 1];
            list.pop();
        }
        if (amount == 0) revert NothingToWithdraw();
        // A tombstone stays, as the key must never vote again.
        if (m.leaving && list.length == 0 && !_isListed(account)) {
            if (m.tombstoned) m.owner = address(0);
            else delete _bonded.member[account];
        }
        emit Withdrawn(account, msg.sender, amount);
        _pay(msg.sender, amount);
    }

    /// @notice Where a member's node can be reached; its owner says so.
    function setNode(address account, string calldata node) external {
        if (bytes(node).length > MAX_NODE_BYTES) revert NodeTooLong();
        _ownedBy(account, msg.sender).node = node;
    }

    /// @notice Ends a sentence for absence that has been served.
    function unjail(address account) external {
        Member storage m = _ownedBy(account, msg.sender);
        if (m.tombstoned) revert Tombstoned();
        if (m.jailedUntil == 0) revert NotJailed();
        if (epoch() < m.jailedUntil) revert InJailUntil(m.jailedUntil);
        m.jailedUntil = 0;
        emit Unjailed(account);
    }

    // ---- Governance

    /// @notice Lets a member join or, taken back, removes it with the next epoch.
    function admit(address account, bool isAdmitted) external onlyGovernance {
        admitted[account] = isAdmitted;
        emit Admitted(account, isAdmitted);
        Member storage m = _bonded.member[account];
        if (!isAdmitted && permissioned && m.owner != address(0) && !m.leaving) _leave(account, m);
    }

    /// @notice Hands the contract to another owner.
    function setGovernance(address to) external onlyGovernance {
        governance = to;
    }

    /// @notice Changes the terms; evidence must expire before stake is free. The length of an
    /// epoch is fixed by genesis.
    function setTerms(
        uint64 unbonding, uint64 evidence, uint64 jail, uint16 slashPart, uint16 reporterPart,
        uint16 jailPart
    ) external onlyGovernance {
        if (
            evidence + 1 >= unbonding || slashPart > BASIS || reporterPart > BASIS
                || jailPart > BASIS / 3
        ) revert BadTerms();
        (unbondingEpochs, evidenceEpochs, jailEpochs) = (unbonding, evidence, jail);
        (slashShare, reporterShare, jailShare) = (slashPart, reporterPart, jailPart);
    }

    // ---- Evidence

    /// @notice Slashes a validator for two signed votes of one epoch and view that no honest
    /// validator gives: two notarize or two finalize votes that differ, or nullify and finalize.
    /// (A proposal is the leader's notarize vote.) Anyone may bring them; those that a proposer puts
    /// into its block's payload, transaction 0 brings, and the reporter's part is the proposer's.
    function slash(Vote calldata first, Vote calldata second) external {
        address account = signerOf(first);
        if (account == address(0) || account != signerOf(second)) revert BadVote();
        if (!_conflict(first, second)) revert NoConflict();
        if (first.epoch > epoch() || first.epoch + evidenceEpochs < epoch()) {
            revert EvidenceExpired();
        }
        Member storage m = _bonded.member[account];
        if (m.owner == address(0)) revert UnknownValidator();
        if (m.tombstoned) revert Tombstoned();
        m.tombstoned = true;
        uint256 cut = m.stake * slashShare / BASIS;
        m.stake -= uint128(cut);
        _moveVotes(m.owner, address(0), cut);
        Unbonding[] storage list = _bonded.unbonding[account];
        for (uint256 i = 0; i < list.length; i++) {
            uint128 part = uint128(uint256(list[i].amount) * slashShare / BASIS);
            list[i].amount -= part;
            cut += part;
        }
        if (!m.leaving) _leave(account, m);
        bool isProtocol = msg.sender == STEERING;
        address reporter = isProtocol ? block.coinbase : msg.sender;
        emit Slashed(account, reporter, first.epoch, first.atView, cut);
        uint256 reward = cut * reporterShare / BASIS;
        if (isProtocol) {
            // Code at the proposer's account must not be able to undo the slashing.
            (bool taken,) = reporter.call{value: reward, gas: 2_300}("");
            if (!taken) reward = 0;
        } else if (reward > 0) {
            _pay(reporter, reward);
        }
        _pay(address(0), cut - reward);
    }

    /// @notice Who signed the vote, zero where nobody did.
    function signerOf(Vote calldata vote) public view returns (address) {
        if (uint256(vote.s) > HALF_ORDER || vote.kind == 0 || vote.kind > 3) return address(0);
        if (vote.kind == 2 && vote.blockHash != 0) return address(0);
        if (vote.kind != 1 && vote.observationHash != 0) return address(0);
        bytes32 structHash = keccak256(
            abi.encode(
                VOTE_TYPE, vote.epoch, vote.atView, vote.kind, vote.blockHash, vote.observationHash
            )
        );
        return ecrecover(_typed(structHash), vote.v, vote.r, vote.s);
    }

    // ---- The protocol's part

    /// @notice Called by transaction 0 in every block; does something in block 1, after a recovery,
    /// and in each epoch's last block.
    /// @param running the epoch of the running block as its payload names it
    /// @return begun whether the set of the next epoch has been written
    function advance(uint64 running) external returns (bool begun) {
        if (msg.sender != STEERING) revert NotSteering();
        if (block.number == 1) genesisHash = blockhash(0);
        if (running > epoch()) epochsAdded = running - _plainEpoch();
        uint64 length = epochBlocks;
        if (length == 0) return false;
        uint256 place = block.number % length;
        if (place != 0) {
            if (setEpoch > 0 && place <= SHARING_BLOCKS) _shareFees();
            return false;
        }
        uint64[] memory terms;
        try CONSTITUTION.inForce(LOOP) returns (uint64[] memory vector) {
            terms = vector;
        } catch {} // No such loop: no cap, and nobody is jailed.
        _begin(terms);
        return true;
    }

    /// @dev Should it fail, fees wait: that must not cost an epoch.
    function _shareFees() private {
        (bool shared,) =
            address(FEES).call{gas: SHARING_GAS}(abi.encodeCall(IFeeSharing.share, ()));
        shared;
    }

    modifier onlyGovernance() {
        if (msg.sender != governance) revert NotGovernance();
        _;
    }

    /// @dev Words of the loop's state with 16 bits a validator, blocks with its vote, and the epoch
    /// they are of above them.
    uint256 private constant PRESENCE_WORD = 1;
    uint256 private constant PRESENCE_PER_WORD = 15;
    uint256 private constant LEAST_SET = 4;

    /// @dev Who may be in the next set. With `jailed`, a weight is of a member in jail.
    struct Candidates {
        address[] accounts;
        uint256[] weights;
        bool[] jailed;
        uint256 count;
    }

    function _begin(uint64[] memory terms) private {
        Candidates memory all = _candidates();
        uint256 share = terms.length > 2 ? terms[2] : BASIS;
        if (terms.length > 3 && terms[3] > 0) _jail(all, share, terms[3]);
        uint256 n;
        for (uint256 i = 0; i < all.count; i++) {
            if (all.jailed[i]) continue;
            (all.accounts[n], all.weights[n]) = (all.accounts[i], all.weights[i]);
            n++;
        }
        uint256 total = _cap(all.weights, n, share);
        uint256[] storage next = _sets[(setEpoch + 1) % 2];
        if (n > 0) _write(next, all.accounts, all.weights, n);
        // A set that nobody is left in could not even vote for its successor: it stays.
        else _copy(next, _current());
        setEpoch++;
        emit EpochBegun(epoch() + 1, uint64(block.number + 1), total, setHash(), next);
    }

    /// @dev All members who have not left, by address; those who leave are struck off the list.
    function _candidates() private returns (Candidates memory all) {
        uint256 length = _bonded.list.length;
        all.accounts = new address[](length);
        all.weights = new uint256[](length);
        all.jailed = new bool[](length);
        uint256 kept;
        for (uint256 i = 0; i < length; i++) {
            address account = _bonded.list[i];
            Member storage m = _bonded.member[account];
            if (m.leaving) continue;
            if (kept != i) _bonded.list[kept] = account;
            kept++;
            uint256 weight = m.stake / weightUnit;
            if (m.tombstoned || weight == 0) continue;
            all.accounts[all.count] = account;
            all.jailed[all.count] = m.jailedUntil != 0;
            all.weights[all.count++] = weight > type(uint56).max / MAX_VALIDATORS
                ? type(uint56).max / MAX_VALIDATORS : weight;
        }
        while (_bonded.list.length > kept) _bonded.list.pop();
    }

    /// @dev A validator is absent when fewer than the vector's share of the epoch's blocks carry a
    /// vote of its. Those with the fewest go first, at most MAX_JAILED in one epoch, never so many
    /// that fewer than four stay (three can't bear a fault), and never so much weight that those who
    /// stay bear less than they must (`_jailRoom`).
    function _jail(Candidates memory all, uint256 share, uint256 presence) private {
        uint256 n = all.count;
        uint256[] memory capped = new uint256[](n);
        for (uint256 i = 0; i < n; i++) capped[i] = all.weights[i];
        uint256 room = _jailRoom(capped, n, _cap(capped, n, share));
        uint256 staying;
        for (uint256 i = 0; i < n; i++) {
            if (!all.jailed[i]) staying++;
            else room = room > capped[i] ? room - capped[i] : 0;
        }
        uint256 blocks = epochBlocks > 0xffff ? 0xffff : epochBlocks;
        uint256 least = (blocks * presence + BASIS - 1) / BASIS;
        uint256[] memory present = _presence(all);
        for (uint256 tries = 0; tries < MAX_JAILED && staying > LEAST_SET; tries++) {
            uint256 worst;
            for (uint256 i = 1; i < n; i++) if (present[i] < present[worst]) worst = i;
            if (present[worst] >= least) return;
            if (capped[worst] <= room) {
                room -= capped[worst];
                staying--;
                all.jailed[worst] = true;
                uint64 until = epoch() + 1 + jailEpochs;
                _bonded.member[all.accounts[worst]].jailedUntil = until;
                emit Jailed(all.accounts[worst], until, present[worst], blocks);
            }
            present[worst] = type(uint256).max;
        }
    }

    /// @dev Weight that may be in jail at one time. Whoever is absent counts among the faulty while
    /// it is, and then those who stay are no worse off without it; but honest validators may be cut
    /// off beside as many faulty ones as the protocol bears. So: what leaves the greatest faulty
    /// weight under a third of what stays even then, or the share that governance gives up of that.
    /// Faulty weight is a multiple of the greatest common divisor g of all: of w g, at most
    /// ⌊(w - 1) / 3⌋ g, and any rest over three times that, less one g, may go.
    function _jailRoom(uint256[] memory weights, uint256 n, uint256 total)
        private
        view
        returns (uint256 room)
    {
        room = total * jailShare / BASIS;
        uint256 unit;
        for (uint256 i = 0; i < n; i++) {
            (uint256 a, uint256 b) = (weights[i], unit);
            while (b != 0) (a, b) = (b, a % b);
            unit = a;
        }
        if (unit == 0) return 0;
        uint256 free = (total / unit - 1) % 3 * unit;
        if (free > room) room = free;
    }

    /// @dev Blocks of the epoch with each candidate's vote; the maximum for those who are in jail or
    /// in no set. Both lists go by address.
    function _presence(Candidates memory all) private view returns (uint256[] memory present) {
        uint256[] memory set = _current();
        present = new uint256[](all.count);
        uint256 word;
        uint256 place;
        for (uint256 i = 0; i < all.count; i++) present[i] = type(uint256).max;
        for (uint256 i = 0; i < set.length; i++) {
            if (i % PRESENCE_PER_WORD == 0) {
                uint8 index = uint8(PRESENCE_WORD + i / PRESENCE_PER_WORD);
                word = uint256(ISteeringWords(STEERING).loopWord(LOOP, index));
                if (word >> 240 != uint16(setEpoch)) word = 0;
            }
            address account = address(uint160(set[i]));
            while (place < all.count && all.accounts[place] < account) place++;
            if (place == all.count) break;
            if (all.accounts[place] == account && !all.jailed[place]) {
                present[place] = (word >> (16 * (i % PRESENCE_PER_WORD))) & 0xffff;
            }
        }
    }

    function _plainEpoch() private view returns (uint64) {
        return epochBlocks == 0 || block.number == 0
            ? 0 : uint64((block.number - 1) / epochBlocks);
    }

    function _current() private view returns (uint256[] storage) {
        return _sets[setEpoch % 2];
    }

    /// @dev The greatest c with c ≤ share × Σ min(w, c); then each weight is at most c. With k weights
    /// above c and `rest` the sum of the others, c = share × rest / (1 - share × k). From above: with
    /// too few taken to be capped, c comes out too great, and those above it are more.
    function _cap(uint256[] memory weights, uint256 n, uint256 share)
        private
        pure
        returns (uint256 total)
    {
        if (n > 0 && share * n < BASIS) share = (BASIS + n - 1) / n;
        uint256 capped;
        uint256 rest;
        for (uint256 i = 0; i < n; i++) rest += weights[i];
        uint256 most = type(uint256).max;
        while (share * capped < BASIS) {
            most = share * rest / (BASIS - share * capped);
            uint256 above;
            rest = 0;
            for (uint256 i = 0; i < n; i++) {
                if (weights[i] > most) above++;
                else rest += weights[i];
            }
            if (above == capped) break;
            capped = above;
        }
        if (most == 0) most = 1;
        for (uint256 i = 0; i < n; i++) {
            if (weights[i] > most) weights[i] = most;
            total += weights[i];
        }
    }

    function _write(
        uint256[] storage set, address[] memory chosen, uint256[] memory weights, uint256 n
    ) private {
        for (uint256 i = 0; i < n; i++) {
            _put(set, i, uint256(uint160(chosen[i])) | (weights[i] << 160));
        }
        while (set.length > n) set.pop();
    }

    function _copy(uint256[] storage to, uint256[] storage from) private {
        for (uint256 i = 0; i < from.length; i++) _put(to, i, from[i]);
        while (to.length > from.length) to.pop();
    }

    function _put(uint256[] storage set, uint256 i, uint256 word) private {
        if (i == set.length) set.push(word);
        else if (set[i] != word) set[i] = word;
    }

    // ---- Members

    function _ownedBy(address account, address owner) private view returns (Member storage m) {
        m = _bonded.member[account];
        if (m.owner == address(0)) revert UnknownValidator();
        if (m.owner != owner) revert NotOwner();
    }

    function _leave(address account, Member storage m) private {
        if (m.leaving) revert AlreadyMember();
        m.leaving = true;
        uint128 amount = m.stake;
        m.stake = 0;
        _unbond(account, m.owner, amount);
        emit Left(account, amount, _withdrawableAt());
    }

    function _unbond(address account, address owner, uint128 amount) private {
        Unbonding[] storage list = _bonded.unbonding[account];
        // The last part of a leaving or slashed member always finds room.
        bool isFull = list.length >= MAX_UNBONDINGS && !_bonded.member[account].leaving;
        if (isFull) revert TooManyUnbondings();
        list.push(Unbonding(amount, _withdrawableAt()));
        _moveVotes(owner, address(0), amount);
    }

    /// @dev The stake votes to the end of this epoch, so the time counts from the next.
    function _withdrawableAt() private view returns (uint64) {
        return epoch() + 1 + unbondingEpochs;
    }

    /// @dev When all places are taken, more stake than the least member's takes its place.
    function _displace(uint256 stake) private {
        address weakest;
        uint256 least = type(uint256).max;
        for (uint256 i = 0; i < _bonded.list.length; i++) {
            Member storage m = _bonded.member[_bonded.list[i]];
            if (m.leaving || m.stake >= least) continue;
            (weakest, least) = (_bonded.list[i], m.stake);
        }
        if (stake <= least) revert SetIsFull(least);
        _leave(weakest, _bonded.member[weakest]);
        _remove(weakest);
    }

    function _insert(address account) private {
        _bonded.list.push(account);
        uint256 i = _bonded.list.length - 1;
        for (; i > 0 && _bonded.list[i - 1] > account; i--) _bonded.list[i] = _bonded.list[i - 1];
        _bonded.list[i] = account;
    }

    function _remove(address account) private {
        uint256 i = 0;
        while (_bonded.list[i] != account) i++;
        for (; i + 1 < _bonded.list.length; i++) _bonded.list[i] = _bonded.list[i + 1];
        _bonded.list.pop();
    }

    function _isListed(address account) private view returns (bool) {
        address[] storage list = _bonded.list;
        for (uint256 i = 0; i < list.length; i++) if (list[i] == account) return true;
        return false;
    }

    // ---- Signatures

    function _conflict(Vote calldata a, Vote calldata b) private pure returns (bool) {
        if (a.epoch != b.epoch || a.atView != b.atView) return false;
        if (a.kind != b.kind) return a.kind + b.kind == 5;
        return a.kind != 2
            && (a.blockHash != b.blockHash || a.observationHash != b.observationHash);
    }

    function _checkConsent(address account, bytes calldata consent) private view {
        if (consent.length != 65) revert NoConsent();
        bytes32 r = bytes32(consent[:32]);
        bytes32 s = bytes32(consent[32:64]);
        bytes32 digest = _typed(keccak256(abi.encode(CONSENT_TYPE, msg.sender)));
        address signer = ecrecover(digest, uint8(consent[64]), r, s);
        if (signer == address(0) || signer != account || uint256(s) > HALF_ORDER) {
            revert NoConsent();
        }
    }

    function _typed(bytes32 structHash) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPE, keccak256("Homeostat"), keccak256("1"), block.chainid, genesisHash
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    // ---- Coins and votes

    /// @dev Governance's contract must not be able to hold up stake: what it does is its own.
    function _moveVotes(address from, address to, uint256 amount) private {
        if (amount == 0 || address(VOTES).code.length == 0) return;
        try VOTES.moveStake(from, to, amount) {} catch {}
    }

    function _pay(address to, uint256 amount) private {
        (bool paid,) = to.call{value: amount}("");
        if (!paid) revert TransferFailed();
    }

    /// @dev The RLP of [address, weight] at the upper end of a word, and its length.
    function _rlpItem(uint256 entry) private pure returns (uint256 item, uint256 length) {
        uint256 weight = uint64(entry >> 160);
        uint256 encoded = weight;
        uint256 size = 1;
        if (weight >= 0x80) {
            while (weight >> (8 * size) != 0) size++;
            encoded |= (0x80 + size) << (8 * size);
            size++;
        }
        length = 22 + size;
        item = ((0xc0 + 21 + size) << 248) | (0x94 << 240) | (uint256(uint160(entry)) << 80)
            | (encoded << (80 - 8 * size));
    }

    function _rlpListHead(uint256 length) private pure returns (bytes memory) {
        if (length < 56) return abi.encodePacked(uint8(0xc0 + length));
        if (length < 256) return abi.encodePacked(uint8(0xf8), uint8(length));
        return abi.encodePacked(uint8(0xf9), uint16(length));
    }
}
