using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Rpc;

/// <summary>Blocks, transactions, receipts and logs in the shapes of geth's JSON.</summary>
internal static class EthJson
{
    public static void Block(Utf8JsonWriter writer, RpcBlock block, bool full)
    {
        writer.WriteStartObject();
        BlockFields(writer, block, full);
        writer.WriteEndObject();
    }

    /// <summary>A block's fields, into an object that is open.</summary>
    public static void BlockFields(Utf8JsonWriter writer, RpcBlock block, bool full)
    {
        HeaderFields(writer, block.Header);
        writer.Quantity("size"u8, (ulong)block.Size);
        writer.WriteStartArray("transactions"u8);
        for (int i = 0; i < block.Transactions.Count; i++)
        {
            if (full)
            {
                Transaction(writer, block, i);
            }
            else
            {
                writer.Data(block.Transactions[i].Hash.Bytes);
            }
        }
        writer.WriteEndArray();
        BodyFields(writer, block);
    }

    /// <summary>As the other, with some of the transactions only, in full.</summary>
    public static void BlockFields(Utf8JsonWriter writer, RpcBlock block, int first, int end)
    {
        HeaderFields(writer, block.Header);
        writer.Quantity("size"u8, (ulong)block.Size);
        writer.WriteStartArray("transactions"u8);
        for (int i = first; i < end; i++)
        {
            Transaction(writer, block, i);
        }
        writer.WriteEndArray();
        BodyFields(writer, block);
    }

    private static void BodyFields(Utf8JsonWriter writer, RpcBlock block)
    {
        writer.WriteStartArray("uncles"u8);
        foreach (BlockHeader ommer in block.Block.Ommers)
        {
            writer.Data(ommer.Hash.Bytes);
        }
        writer.WriteEndArray();
        if (block.Block.Withdrawals is { } withdrawals)
        {
            Withdrawals(writer, withdrawals);
        }
    }

    public static void Header(Utf8JsonWriter writer, BlockHeader header)
    {
        writer.WriteStartObject();
        HeaderFields(writer, header);
        writer.WriteEndObject();
    }

    private static void HeaderFields(Utf8JsonWriter writer, BlockHeader header)
    {
        writer.Quantity("number"u8, header.Number.Value);
        writer.Data("hash"u8, header.Hash);
        writer.Data("parentHash"u8, header.ParentHash);
        writer.WritePropertyName("nonce"u8);
        Nonce(writer, header.Nonce);
        writer.Data("mixHash"u8, header.MixHash);
        writer.Data("sha3Uncles"u8, header.OmmersHash);
        writer.Data("logsBloom"u8, header.LogsBloom.Bytes);
        writer.Data("stateRoot"u8, header.StateRoot);
        writer.Data("miner"u8, header.Coinbase);
        writer.Quantity("difficulty"u8, header.Difficulty);
        writer.Data("extraData"u8, header.ExtraData);
        writer.Quantity("gasLimit"u8, header.GasLimit);
        writer.Quantity("gasUsed"u8, header.GasUsed);
        writer.Quantity("timestamp"u8, header.Timestamp);
        writer.Data("transactionsRoot"u8, header.TransactionsRoot);
        writer.Data("receiptsRoot"u8, header.ReceiptsRoot);
        Optional(writer, "baseFeePerGas"u8, header.BaseFee);
        Optional(writer, "withdrawalsRoot"u8, header.WithdrawalsRoot);
        Optional(writer, "blobGasUsed"u8, header.BlobGasUsed);
        Optional(writer, "excessBlobGas"u8, header.ExcessBlobGas);
        Optional(writer, "parentBeaconBlockRoot"u8, header.ParentBeaconBlockRoot);
        Optional(writer, "requestsHash"u8, header.RequestsHash);
    }

    /// <summary>A transaction of a block.</summary>
    public static void Transaction(Utf8JsonWriter writer, RpcBlock block, int index)
    {
        Transaction transaction = block.Transactions[index];
        writer.WriteStartObject();
        writer.Data("blockHash"u8, block.Hash);
        writer.Quantity("blockNumber"u8, block.Number);
        writer.Quantity("blockTimestamp"u8, block.Header.Timestamp);
        writer.Quantity("transactionIndex"u8, (ulong)index);
        Fields(writer, transaction, block.SenderOf(index), block.EffectiveGasPrice(index));
        writer.WriteEndObject();
    }

