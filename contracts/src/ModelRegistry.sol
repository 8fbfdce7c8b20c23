// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Where a trial is counted
/// @notice What the registry asks of Steering: the record of a trial.
interface ITrialRecord {
    /// @notice A word of a loop's own state.
    function loopWord(bytes32 loop, uint8 index) external view returns (bytes32);
}

/// @title Models, named by the hash of their bytes, and the life of each
/// @notice A model is data: registering one deploys nothing and needs no new node version. Its life
/// is shadow (under a bond, asked beside the champions in a window named beforehand), champion (up to
/// three of different bonds a loop; the medoid of their outputs acts), retired. A loop without a
/// champion runs on its twin.
/// @dev Bytes that decide lie in storage, because steering reads the chain through storage alone;
/// large ones, for the INFER precompile, lie in code. Genesis writes the first models; layout and
/// the test in docs/spec/steering.md.
contract ModelRegistry {
    /// @notice Longest model kept in storage; a decision reads 4,096.
    uint256 public constant MAXIMUM_BYTES = 24_576;
    /// @notice Longest model kept in code, for INFER.
    uint256 public constant MAXIMUM_CODE_BYTES = 262_144;
    uint256 public constant SEATS = 3;
    /// @notice Least blocks from naming a trial's window to its begin.
    uint256 public constant LEAD_BLOCKS = 16;
    uint256 public constant MAXIMUM_TRIAL_BLOCKS = 1_000_000;
    /// @notice Blocks a bond stays after retirement.
    uint256 public constant HOLD_BLOCKS = 1_024;
    /// @notice Least scored decisions of a trial.
    uint256 public constant LEAST_SCORED = 32;
    /// @notice Carries out what people voted for as standing rules (governance/RuleBook.sol).
    address public constant RULES = address(0x484f0023);
    ITrialRecord public constant STEERING = ITrialRecord(address(0x484f0001));
    /// @dev Word of a loop's state that holds a trial's counts.
    uint8 private constant TRIAL_WORD = 201;

    uint8 public constant STATUS_NONE = 0;
    uint8 public constant STATUS_SHADOW = 1;
    uint8 public constant STATUS_CHAMPION = 2;
    uint8 public constant STATUS_RETIRED = 3;

    /// @param bonder who registered it and gets the bond back
    /// @param bond wei
    /// @param releasedAt height from which a retired model's bond may be withdrawn
    struct Entry {
        address bonder;
        uint8 status;
        uint64 releasedAt;
        uint256 bond;
    }

    /// @param model the shadow on trial
    /// @param start first height of the window; its decisions count
    /// @param end first height after it
    /// @param tried shadows tried on this loop so far, this one included
    struct Trial {
        bytes32 model;
        uint64 start;
        uint64 end;
        uint64 tried;
    }

    address public owner; // slot 0
    mapping(bytes32 modelHash => bytes) private _models; // slot 1
    mapping(bytes32 loop => bytes32[3] modelHashes) private _champions; // slot 2
    mapping(bytes32 loop => Trial) private _trials; // slot 3
    mapping(bytes32 modelHash => Entry) private _entries; // slot 4
    mapping(bytes32 modelHash => address[]) private _parts; // slot 5
    uint256 public minimumBond; // slot 6

    event ModelRegistered(bytes32 indexed modelHash, uint256 length);
    event ChampionChanged(bytes32 indexed loop, uint256 indexed seat, bytes32 indexed modelHash);
    event TrialNamed(bytes32 indexed loop, bytes32 indexed modelHash, uint64 start, uint64 end);
    event Retired(bytes32 indexed modelHash);
    event BondReturned(bytes32 indexed modelHash, address to, uint256 amount);
    event MinimumBondChanged(uint256 amount);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    error NotOwner();
    error NotBonder();
    error BadLength();
    error BondTooSmall();
    error UnknownModel();
    error KnownModel();
    error SameBond();
    error BadWindow();
    error TrialRunning();
    error NotProven();
    error SeatTaken();
    error NotReleased();

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner();
        _;
    }

    /// @notice The bytes of a model kept in storage, empty when there are none.
    function model(bytes32 modelHash) external view returns (bytes memory) {
        return _models[modelHash];
    }

    /// @notice The champion of a loop's first seat.
    function champion(bytes32 loop) external view returns (bytes32) {
        return _champions[loop][0];
    }

    /// @notice The champions of a loop by seat; zero where one is free.
    function champions(bytes32 loop) external view returns (bytes32[3] memory) {
        return _champions[loop];
    }

    /// @notice What is known of a model: bonder, status, bond.
    function entry(bytes32 modelHash) external view returns (Entry memory) {
        return _entries[modelHash];
    }

    /// @notice The loop's last trial.
    function trial(bytes32 loop) external view returns (Trial memory) {
        return _trials[loop];
    }

    /// @notice The accounts whose code, less its first byte, is the model.
    function parts(bytes32 modelHash) external view returns (address[] memory) {
        return _parts[modelHash];
    }

    /// @notice Stores a model under its hash. Anyone may, under the bond; the owner needs none. A
    /// malformed one is harmless: it fails when it is asked, and the twin acts.
    function register(bytes calldata encoded) external payable returns (bytes32 modelHash) {
        if (encoded.length == 0 || encoded.length > MAXIMUM_BYTES) revert BadLength();
        modelHash = keccak256(encoded);
        _enter(modelHash);
        _models[modelHash] = encoded;
        emit ModelRegistered(modelHash, encoded.length);
    }

    /// @notice Puts bytes into the code of a new account, behind a STOP, so nobody can run them.
    function upload(bytes calldata part) external returns (address place) {
        if (part.length == 0 || part.length > 24_575) revert BadLength();
        // PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN, then STOP and the bytes.
        bytes memory creation =
            abi.encodePacked(hex"61", uint16(part.length + 1), hex"80600a5f395ff3", hex"00", part);
        assembly {
            place := create(0, add(creation, 32), mload(creation))
        }
        if (place == address(0)) revert BadLength();
    }

    /// @notice Registers a model whose bytes were uploaded in parts; INFER serves it.
    function registerParts(address[] calldata places) external payable returns (bytes32 modelHash) {
        bytes memory encoded;
        for (uint256 i = 0; i < places.length; i++) {
            bytes memory code = places[i].code;
            if (code.length < 2 || code[0] != 0) revert UnknownModel();
            assembly {
                let size := mload(code)
                code := add(code, 1)
                mstore(code, sub(size, 1))
            }
            encoded = bytes.concat(encoded, code);
        }
        if (encoded.length == 0 || encoded.length > MAXIMUM_CODE_BYTES) revert BadLength();
        modelHash = keccak256(encoded);
        _enter(modelHash);
        _parts[modelHash] = places;
        emit ModelRegistered(modelHash, encoded.length);
    }

    /// @notice Names the window in which a shadow will be judged: what it says from `start` on, of
    /// data nobody has seen yet. One trial a loop at a time; each counts against the next ones.
    function nominate(bytes32 loop, bytes32 modelHash, uint64 start, uint64 blocks) external {
        Entry storage e = _entries[modelHash];
        if (msg.sender != e.bonder && msg.sender != owner) revert NotBonder();
        if (e.status != STATUS_SHADOW || _models[modelHash].length == 0) revert UnknownModel();
        if (start < block.number + LEAD_BLOCKS || blocks == 0 || blocks > MAXIMUM_TRIAL_BLOCKS) {
            revert BadWindow();
        }
        Trial storage t = _trials[loop];
        if (block.number < t.end) revert TrialRunning();
        _trials[loop] = Trial(modelHash, start, start + blocks, t.tried + 1);
        emit TrialNamed(loop, modelHash, start, start + blocks);
    }

    /// @notice Seats a shadow whose trial has ended and shows it better than the twin. Anyone may
    /// call; the seat must be free. The owner may seat any model by `setChampion`.
    function promote(bytes32 loop, uint256 seat) external {
        Trial memory t = _trials[loop];
        if (t.model == 0 || block.number < t.end) revert TrialRunning();
        if (_entries[t.model].status != STATUS_SHADOW) revert UnknownModel();
        if (_champions[loop][seat] != 0) revert SeatTaken();
        if (!passes(uint256(STEERING.loopWord(loop, TRIAL_WORD)), t)) revert NotProven();
        _seat(loop, seat, t.model);
    }

    /// @notice The test of a trial: the shadow was nearer to what came than the twin so much more
    /// often than not that, of all shadows tried, chance would do it less than once in 32; and its
    /// errors are less in sum. By Hoeffding's bound P(wins - losses >= d) <= exp(-d^2 / 2n), and
    /// with `tried` trials each gets 1 / (32 tried) of the chance (Bonferroni), so
    /// d^2 >= 2 n ln 2 (5 + ceil(log2 tried)).
    /// @param counts wins (32 bits, lowest), losses (32), the start of the trial (64), the sum by
    /// which the shadow's errors exceed the twin's, as int128
    function passes(uint256 counts, Trial memory t) public pure returns (bool) {
        uint256 wins = uint32(counts);
        uint256 losses = uint32(counts >> 32);
        if (uint64(counts >> 64) != t.start || wins <= losses) return false;
        uint256 n = wins + losses;
        uint256 d = wins - losses;
        uint256 bits = 5;
        while (uint256(1) << (bits - 5) < t.tried) bits++;
        return n >= LEAST_SCORED && d * d * 10_000 >= 2 * n * 6_932 * bits
            && int256(counts) >> 128 < 0;
    }

    /// @notice Names the model of a loop's first seat; zero leaves it empty. By the owner, or by a
    /// rule that a vote adopted.
    function setChampion(bytes32 loop, bytes32 modelHash) external {
        if (msg.sender != owner && msg.sender != RULES) revert NotOwner();
        _clear(loop, 0);
        if (modelHash != 0) _seat(loop, 0, modelHash);
        else emit ChampionChanged(loop, 0, 0);
    }

    /// @notice Names all champions of a loop; they must be of different bonds.
    function setChampions(bytes32 loop, bytes32[3] calldata modelHashes) external onlyOwner {
        for (uint256 i = 0; i < SEATS; i++) _clear(loop, i);
        for (uint256 i = 0; i < SEATS; i++) {
            if (modelHashes[i] != 0) _seat(loop, i, modelHashes[i]);
            else emit ChampionChanged(loop, i, 0);
        }
    }

    /// @notice Ends a model's life. A champion's seat, if it has one, becomes free.
    function retire(bytes32 modelHash, bytes32 loop) external {
        Entry storage e = _entries[modelHash];
        bool isAllowed = msg.sender == e.bonder || msg.sender == owner || msg.sender == RULES;
        if (!isAllowed) revert NotBonder();
        if (e.status == STATUS_NONE || e.status == STATUS_RETIRED) revert UnknownModel();
        if (e.status == STATUS_CHAMPION) {
            bool found = false;
            for (uint256 i = 0; i < SEATS; i++) {
                if (_champions[loop][i] != modelHash) continue;
                _champions[loop][i] = 0;
                emit ChampionChanged(loop, i, 0);
                found = true;
            }
            if (!found) revert UnknownModel();
        }
        e.status = STATUS_RETIRED;
        e.releasedAt = uint64(block.number + HOLD_BLOCKS);
        emit Retired(modelHash);
    }

    /// @notice Returns the bond of a model that has been retired long enough.
    function withdraw(bytes32 modelHash) external {
        Entry storage e = _entries[modelHash];
        bool isDue = e.status == STATUS_RETIRED && block.number >= e.releasedAt && e.bond != 0;
        if (!isDue) revert NotReleased();
        (address to, uint256 amount) = (e.bonder, e.bond);
        e.bond = 0;
        emit BondReturned(modelHash, to, amount);
        (bool done,) = to.call{value: amount}("");
        if (!done) revert NotBonder();
    }

    /// @notice Changes the least bond of models to come.
    function setMinimumBond(uint256 amount) external onlyOwner {
        minimumBond = amount;
        emit MinimumBondChanged(amount);
    }

    /// @notice Gives the registry to another owner: by vote.
    function transferOwnership(address newOwner) external onlyOwner {
        emit OwnershipTransferred(owner, newOwner);
        owner = newOwner;
    }

    function _enter(bytes32 modelHash) private {
        if (msg.sender != owner && (msg.value == 0 || msg.value < minimumBond)) {
            revert BondTooSmall();
        }
        if (_entries[modelHash].status != STATUS_NONE) revert KnownModel();
        _entries[modelHash] = Entry(msg.sender, STATUS_SHADOW, 0, msg.value);
    }

    function _clear(bytes32 loop, uint256 seat) private {
        bytes32 was = _champions[loop][seat];
        if (was == 0) return;
        _champions[loop][seat] = 0;
        if (_entries[was].status == STATUS_CHAMPION) _entries[was].status = STATUS_SHADOW;
    }

    function _seat(bytes32 loop, uint256 seat, bytes32 modelHash) private {
        Entry storage e = _entries[modelHash];
        if (_models[modelHash].length == 0 || e.status == STATUS_RETIRED) revert UnknownModel();
        for (uint256 i = 0; i < SEATS; i++) {
            bytes32 other = _champions[loop][i];
            if (other != 0 && (other == modelHash || _entries[other].bonder == e.bonder)) {
                revert SameBond();
            }
        }
        _champions[loop][seat] = modelHash;
        e.status = STATUS_CHAMPION;
        emit ChampionChanged(loop, seat, modelHash);
    }
}
