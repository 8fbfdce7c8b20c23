using System.Buffers.Binary;
using System.Text.Json;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>The node and its network: ids, versions, peers, syncing.</summary>
internal sealed class EthNetwork(RpcContext context)
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
        table.Add("eth_chainId", (_, result) => result.Quantity(context.Node.ChainId.Value));
        table.Add("net_version", (_, result) =>
            result.WriteStringValue(context.Node.ChainId.ToString()));
        table.Add("net_listening", (_, result) => result.WriteBooleanValue(true));
        table.Add("net_peerCount", (_, result) =>
            result.Quantity((ulong)context.Node.PeerCount()));
        table.Add("web3_clientVersion", (_, result) =>
            result.WriteStringValue(context.Node.ClientVersion));
        table.Add("web3_sha3", (arguments, result) =>
            result.Data(Keccak.Hash(arguments.Data(0)).Bytes));
        table.Add("eth_syncing", GetSyncing);
        table.Add("eth_protocolVersion", (_, result) => result.Quantity(68UL));
        table.Add("eth_config", GetConfig);
    }

    private void GetSyncing(RpcParams arguments, Utf8JsonWriter result)
    {
        if (context.Node.Syncing() is not { } progress)
        {
            result.WriteBooleanValue(false);
            return;
        }
        result.WriteStartObject();
        result.Quantity("startingBlock"u8, progress.StartingBlock);
        result.Quantity("currentBlock"u8, progress.CurrentBlock);
        result.Quantity("highestBlock"u8, progress.HighestBlock);
        result.WriteEndObject();
    }

    /// <summary>
    /// EIP-7910: the fork in force. Homeostat networks are Osaka from genesis on.
    /// </summary>
    private void GetConfig(RpcParams arguments, Utf8JsonWriter result)
    {
        RpcBlock genesis = context.Chain.Get(BlockSelector.At(0));
        result.WriteStartObject();
        result.WriteStartObject("current"u8);
        result.WriteNumber("activationTime"u8, 0);
        result.WriteStartObject("blobSchedule"u8);
        result.WriteNumber("baseFeeUpdateFraction"u8, 5_007_716);
        result.WriteNumber("max"u8, 0);
        result.WriteNumber("target"u8, 0);
        result.WriteEndObject();
        result.Quantity("chainId"u8, context.Node.ChainId.Value);
        Span<byte> forkId = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(forkId, Crc32(genesis.Hash.Bytes));
        result.Data("forkId"u8, forkId);
        result.WriteStartObject("precompiles"u8);
        foreach ((string name, uint address) in Precompiles)
        {
            result.WriteString(name, Address.FromNumber(address).ToString());
        }
        result.WriteEndObject();
        result.WriteStartObject("systemContracts"u8);
        result.WriteString(
            "BEACON_ROOTS_ADDRESS"u8, "0x000f3df6d732807ef1319fb7b8bb8522d0beac02");
        result.WriteString(
            "HISTORY_STORAGE_ADDRESS"u8, "0x0000f90827f1c53a10cb7a02335b175320002935");
        result.WriteEndObject();
        result.WriteEndObject();
        result.WriteNull("next"u8);
        result.WriteNull("last"u8);
        result.WriteEndObject();
    }

    /// <summary>CRC-32 (IEEE), as fork ids are made (EIP-2124).</summary>
    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }
        return ~crc;
    }
}