    /// <summary>A transaction that is in no final block.</summary>
    public static void Pending(Utf8JsonWriter writer, RecoveredTransaction pending)
    {
        writer.WriteStartObject();
        writer.WriteNull("blockHash"u8);
        writer.WriteNull("blockNumber"u8);
        writer.WriteNull("transactionIndex"u8);
        Fields(writer, pending.Transaction, pending.Sender, pending.Transaction.MaxFee);
        writer.WriteEndObject();
    }

    /// <summary>The transaction's own fields, into an object that is open.</summary>
    public static void Fields(
        Utf8JsonWriter writer, Transaction transaction, in Address sender, in UInt256 gasPrice)
    {
        writer.Data("hash"u8, transaction.Hash);
        writer.Quantity("type"u8, (ulong)transaction.Type);
        writer.Quantity("nonce"u8, transaction.Nonce);
        writer.Data("from"u8, sender);
        writer.Data("to"u8, transaction.To);
        writer.Quantity("value"u8, transaction.Value);
        writer.Quantity("gas"u8, transaction.GasLimit);
        writer.Quantity("gasPrice"u8, gasPrice);
        writer.Data("input"u8, transaction.Data);
        if (transaction.ChainId is { } chainId)
        {
            writer.Quantity("chainId"u8, chainId);
        }
        if (transaction.Type >= TransactionType.DynamicFee)
        {
            writer.Quantity("maxFeePerGas"u8, transaction.MaxFee);
            writer.Quantity("maxPriorityFeePerGas"u8, transaction.MaxPriorityFee);
        }
        if (transaction.Type != TransactionType.Legacy)
        {
            writer.WritePropertyName("accessList"u8);
            AccessList(writer, transaction.AccessList);
        }
        if (transaction.Type == TransactionType.Blob)
        {
            writer.Quantity("maxFeePerBlobGas"u8, transaction.MaxFeePerBlobGas);
            Hashes(writer, "blobVersionedHashes"u8, transaction.BlobHashes);
        }
        if (transaction.Type == TransactionType.SetCode)
        {
            Authorizations(writer, transaction.Authorizations);
        }
        SignatureFields(writer, transaction);
    }

