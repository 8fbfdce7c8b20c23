using System.Text.Json.Nodes;
using Homeostat.Node.Client;
using Homeostat.Node.Explain;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Models;

/// <summary>The demand log in a chain's state, fetched word by word from a node.</summary>
internal static class StateLog
{
    private const int WordsAtOnce = 200;

    public static async Task<List<Fixed>> ReadAsync(
        Uri endpoint, string block, int blocks, CancellationToken cancellation)
    {
        using var rpc = new RpcClient(endpoint);
        string number = block is "latest"
            ? (await rpc.CallAsync("eth_blockNumber", [], cancellation)).GetString()!
            : block.StartsWith("0x", StringComparison.Ordinal) ? block
            : $"0x{ulong.Parse(block, System.Globalization.CultureInfo.InvariantCulture):x}";
        var words = new Words();
        await FetchAsync(rpc, number, [SteeringStorage.HeadSlot], words, cancellation);
        Height head = new SteeringStorage(words).Head.Height;
        foreach (UInt256[] slots in DemandLog.Slots(head, blocks).Chunk(WordsAtOnce))
        {
            await FetchAsync(rpc, number, slots, words, cancellation);
        }
        return DemandLog.Read(words, blocks);
    }

    private static async Task FetchAsync(
        RpcClient rpc, string block, UInt256[] slots, Words words, CancellationToken cancellation)
    {
        RpcAnswer[] answers = await rpc.BatchAsync(
            "eth_getStorageAt",
            slots.Select(slot => new JsonArray(
                PredeployAddresses.Steering.ToString(), DecisionEvidence.Word(slot), block)),
            cancellation);
        for (int i = 0; i < slots.Length; i++)
        {
            if (answers[i].Error is { } error)
            {
                throw new RpcException(0, $"eth_getStorageAt: {error}");
            }
            words.Put(slots[i],
                UInt256.FromBigEndian(Hex.Decode(answers[i].Result.GetString())));
        }
    }

    private sealed class Words : IStorageReader
    {
        private readonly Dictionary<UInt256, UInt256> _words = [];

        public void Put(in UInt256 slot, in UInt256 value) => _words[slot] = value;

        public UInt256 Read(in Address contract, in UInt256 slot) =>
            _words.GetValueOrDefault(slot);
    }
}
