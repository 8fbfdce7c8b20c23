using System.Buffers.Binary;
using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>eth_config (EIP-7910) and eth_capabilities: what holds and what is there.</summary>
internal sealed class EthConfig(RpcContext context)
{
    private static readonly (string Name, uint Address)[] Precompiles =
    [
        ("ECREC", 0x01), ("SHA256", 0x02), ("RIPEMD160", 0x03), ("ID", 0x04), ("MODEXP", 0x05),
        ("BN254_ADD", 0x06), ("BN254_MUL", 0x07), ("BN254_PAIRING", 0x08), ("BLAKE2F", 0x09),
        ("KZG_POINT_EVALUATION", 0x0a), ("BLS12_G1ADD", 0x0b), ("BLS12_G1MSM", 0x0c),
        ("BLS12_G2ADD", 0x0d), ("BLS12_G2MSM", 0x0e), ("BLS12_PAIRING_CHECK", 0x0f),
        ("BLS12_MAP_FP_TO_G1", 0x10), ("BLS12_MAP_FP2_TO_G2", 0x11), ("P256VERIFY", 0x100),
    ];

    public void Register(RpcTable.Builder table)
    {
        table.Add("eth_config", GetConfig);
        table.Add("eth_capabilities", GetCapabilities);
    }

    /// <summary>
    /// The fork in force. No table of ours plans a further one, so there is no next.
    /// </summary>
    private void GetConfig(RpcParams arguments, Utf8JsonWriter result)
    {
        BlockHeader head = context.Chain.Head.Header;
        BlockRules rules = context.Rules.At(head);
        ulong activation = context.Rules.Activations
            .Where(item => item.Time <= head.Timestamp).Max(item => item.Time) ?? 0;
        result.WriteStartObject();
        result.WriteStartObject("current"u8);
        result.WriteNumber("activationTime"u8, activation);
        WriteBlobs(result, rules);
        result.Quantity("chainId"u8, context.Node.ChainId.Value);
        Span<byte> forkId = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(forkId, ForkId(head));
        result.Data("forkId"u8, forkId);
        result.WriteStartObject("precompiles"u8);
        foreach ((string name, uint number) in Precompiles)
        {
            Address address = Address.FromNumber(number);
            if (rules.Precompiles.Contains(address))
            {
                result.WriteString(name, address.ToString());
            }
        }
        result.WriteEndObject();
        WriteContracts(result, rules);
        result.WriteEndObject();
        result.WriteNull("next"u8);
        result.WriteNull("last"u8);
        result.WriteEndObject();
    }

    private static void WriteBlobs(Utf8JsonWriter result, BlockRules rules)
    {
        if (rules.Blobs is not { } schedule)
        {
            return;
        }
        result.WriteStartObject("blobSchedule"u8);
        result.WriteNumber("baseFeeUpdateFraction"u8, schedule.UpdateFraction);
        result.WriteNumber("max"u8, rules.AllowsBlobs ? schedule.Max : 0);
        result.WriteNumber("target"u8, rules.AllowsBlobs ? schedule.Target : 0);
        result.WriteEndObject();
    }

    private static void WriteContracts(Utf8JsonWriter result, BlockRules rules)
    {
        (string Name, Address Address)[] known =
        [
            ("BEACON_ROOTS_ADDRESS", EthereumForks.BeaconRoots),
            ("HISTORY_STORAGE_ADDRESS", EthereumForks.HistoryStorage),
            ("WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS", EthereumForks.Withdrawals),
            ("CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS", EthereumForks.Consolidations),
        ];
        Address[] called =
        [
            .. rules.CallsBefore.Select(call => call.Target),
            .. rules.CallsAfter.Select(call => call.Target),
        ];
        result.WriteStartObject("systemContracts"u8);
        foreach ((string name, Address address) in known)
        {
            if (called.Contains(address))
            {
                result.WriteString(name, address.ToString());
            }
        }
        if (rules.DepositContract is { } deposits)
        {
            result.WriteString("DEPOSIT_CONTRACT_ADDRESS"u8, deposits.ToString());
        }
        result.WriteEndObject();
    }

    /// <summary>EIP-2124: CRC-32 of genesis and of the forks passed, each once.</summary>
    private uint ForkId(BlockHeader head)
    {
        RpcBlock genesis = context.Chain.Get(BlockSelector.At(0));
        IReadOnlyList<ForkActivation> all = context.Rules.Activations;
        IEnumerable<ulong> blocks = all.Select(item => item.Block ?? 0)
            .Where(block => block > 0 && block <= head.Number.Value);
        IEnumerable<ulong> times = all.Select(item => item.Time ?? 0)
            .Where(time => time > genesis.Header.Timestamp && time <= head.Timestamp);
        uint crc = Crc32(uint.MaxValue, genesis.Hash.Bytes);
        Span<byte> word = stackalloc byte[8];
        foreach (ulong fork in blocks.Distinct().Order().Concat(times.Distinct().Order()))
        {
            BinaryPrimitives.WriteUInt64BigEndian(word, fork);
            crc = Crc32(crc, word);
        }
        return ~crc;
    }

    private static uint Crc32(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }
        return crc;
    }

    private void GetCapabilities(RpcParams arguments, Utf8JsonWriter result)
    {
        RpcBlock head = context.Chain.Head;
        result.WriteStartObject();
        result.WriteStartObject("head"u8);
        result.Quantity("number"u8, head.Number);
        result.Data("hash"u8, head.Hash);
        result.WriteEndObject();
        foreach (string resource in (string[])["tx", "logs", "receipts", "blocks"])
        {
            WriteCapability(result, resource, 0);
        }
        ulong kept = (ulong)context.Limits.RecentStates - 1;
        ulong oldest = head.Number - Math.Min(head.Number, kept);
        WriteCapability(result, "state", oldest);
        WriteCapability(result, "stateproofs", oldest);
        result.WriteEndObject();
    }

    private static void WriteCapability(Utf8JsonWriter result, string name, ulong oldest)
    {
        result.WriteStartObject(name);
        result.WriteBoolean("disabled"u8, false);
        result.Quantity("oldestBlock"u8, oldest);
        result.WriteEndObject();
    }
}