    public static void AccessList(Utf8JsonWriter writer, AccessListEntry[] list)
    {
        writer.WriteStartArray();
        foreach (AccessListEntry entry in list)
        {
            writer.WriteStartObject();
            writer.Data("address"u8, entry.Address);
            writer.WriteStartArray("storageKeys"u8);
            foreach (UInt256 slot in entry.Slots)
            {
                writer.Word(slot);
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    public static void Receipt(
        Utf8JsonWriter writer, RpcBlock block, int index, in UInt256 blobGasPrice,
        ulong? timestamp = null)
    {
        Receipt receipt = block.Receipts[index];
        Transaction transaction = block.Transactions[index];
        writer.WriteStartObject();
        writer.Data("blockHash"u8, block.Hash);
        writer.Quantity("blockNumber"u8, block.Number);
        writer.Data("transactionHash"u8, transaction.Hash);
        writer.Quantity("transactionIndex"u8, (ulong)index);
        writer.Data("from"u8, block.SenderOf(index));
        writer.Data("to"u8, transaction.To);
        writer.Quantity("cumulativeGasUsed"u8, receipt.CumulativeGasUsed);
        writer.Quantity("gasUsed"u8, block.GasUsedBy(index));
        writer.Quantity("effectiveGasPrice"u8, block.EffectiveGasPrice(index));
        if (transaction.Type == TransactionType.Blob)
        {
            writer.Quantity(
                "blobGasUsed"u8, (ulong)transaction.BlobHashes.Length * BlobSchedule.GasPerBlob);
            writer.Quantity("blobGasPrice"u8, blobGasPrice);
        }
        writer.Data("contractAddress"u8, block.CreatedBy(index));
        writer.WriteStartArray("logs"u8);
        for (int i = 0; i < receipt.Logs.Count; i++)
        {
            Log(writer, block, index, i);
        }
        writer.WriteEndArray();
        writer.Data("logsBloom"u8, receipt.Bloom.Bytes);
        writer.Quantity("type"u8, (ulong)transaction.Type);
        if (receipt.PostState is { } root)
        {
            writer.Data("root"u8, root);
        }
        else
        {
            writer.Quantity("status"u8, receipt.Succeeded ? 1UL : 0UL);
        }
        Optional(writer, "timestamp"u8, timestamp);
        writer.WriteEndObject();
    }

    public static void Log(Utf8JsonWriter writer, RpcBlock block, int transaction, int log) =>
        Log(
            writer, block, transaction, block.Receipts[transaction].Logs[log],
            block.FirstLogOf(transaction) + log);

    public static void Log(
        Utf8JsonWriter writer, RpcBlock block, int transaction, Log entry, int indexInBlock)
    {
        writer.WriteStartObject();
        writer.Data("address"u8, entry.Address);
        Hashes(writer, "topics"u8, entry.Topics);
        writer.Data("data"u8, entry.Data);
        writer.Quantity("blockNumber"u8, block.Number);
        writer.Data("transactionHash"u8, block.Transactions[transaction].Hash);
        writer.Quantity("transactionIndex"u8, (ulong)transaction);
        writer.Data("blockHash"u8, block.Hash);
        writer.Quantity("blockTimestamp"u8, block.Header.Timestamp);
        writer.Quantity("logIndex"u8, (ulong)indexInBlock);
        writer.WriteBoolean("removed"u8, false);
        writer.WriteEndObject();
    }

    public static void Hashes(
        Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<Hash256> hashes)
    {
        writer.WriteStartArray(name);
        foreach (Hash256 hash in hashes)
        {
            writer.Data(hash.Bytes);
        }
        writer.WriteEndArray();
    }

    private static void Nonce(Utf8JsonWriter writer, ulong nonce)
    {
        Span<byte> bytes = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, nonce);
        writer.Data(bytes);
    }

    private static void Authorizations(Utf8JsonWriter writer, Authorization[] list)
    {
        writer.WriteStartArray("authorizationList"u8);
        foreach (Authorization authorization in list)
        {
            writer.WriteStartObject();
            writer.Quantity("chainId"u8, authorization.ChainId);
            writer.Data("address"u8, authorization.Delegate);
            writer.Quantity("nonce"u8, authorization.Nonce);
            writer.Quantity("yParity"u8, (ulong)authorization.YParity);
            writer.Quantity("r"u8, authorization.R);
            writer.Quantity("s"u8, authorization.S);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void SignatureFields(Utf8JsonWriter writer, Transaction transaction)
    {
        ulong parity = transaction.Signature.YParity ? 1UL : 0UL;
        if (transaction.Type == TransactionType.Legacy)
        {
            UInt256 v = transaction.ChainId is { } chain
                ? ((UInt256)chain << 1) + 35
                : (UInt256)27UL;
            writer.Quantity("v"u8, v + parity);
        }
        else
        {
            writer.Quantity("v"u8, parity);
            writer.Quantity("yParity"u8, parity);
        }
        writer.Quantity("r"u8, transaction.Signature.R);
        writer.Quantity("s"u8, transaction.Signature.S);
    }

    private static void Withdrawals(
        Utf8JsonWriter writer, IReadOnlyList<Withdrawal> withdrawals)
    {
        writer.WriteStartArray("withdrawals"u8);
        foreach (Withdrawal withdrawal in withdrawals)
        {
            writer.WriteStartObject();
            writer.Quantity("index"u8, withdrawal.Index);
            writer.Quantity("validatorIndex"u8, withdrawal.ValidatorIndex);
            writer.Data("address"u8, withdrawal.Recipient);
            writer.Quantity("amount"u8, withdrawal.AmountGwei);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void Optional(Utf8JsonWriter writer, ReadOnlySpan<byte> name, UInt256? value)
    {
        if (value is { } number)
        {
            writer.Quantity(name, number);
        }
    }

    private static void Optional(Utf8JsonWriter writer, ReadOnlySpan<byte> name, ulong? value)
    {
        if (value is { } number)
        {
            writer.Quantity(name, number);
        }
    }

    private static void Optional(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Hash256? value)
    {
        if (value is { } hash)
        {
            writer.Data(name, hash);
        }
    }

    /// <summary>geth's fields; those of the state only while one is being fetched.</summary>
    public static void Syncing(Utf8JsonWriter writer, SyncStatus sync)
    {
        writer.WriteStartObject();
        writer.Quantity("startingBlock"u8, sync.Starting.Value);
        writer.Quantity("currentBlock"u8, sync.Current.Value);
        writer.Quantity("highestBlock"u8, sync.Highest.Value);
        if (sync.State is { } state)
        {
            writer.Quantity("syncedAccounts"u8, (ulong)state.Accounts);
            writer.Quantity("syncedStorage"u8, (ulong)state.Slots);
            writer.Quantity("syncedBytecodes"u8, (ulong)state.Codes);
            writer.Quantity("syncedBytes"u8, (ulong)state.Bytes);
            writer.Quantity("syncedPerMille"u8, (ulong)state.PerMille);
        }
        writer.WriteEndObject();
    }
}
