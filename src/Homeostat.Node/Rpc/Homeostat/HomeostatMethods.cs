using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Node.Rpc;

/// <summary>homeostat_*: what the chain says about how it is steered and agreed on.</summary>
internal sealed class HomeostatMethods(RpcContext context)
{
    /// <summary>
    /// Blocks that homeostat_decisions looks through when the client names no range.
    /// </summary>
    private const ulong DefaultDecisionBlocks = 1_000;

    private readonly ChainReader _chain = context.Chain;

    public void Register(RpcTable.Builder table)
    {
        table.Add("homeostat_parameters", GetParameters);
        table.Add("homeostat_validators", GetValidators);
        table.Add("homeostat_certificate", GetCertificate);
        table.Add("homeostat_payload", GetPayload);
        table.Add("homeostat_decisions", GetDecisions);
        table.Add("homeostat_time", (arguments, result) =>
            result.Quantity(_chain.Get(arguments.Block(0)).TimeMs));
    }

    /// <summary>The capacity vector in force for the next block.</summary>
    private void GetParameters(RpcParams arguments, Utf8JsonWriter result)
    {
        WorldSnapshot state = _chain.StateAt(arguments.Block(0));
        ChainParameters parameters = ChainParameters.FromWord(
            state.GetStorage(PredeployAddresses.Constitution, ChainParameters.Slot));
        result.WriteStartObject();
        result.Quantity("gasTargetPerSecond"u8, parameters.GasTargetPerSecond);
        result.Quantity("gasLimit"u8, parameters.GasLimit);
        result.Quantity("minimumBaseFee"u8, parameters.MinimumBaseFee);
        result.Quantity("blockIntervalMs"u8, parameters.BlockIntervalMs);
        result.WriteEndObject();
    }

    /// <summary>The set in force for the block after the given one (latest by default).</summary>
    private void GetValidators(RpcParams arguments, Utf8JsonWriter result)
    {
        var state = new StateStorage(_chain.StateAt(arguments.Block(0)));
        result.WriteStartArray();
        foreach (ValidatorEntry validator in ValidatorStorage.Read(state))
        {
            result.WriteStartObject();
            result.Data("address"u8, validator.Address);
            result.Quantity("weight"u8, validator.Weight);
            result.WriteString(
                "node"u8, ValidatorStorage.ReadNodeAddress(state, validator.Address));
            result.WriteEndObject();
        }
        result.WriteEndArray();
    }

    /// <summary>
    /// The finalization certificate of a block: its own, or that of the first descendant that has
    /// one, which makes it final too.
    /// </summary>
    private void GetCertificate(RpcParams arguments, Utf8JsonWriter result)
    {
        RpcBlock block = _chain.Get(arguments.Block(0));
        ulong last = Math.Min(_chain.Head.Number, block.Number + 1_000);
        for (ulong number = block.Number; number <= last; number++)
        {
            if (_chain.Stored(number) is { Certificate.Length: > 0 } stored)
            {
                WriteCertificate(result, block, stored);
                return;
            }
        }
        result.WriteNullValue();
    }

    private static void WriteCertificate(
        Utf8JsonWriter result, RpcBlock block, FinalizedBlock stored)
    {
        result.WriteStartObject();
        result.Quantity("blockNumber"u8, block.Number);
        result.Data("blockHash"u8, block.Hash);
        result.Quantity("certifiedNumber"u8, stored.Height.Value);
        result.Data("certifiedHash"u8, stored.Hash);
        result.Quantity("view"u8, stored.View.Value);
        result.Data("certificate"u8, stored.Certificate);
        result.WriteEndObject();
    }

    /// <summary>
    /// What consensus wrote into the block (docs/spec/consensus.md), in RLP: its keccak256 is the
    /// header's parentBeaconBlockRoot. Null for genesis and blocks that are not final.
    /// </summary>
    private void GetPayload(RpcParams arguments, Utf8JsonWriter result)
    {
        RpcBlock block = _chain.Get(arguments.Block(0));
        if (_chain.Stored(block.Number) is not { } stored || stored.Hash != block.Hash)
        {
            result.WriteNullValue();
            return;
        }
        var reader = new RlpReader(stored.Encoded);
        RlpReader list = reader.ReadList();
        list.ReadRaw();
        ReadOnlySpan<byte> payload = list.ReadRaw();
        reader.Close(list);
        Invariant.Require(reader.Finished);
        result.WriteStartObject();
        result.Quantity("blockNumber"u8, block.Number);
        result.Data("blockHash"u8, block.Hash);
        result.Data("payload"u8, payload);
        result.WriteEndObject();
    }

    /// <summary>
    /// Logs of the Steering predeploy (Decision and Outcome) in a range of blocks.
    /// </summary>
    private void GetDecisions(RpcParams arguments, Utf8JsonWriter result)
    {
        ulong head = _chain.Head.Number;
        ulong last = arguments.Has(1) ? _chain.Get(arguments.Block(1)).Number : head;
        ulong first = arguments.Has(0)
            ? _chain.Get(arguments.Block(0)).Number
            : last - Math.Min(last, DefaultDecisionBlocks);
        if (first > last || last - first >= context.Limits.LogBlocks)
        {
            throw RpcException.InvalidParams("invalid block range params");
        }
        int count = 0;
        result.WriteStartArray();
        for (ulong number = first; number <= last; number++)
        {
            if (_chain.ByNumber(number) is { Receipts.Count: > 0 } block)
            {
                count += WriteDecisions(result, block);
            }
            if (count > context.Limits.LogResults)
            {
                throw new RpcException(
                    -32005, $"query returned more than {context.Limits.LogResults} results");
            }
        }
        result.WriteEndArray();
    }

    private static int WriteDecisions(Utf8JsonWriter result, RpcBlock block)
    {
        int count = 0;
        IReadOnlyList<Log> logs = block.Receipts[0].Logs;
        for (int i = 0; i < logs.Count; i++)
        {
            if (logs[i].Address == PredeployAddresses.Steering)
            {
                EthJson.Log(result, block, 0, i);
                count++;
            }
        }
        return count;
    }
}
