using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>
/// A validator set that changes under the faults: the last node, in no set at genesis, bonds; later
/// one of the others leaves, or, in other seeds, those whom the faults kept away are jailed and
/// come back by their owners' word. Equivocators are slashed by what the nodes do of themselves.
/// What is wanted is sent again until the final state shows it, since nodes lose their pools and a
/// validator's nonce also moves when it proposes.
/// </summary>
internal sealed class StakeChurn
{
    private const long Second = 1_000_000;
    private const long RetryUs = Second;
    private const ulong Stake = 3;
    private static readonly UInt256 Coin = 1_000_000_000_000_000_000;
    private static readonly byte[] JoinSelector = Selector("join(address,string,bytes)");
    private static readonly byte[] ExitSelector = Selector("exit(address)");
    private static readonly byte[] UnjailSelector = Selector("unjail(address)");

    private readonly Cluster _cluster;
    private readonly ClusterSetup _setup;
    private readonly SeededRandom _random;
    private readonly int _joiner;
    private readonly int _leaver;
    private readonly long _leaveUs;
    private readonly ulong[] _nonces;
    private readonly ulong[] _jailedUntil;
    private Height? _shown;
    private int _setCount;
    private readonly SortedSet<int> _jailed = [];
    private readonly SortedSet<Address> _slashed = [];

    public StakeChurn(Cluster cluster, ClusterSetup setup, SeededRandom random, long lengthUs)
    {
        (_cluster, _setup, _random) = (cluster, setup, random);
        _joiner = setup.Network.Validators.Count - 1;
        _leaver = random.NextBelow(_joiner);
        _nonces = new ulong[_joiner + 1];
        _jailedUntil = new ulong[_joiner + 1];
        long joinUs = random.NextBetween(Second / 2, lengthUs / 3);
        _leaveUs = random.NextBetween(lengthUs / 3, lengthUs);
        cluster.Shown = Show;
        cluster.At(joinUs, Act);
    }

    /// <summary>Epochs that began, as the final states say.</summary>
    public ulong Epochs { get; private set; }

    public bool HasJoined { get; private set; }

    public bool HasLeft { get; private set; }

    public bool HasSlashed { get; private set; }

    /// <summary>Votes of whom were slashed gone from the set.</summary>
    public bool IsSlashedGone { get; private set; }

    /// <summary>Sentences for absence.</summary>
    public int Jailed { get; private set; }

    /// <summary>Of these, served, and the validator in the set again.</summary>
    public int Returned { get; private set; }

    /// <summary>A state is read at once: the disk that it is on may break.</summary>
    private void Show(ChainHead head)
    {
        if (head.Height <= _shown)
        {
            return;
        }
        _shown = head.Height;
        var state = new StateReader(head.State);
        Epochs = ValidatorStorage.ReadEpoch(state);
        IReadOnlyList<ValidatorEntry> set = ValidatorStorage.Read(state);
        _setCount = set.Count;
        for (int node = 0; node <= _joiner; node++)
        {
            Address address = AddressOf(node);
            _nonces[node] = head.State.GetAccount(address)?.Nonce ?? 0;
            _jailedUntil[node] = ValidatorStorage.ReadJailedUntil(state, address);
        }
        HasJoined |= set.Any(entry => entry.Address == AddressOf(_joiner));
        HasLeft |= HasJoined && set.All(entry => entry.Address != AddressOf(_leaver));
        foreach (Log log in head.Receipts.SelectMany(receipt => receipt.Logs))
        {
            if (log.Topics.Length > 0 && log.Topics[0] == SlashedTopic)
            {
                HasSlashed = true;
                _slashed.Add(Address.FromWord(UInt256.FromHash256(log.Topics[1])));
            }
        }
        IsSlashedGone |= HasSlashed && set.All(entry => !_slashed.Contains(entry.Address));
        if (_setup.Jails)
        {
            CountJailed(set);
        }
    }

    private void CountJailed(IReadOnlyList<ValidatorEntry> set)
    {
        for (int node = 0; node <= _joiner; node++)
        {
            Address address = AddressOf(node);
            if (_jailedUntil[node] > 0)
            {
                Jailed += _jailed.Add(node) ? 1 : 0;
            }
            else if (_jailed.Contains(node) && set.Any(entry => entry.Address == address))
            {
                _jailed.Remove(node);
                Returned++;
            }
        }
    }

    private static readonly Hash256 SlashedTopic =
        Keccak.Hash("Slashed(address,address,uint64,uint64,uint256)"u8);

    private void Act()
    {
        if (!HasJoined)
        {
            byte[] none = new byte[32];
            Send(_joiner, Coin * Stake,
            [
                .. JoinSelector, .. AddressOf(_joiner).ToWord().ToBigEndian(),
                .. new UInt256(96).ToBigEndian(), .. new UInt256(128).ToBigEndian(),
                .. none, .. none,
            ]);
        }
        else if (_setup.Jails)
        {
            Unjail();
        }
        else if (_cluster.NowUs >= _leaveUs && !HasLeft && SetIsLarge())
        {
            Send(_leaver, UInt256.Zero,
                [.. ExitSelector, .. AddressOf(_leaver).ToWord().ToBigEndian()]);
        }
        _cluster.At(_cluster.NowUs + RetryUs, Act);
    }

    private void Unjail()
    {
        foreach (int node in _jailed)
        {
            if (_jailedUntil[node] <= Epochs)
            {
                Send(node, UInt256.Zero,
                    [.. UnjailSelector, .. AddressOf(node).ToWord().ToBigEndian()]);
            }
        }
    }

    /// <summary>Four bear a fault; fewer would not bear those of the seed.</summary>
    private bool SetIsLarge() => _setCount > 4;

    private void Send(int sender, UInt256 value, byte[] data)
    {
        var unsigned = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = DevelopmentNetwork.ChainId.Value,
            Nonce = _nonces[sender],
            MaxFee = 100_000_000_000,
            MaxPriorityFee = 1_000_000_000,
            GasLimit = 1_000_000,
            To = PredeployAddresses.ValidatorSet,
            Value = value,
            Data = data,
        };
        Signature signature = _setup.SignerOf(sender).Sign(unsigned.SigningHash);
        _cluster.Submit(
            _random.NextBelow(_cluster.Nodes.Count),
            unsigned.WithSignature(signature).Encoded.ToArray());
    }

    private Address AddressOf(int node) => _setup.Network.Validators[node].Address;

    private static byte[] Selector(string signature) =>
        Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(signature)).Bytes[..4].ToArray();

    private sealed class StateReader(WorldSnapshot state) : IStorageReader
    {
        public UInt256 Read(in Address contract, in UInt256 slot) =>
            state.GetStorage(contract, slot);
    }
}
