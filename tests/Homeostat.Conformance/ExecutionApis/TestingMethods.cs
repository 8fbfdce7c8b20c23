using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Node.Rpc;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>
/// testing_buildBlockV1 of execution-apis: a block on the imported chain's head from the caller's
/// transactions, or from the pool's, by the ledger's own builder. Only this suite serves it: on our
/// chains blocks are built by consensus alone (docs/adr/0023-no-testing-methods.md).
/// </summary>
internal sealed class TestingMethods(
    GenesisFile genesis, ImportedChain chain, TransactionPool pool, IEvmEngine engine)
{
    // What geth aims at when nobody says otherwise, and its steps (EIP-1559's bound, kept inside).
    private const ulong WantedGasLimit = 60_000_000;
    private const ulong GasLimitStep = 1_024;

    public void Register(RpcTable.Builder table) => table.Add("testing_buildBlockV1", Build);

    private void Build(RpcParams arguments, Utf8JsonWriter result)
    {
        RpcBlock parent = chain.Head;
        if (arguments.Hash(0) != parent.Hash)
        {
            throw RpcException.Server("unknown parent: blocks are built on the head");
        }
        JsonElement attributes = JsonInput.Object(arguments.Required(1), RpcParams.At(1));
        byte[] extraData = arguments.Has(3) ? arguments.Data(3) : [];
        BlockHeader header = HeaderFor(parent.Header, attributes, extraData);
        bool isGiven = arguments.Has(2);
        var request = new BuildRequest
        {
            ParentState = parent.State!,
            Header = header,
            Rules = genesis.Rules.At(header),
            Candidates = isGiven ? Given(arguments.Required(2)) : Pooled(),
            Hashes = chain,
        };
        if (!new BlockBuilder(engine).TryBuild(
            request, out BuiltBlock? built, out BlockRefusal? refusal))
        {
            throw RpcException.Server(refusal.Reason);
        }
        if (isGiven && built.LeftOut.Count > 0)
        {
            throw RpcException.Server(built.LeftOut[0].Error);
        }
        Write(result, built.Block);
    }

    private BlockHeader HeaderFor(BlockHeader parent, JsonElement attributes, byte[] extraData)
    {
        string place = RpcParams.At(1);
        ulong time = JsonInput.UInt64(attributes.GetProperty("timestamp"), place);
        BlockRules rules = genesis.Rules.At(
            new Height(parent.Number.Value + 1), time, true);
        ulong step = (parent.GasLimit / GasLimitStep) - 1;
        return new BlockHeader
        {
            ParentHash = parent.Hash,
            Number = new Height(parent.Number.Value + 1),
            Timestamp = time,
            Coinbase = JsonInput.Address(
                attributes.GetProperty("suggestedFeeRecipient"), place),
            GasLimit = parent.GasLimit > WantedGasLimit
                ? Math.Max(parent.GasLimit - step, WantedGasLimit)
                : Math.Min(parent.GasLimit + step, WantedGasLimit),
            ExtraData = extraData,
            MixHash = JsonInput.Hash(attributes.GetProperty("prevRandao"), place),
            BaseFee = rules.EstimateBaseFee(parent),
            WithdrawalsRoot = Keccak.EmptyTrie,
            BlobGasUsed = 0,
            ExcessBlobGas = BlobGas.NextExcess(parent, rules),
            ParentBeaconBlockRoot = JsonInput.Hash(
                attributes.GetProperty("parentBeaconBlockRoot"), place),
        };
    }

    private static RecoveredTransaction[] Given(JsonElement transactions)
    {
        string place = RpcParams.At(2);
        var given = new List<RecoveredTransaction>();
        foreach (JsonElement item in JsonInput.Array(transactions, place).EnumerateArray())
        {
            byte[] raw = JsonInput.Data(item, place);
            if (!Transaction.TryDecode(raw, out Transaction transaction, out string error))
            {
                throw RpcException.InvalidParams(error);
            }
            if (!RecoveredTransaction.TryRecover(transaction, out RecoveredTransaction recovered))
            {
                throw RpcException.InvalidParams("invalid sender");
            }
            given.Add(recovered);
        }
        return [.. given];
    }

    private RecoveredTransaction[] Pooled() =>
    [
        .. pool.View().Senders().SelectMany(
            sender => sender.Transactions.Select(pooled => pooled.Transaction)),
    ];

    /// <summary>engine_getPayloadV5's answer (execution-apis, src/engine/osaka.md).</summary>
    private static void Write(Utf8JsonWriter result, ExecutedBlock block)
    {
        BlockHeader header = block.Header;
        result.WriteStartObject();
        result.WriteStartObject("executionPayload"u8);
        result.Data("parentHash"u8, header.ParentHash);
        result.Data("feeRecipient"u8, header.Coinbase);
        result.Data("stateRoot"u8, header.StateRoot);
        result.Data("receiptsRoot"u8, header.ReceiptsRoot);
        result.Data("logsBloom"u8, header.LogsBloom.Bytes);
        result.Data("prevRandao"u8, header.MixHash);
        result.Quantity("blockNumber"u8, header.Number.Value);
        result.Quantity("gasLimit"u8, header.GasLimit);
        result.Quantity("gasUsed"u8, header.GasUsed);
        result.Quantity("timestamp"u8, header.Timestamp);
        result.Data("extraData"u8, header.ExtraData);
        result.Quantity("baseFeePerGas"u8, header.BaseFee!.Value);
        result.Data("blockHash"u8, header.Hash);
        result.WriteStartArray("transactions"u8);
        UInt256 value = UInt256.Zero;
        for (int i = 0; i < block.Transactions.Count; i++)
        {
            Transaction transaction = block.Transactions[i].Transaction;
            result.Data(transaction.Encoded);
            value += transaction.EffectivePriorityFee(header.BaseFee.Value)
                * new UInt256(block.Receipts[i].GasUsed);
        }
        result.WriteEndArray();
        result.WriteStartArray("withdrawals"u8);
        result.WriteEndArray();
        result.Quantity("blobGasUsed"u8, header.BlobGasUsed ?? 0);
        result.Quantity("excessBlobGas"u8, header.ExcessBlobGas ?? 0);
        result.WriteEndObject();
        result.Quantity("blockValue"u8, value);
        result.WriteStartObject("blobsBundle"u8);
        foreach (string list in (string[])["commitments", "proofs", "blobs"])
        {
            result.WriteStartArray(list);
            result.WriteEndArray();
        }
        result.WriteEndObject();
        result.WriteStartArray("executionRequests"u8);
        foreach (byte[] request in block.Requests ?? [])
        {
            result.Data(request);
        }
        result.WriteEndArray();
        result.WriteBoolean("shouldOverrideBuilder"u8, false);
        result.WriteEndObject();
    }
}
