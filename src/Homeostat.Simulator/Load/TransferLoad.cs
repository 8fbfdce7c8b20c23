using System.Collections.Concurrent;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>
/// Clients: transfers of the ten funded accounts in nonce order, every fifth a contract call that
/// burns gas, each given to some node that is up. What is not final after a while is given again,
/// perhaps to another: nodes lose their pools.
/// </summary>
internal sealed class TransferLoad(SeededRandom random, bool hasRealKeys = false)
{
    /// <summary>Unconfirmed transfers of one account: more wait until those are final.</summary>
    private const int MaxUnconfirmed = 64;

    private const ulong CallEvery = 5;
    private const ulong BurnedGas = 100_000;

    /// <summary>What only days of load reach is signed anew each time.</summary>
    private const ulong RememberedNonces = 256;

    private static readonly ConcurrentDictionary<(int Account, ulong Nonce), byte[]> Signed = [];

    private readonly ulong[] _next = new ulong[DevelopmentNetwork.FundedAccounts.Count];
    private readonly ulong[] _confirmed = new ulong[DevelopmentNetwork.FundedAccounts.Count];
    private readonly Dictionary<Address, int> _accounts = DevelopmentNetwork.FundedAccounts
        .Select((account, index) => (account.Address, index))
        .ToDictionary(pair => pair.Address, pair => pair.index);

    public bool HasUnconfirmed => _next.Zip(_confirmed).Any(pair => pair.First > pair.Second);

    /// <summary>The next transfer of a random account, or null when too many wait.</summary>
    public byte[]? Next()
    {
        int account = random.NextBelow(_next.Length);
        return _next[account] - _confirmed[account] >= MaxUnconfirmed
            ? null
            : Transfer(account, _next[account]++);
    }

    /// <summary>The oldest unconfirmed transfers of each account.</summary>
    public List<byte[]> Again(int each)
    {
        var again = new List<byte[]>();
        for (int account = 0; account < _next.Length; account++)
        {
            ulong end = Math.Min(_next[account], _confirmed[account] + (ulong)each);
            for (ulong nonce = _confirmed[account]; nonce < end; nonce++)
            {
                again.Add(Transfer(account, nonce));
            }
        }
        return again;
    }

    public void Confirm(ExecutedBlock block)
    {
        foreach (RecoveredTransaction transaction in block.Transactions)
        {
            if (_accounts.TryGetValue(transaction.Sender, out int account))
            {
                _confirmed[account] =
                    Math.Max(_confirmed[account], transaction.Transaction.Nonce + 1);
            }
        }
    }

    /// <summary>The same for all seeds, so it is made once.</summary>
    private byte[] Transfer(int account, ulong nonce) => hasRealKeys
        ? Sign(account, nonce, isReal: true)
        : nonce < RememberedNonces
            ? Signed.GetOrAdd((account, nonce), static key => Sign(key.Account, key.Nonce))
            : Sign(account, nonce);

    private static byte[] Sign(int account, ulong nonce, bool isReal = false)
    {
        Address from = DevelopmentNetwork.FundedAccounts[account].Address;
        bool isCall = nonce % CallEvery == CallEvery - 1;
        var unsigned = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = DevelopmentNetwork.ChainId.Value,
            Nonce = nonce,
            MaxFee = 100_000_000_000,
            MaxPriorityFee = 1_000_000_000,
            GasLimit = isCall ? 2 * BurnedGas : 21_000,
            To = isCall
                ? PredeployAddresses.GasBurner
                : Address.FromNumber(0x10000 + (uint)(nonce % 1_000)),
            Value = isCall ? UInt256.Zero : UInt256.One,
            Data = isCall ? new UInt256(BurnedGas).ToBigEndian() : [],
        };
        Hash256 key = DevelopmentNetwork.FundedAccounts[account].PrivateKey;
        Signature signature = isReal
            ? Secp256k1.Sign(unsigned.SigningHash, key)
            : SimulatedKeys.Sign(from, unsigned.SigningHash);
        return unsigned.WithSignature(signature).Encoded.ToArray();
    }
}
