using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>A block as decoded: nothing in it is checked.</summary>
public sealed record Block
{
    public required BlockHeader Header { get; init; }
    public IReadOnlyList<Transaction> Transactions { get; init; } = [];

    /// <summary>Only before Paris.</summary>
    public IReadOnlyList<BlockHeader> Ommers { get; init; } = [];

    /// <summary>Null before Shanghai.</summary>
    public IReadOnlyList<Withdrawal>? Withdrawals { get; init; }

    /// <summary>Bytes of the RLP it was read from; 0 when it was not (see EIP-7934).</summary>
    public int EncodedLength { get; init; }

    public Hash256 Hash => Header.Hash;

    public byte[] Encode()
    {
        var writer = new RlpWriter(1024);
        int list = writer.StartList();
        Header.WriteTo(writer);
        int transactions = writer.StartList();
        foreach (Transaction transaction in Transactions)
        {
            transaction.WriteToBody(writer);
        }
        writer.EndList(transactions);
        int ommers = writer.StartList();
        foreach (BlockHeader ommer in Ommers)
        {
            ommer.WriteTo(writer);
        }
        writer.EndList(ommers);
        if (Withdrawals is not null)
        {
            WriteWithdrawals(writer, Withdrawals);
        }
        writer.EndList(list);
        return writer.ToArray();
    }

    private static void WriteWithdrawals(RlpWriter writer, IReadOnlyList<Withdrawal> withdrawals)
    {
        int list = writer.StartList();
        foreach (Withdrawal withdrawal in withdrawals)
        {
            withdrawal.WriteTo(writer);
        }
        writer.EndList(list);
    }

    /// <summary>
    /// Reads one block; false with the reason when the bytes are not exactly one.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> rlp, out Block block, out string error)
    {
        var reader = new RlpReader(rlp);
        block = ReadFrom(ref reader);
        error = reader.Error ?? (reader.Finished ? "" : "bytes after the block");
        return error.Length == 0;
    }

    /// <summary>
    /// Reads a block from a stream of them; the reader fails when it is malformed.
    /// </summary>
    public static Block ReadFrom(ref RlpReader reader)
    {
        int start = reader.Position;
        RlpReader list = reader.ReadList();
        BlockHeader header = BlockHeader.ReadFrom(ref list);
        List<Transaction> transactions = ReadTransactions(ref list);
        RlpReader ommerList = list.ReadList();
        var ommers = new List<BlockHeader>();
        while (ommerList.HasMore)
        {
            ommers.Add(BlockHeader.ReadFrom(ref ommerList));
        }
        list.Close(ommerList);
        List<Withdrawal>? withdrawals = list.HasMore ? ReadWithdrawals(ref list) : null;
        reader.Close(list);
        return new Block
        {
            Header = header,
            Transactions = transactions,
            Ommers = ommers,
            Withdrawals = withdrawals,
            EncodedLength = reader.Position - start,
        };
    }

    private static List<Transaction> ReadTransactions(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        var transactions = new List<Transaction>();
        while (list.HasMore)
        {
            if (Transaction.ReadFromBody(ref list) is { } transaction)
            {
                transactions.Add(transaction);
            }
        }
        reader.Close(list);
        return transactions;
    }

    private static List<Withdrawal> ReadWithdrawals(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        var withdrawals = new List<Withdrawal>();
        while (list.HasMore)
        {
            withdrawals.Add(Withdrawal.ReadFrom(ref list));
        }
        reader.Close(list);
        return withdrawals;
    }
}

/// <summary>
/// A block that is sound in itself: its body is the one its header commits to, every sender is
/// recovered, and the header follows from its parent. Made by <see cref="BlockProcessor"/> only.
/// </summary>
public sealed record CheckedBlock
{
    internal CheckedBlock(
        Block block, BlockHeader parent, IReadOnlyList<RecoveredTransaction> transactions)
    {
        Block = block;
        Parent = parent;
        Transactions = transactions;
    }

    public Block Block { get; }
    public BlockHeader Parent { get; }
    public IReadOnlyList<RecoveredTransaction> Transactions { get; }
    public BlockHeader Header => Block.Header;
}

/// <summary>
/// A block that was executed, with all that came of it. Made by the execution only.
/// </summary>
public sealed record ExecutedBlock
{
    internal ExecutedBlock()
    {
    }

    public required Block Block { get; init; }
    public required IReadOnlyList<RecoveredTransaction> Transactions { get; init; }
    public required IReadOnlyList<Receipt> Receipts { get; init; }

    /// <summary>The state after the block.</summary>
    public required WorldSnapshot State { get; init; }

    /// <summary>What the block changed in the state.</summary>
    public required StateChanges Changes { get; init; }

    /// <summary>EIP-7685 requests, type byte first, none empty; null before Prague.</summary>
    public IReadOnlyList<byte[]>? Requests { get; init; }

    public BlockHeader Header => Block.Header;
    public Hash256 Hash => Block.Header.Hash;
}

/// <summary>Why a block is not valid. Reasons begin as geth's do where geth has one.</summary>
public sealed record BlockRefusal(string Reason)
{
    /// <summary>
    /// What was thrown if execution threw: such a block is worth a dump for its finders.
    /// </summary>
    public Exception? Broken { get; init; }

    /// <summary>The state root that this node computed, when it got that far.</summary>
    public Hash256? OwnStateRoot { get; init; }

    public override string ToString() => Reason;
}
