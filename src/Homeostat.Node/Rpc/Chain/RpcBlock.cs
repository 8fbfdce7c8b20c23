using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Rpc;

/// <summary>
/// A block with its receipts as the methods serve it, whether it comes from memory or from disk.
/// </summary>
internal sealed class RpcBlock
{
    private readonly IReadOnlyList<RecoveredTransaction>? _recovered;
    private Address[]? _senders;
    private int[]? _firstLogs;
    private UInt256[]? _prices;
    private int _size;

    public RpcBlock(
        Block block, IReadOnlyList<Receipt> receipts, WorldSnapshot? state, ulong timeMs,
        IReadOnlyList<RecoveredTransaction>? recovered = null)
    {
        Block = block;
        Receipts = receipts;
        State = state;
        TimeMs = timeMs;
        _recovered = recovered;
    }

    public Block Block { get; }

    public BlockHeader Header => Block.Header;

    public ulong Number => Block.Header.Number.Value;

    public Hash256 Hash => Block.Header.Hash;

    public IReadOnlyList<Transaction> Transactions => Block.Transactions;

    public IReadOnlyList<Receipt> Receipts { get; }

    /// <summary>The state after the block; null when it is no longer in memory.</summary>
    public WorldSnapshot? State { get; }

    /// <summary>The block's time in milliseconds.</summary>
    public ulong TimeMs { get; }

    public UInt256 BaseFee => Header.BaseFee ?? UInt256.Zero;

    /// <summary>Bytes of the block's RLP.</summary>
    public int Size => _size == 0 ? _size = Block.Encode().Length : _size;

    /// <summary>The same block with the state after it.</summary>
    public RpcBlock WithState(WorldSnapshot state) =>
        new(Block, Receipts, state, TimeMs, _recovered);

    /// <summary>The sender, recovered now when the block came from disk.</summary>
    public Address SenderOf(int index)
    {
        if (_recovered is not null)
        {
            return _recovered[index].Sender;
        }
        // Two threads may both recover; they write the same.
        Address[] senders = _senders ??= new Address[Transactions.Count];
        if (senders[index].IsZero)
        {
            RecoveredTransaction.TryRecover(
                Transactions[index], out RecoveredTransaction recovered);
            senders[index] = recovered?.Sender ?? Address.Zero;
        }
        return senders[index];
    }

    public RecoveredTransaction Recovered(int index) =>
        _recovered?[index] ?? new RecoveredTransaction(Transactions[index], SenderOf(index));

    /// <summary>
    /// What the transaction paid per gas. In a Homeostat block: the base fee and its class's
    /// premium; transaction 0: zero.
    /// </summary>
    public UInt256 EffectiveGasPrice(int index) => (_prices ??= Prices())[index];

    private UInt256[] Prices()
    {
        var prices = new UInt256[Transactions.Count];
        BlockClasses? classes = ClassPrices.FromExtraData(Header.ExtraData) is { } posted
            ? new BlockClasses(posted)
            : null;
        for (int i = 0; i < prices.Length; i++)
        {
            Transaction transaction = Transactions[i];
            prices[i] = classes is not null
                ? classes.PriceOfNext(transaction, SenderOf(i), BaseFee)
                : transaction.MaxFee < BaseFee
                    ? transaction.MaxFee
                    : transaction.EffectiveGasPrice(BaseFee);
        }
        return prices;
    }

    public ulong GasUsedBy(int index) => Receipts[index].CumulativeGasUsed
        - (index == 0 ? 0 : Receipts[index - 1].CumulativeGasUsed);

    public Address? CreatedBy(int index) => Transactions[index].IsCreation
        ? ContractAddress.FromNonce(SenderOf(index), Transactions[index].Nonce)
        : null;

    /// <summary>The index in the block of the transaction's first log.</summary>
    public int FirstLogOf(int index)
    {
        if (_firstLogs is null)
        {
            int[] first = new int[Receipts.Count + 1];
            for (int i = 0; i < Receipts.Count; i++)
            {
                first[i + 1] = first[i] + Receipts[i].Logs.Count;
            }
            _firstLogs = first;
        }
        return _firstLogs[index];
    }
}

/// <summary>The chain and the pool at one moment.</summary>
/// <param name="Finalized">`latest`, `safe` and `finalized`.</param>
/// <param name="Pending">The notarized tip, or <paramref name="Finalized"/>.</param>
internal sealed record RpcView(RpcBlock Finalized, RpcBlock Pending, PoolView Pool)
{
    /// <summary>Null when the node is not behind.</summary>
    public SyncStatus? Sync { get; init; }
}
