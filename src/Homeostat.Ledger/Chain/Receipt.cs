using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// What a transaction did. Consensus covers type, status (or root), cumulative gas, bloom and logs;
/// the rest is kept with it for those who ask later.
/// </summary>
public sealed record Receipt
{
    public TransactionType Type { get; init; }

    public bool Succeeded { get; init; }

    /// <summary>
    /// The state root after it, in place of the status before Byzantium (EIP-658).
    /// </summary>
    public Hash256? PostState { get; init; }

    /// <summary>Gas used in the block up to and with this transaction.</summary>
    public ulong CumulativeGasUsed { get; init; }

    public Bloom Bloom { get; init; } = Bloom.Empty;
    public IReadOnlyList<Log> Logs { get; init; } = [];

    /// <summary>Gas used by this transaction; not in the encoding.</summary>
    public ulong GasUsed { get; init; }

    /// <summary>Wei paid per gas; not in the encoding.</summary>
    public UInt256 EffectiveGasPrice { get; init; }

    /// <summary>Address of the contract a creation made; not in the encoding.</summary>
    public Address? CreatedAddress { get; init; }

    /// <summary>Blob gas used by this transaction; not in the encoding.</summary>
    public ulong BlobGasUsed { get; init; }

    /// <summary>The form the receipts trie holds: the type byte, if typed, then RLP.</summary>
    public byte[] Encode()
    {
        var writer = new RlpWriter(Bloom.Size + 64 + 128 * Logs.Count);
        int list = writer.StartList();
        if (PostState is { } root)
        {
            writer.Write(root);
        }
        else
        {
            writer.Write(Succeeded ? 1UL : 0UL);
        }
        writer.Write(CumulativeGasUsed);
        writer.Write(Bloom.Bytes);
        WriteLogs(writer, Logs);
        writer.EndList(list);
        return Type == TransactionType.Legacy
            ? writer.ToArray()
            : [(byte)Type, .. writer.WrittenSpan];
    }

    /// <summary>The list of logs in RLP.</summary>
    public static void WriteLogs(RlpWriter writer, IReadOnlyList<Log> logs)
    {
        int list = writer.StartList();
        foreach (Log log in logs)
        {
            int item = writer.StartList();
            writer.Write(log.Address);
            int topics = writer.StartList();
            foreach (Hash256 topic in log.Topics)
            {
                writer.Write(topic);
            }
            writer.EndList(topics);
            writer.Write(log.Data);
            writer.EndList(item);
        }
        writer.EndList(list);
    }
}
