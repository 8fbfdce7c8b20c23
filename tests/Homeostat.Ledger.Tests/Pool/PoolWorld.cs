using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

/// <summary>
/// Accounts in memory and transactions of them; the pool trusts recovered senders.
/// </summary>
internal sealed class PoolWorld : IAccounts
{
    public static readonly PoolChain Chain = new(new ChainId(4242), 60_000_000);
    public static readonly UInt256 Ether = UInt256.Parse("1000000000000000000");

    private readonly SortedDictionary<Address, AccountStanding> _accounts;

    public PoolWorld() => _accounts = [];

    private PoolWorld(PoolWorld other) => _accounts = new(other._accounts);

    public AccountStanding Read(in Address sender) => _accounts.GetValueOrDefault(sender);

    public PoolWorld Copy() => new(this);

    public void Set(Address sender, ulong nonce, UInt256 balance) =>
        _accounts[sender] = new AccountStanding(nonce, balance);

    public static Address Sender(int index) => Address.FromNumber((uint)(0x1000 + index));

    public static RecoveredTransaction Transfer(
        Address from, ulong nonce, ulong fee = 10, ulong tip = 1, ulong value = 0,
        ulong gas = 21_000, byte[]? data = null) =>
        new(
            new Transaction
            {
                Type = TransactionType.DynamicFee,
                ChainId = 4242,
                Nonce = nonce,
                MaxFee = fee,
                MaxPriorityFee = tip,
                GasLimit = gas,
                To = Address.FromNumber(1),
                Value = value,
                Data = data ?? [],
                // Makes hashes of different senders differ, as their signatures would.
                Signature = new Signature(from.ToWord(), 1, false),
            },
            from);

    /// <summary>The block of these transactions is final: nonces rise.</summary>
    public void Include(IEnumerable<RecoveredTransaction> transactions)
    {
        foreach (RecoveredTransaction transaction in transactions)
        {
            AccountStanding standing = Read(transaction.Sender);
            Assert.Equal(standing.Nonce, transaction.Transaction.Nonce);
            Set(transaction.Sender, standing.Nonce + 1, standing.Balance);
        }
    }
}
