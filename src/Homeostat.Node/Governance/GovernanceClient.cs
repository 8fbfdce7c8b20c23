using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Ledger;
using Homeostat.Node.Client;
using Homeostat.Node.Explain;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>A vote of the Governor as the chain shows it; amounts are wei of stake.</summary>
internal sealed record VoteStatus(
    UInt256 Id, ProposalState State, IReadOnlyList<ProposedCall> Calls,
    UInt256 Against, UInt256 For, UInt256 Abstain, UInt256 Quorum, ulong Deadline, ulong Eta);

/// <summary>Reads the governance predeploys of a node and sends them transactions.</summary>
internal sealed class GovernanceClient(IRpcCaller rpc)
{
    private const int Attempts = 240;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly RuleReader _reader = new(rpc);

    public RuleReader Rules => _reader;

    /// <summary>What a view returns.</summary>
    public Task<byte[]> CallAsync(
        Address to, string signature, AbiTuple? arguments, CancellationToken cancellation) =>
        _reader.CallAsync(to, AbiCall.Encode(signature, arguments), cancellation);

    public async Task<UInt256> WordAsync(
        Address to, string signature, AbiTuple? arguments, CancellationToken cancellation) =>
        UInt256.FromBigEndian(
            (await CallAsync(to, signature, arguments, cancellation)).AsSpan(0, 32));

    /// <summary>Any method of the node.</summary>
    public Task<JsonElement> AskAsync(
        string method, JsonArray parameters, CancellationToken cancellation) =>
        rpc.CallAsync(method, parameters, cancellation);

    /// <summary>Unix seconds of the newest block.</summary>
    public async Task<ulong> NowAsync(CancellationToken cancellation) => RpcClient.Quantity(
        (await rpc.CallAsync("eth_getBlockByNumber", ["latest", false], cancellation))
            .GetProperty("timestamp"));

    /// <summary>The newest votes first, at most so many.</summary>
    public async Task<IReadOnlyList<VoteStatus>> VotesAsync(
        int most, CancellationToken cancellation)
    {
        UInt256 count = await WordAsync(
            PredeployAddresses.Governor, "proposalCount()", null, cancellation);
        var votes = new List<VoteStatus>();
        for (ulong i = count.U0; i > 0 && votes.Count < most; i--)
        {
            byte[] details = await CallAsync(PredeployAddresses.Governor,
                "proposalDetailsAt(uint256)", new AbiTuple().Add((UInt256)(i - 1)), cancellation);
            UInt256 id = UInt256.FromBigEndian(details.AsSpan(0, 32));
            votes.Add(await VoteAsync(id, cancellation));
        }
        return votes;
    }

    public async Task<VoteStatus> VoteAsync(UInt256 id, CancellationToken cancellation)
    {
        async Task<byte[]> AskAsync(string signature, UInt256 argument) => await CallAsync(
            PredeployAddresses.Governor, signature, new AbiTuple().Add(argument), cancellation);
        byte[] state = await AskAsync("state(uint256)", id);
        byte[] counts = await AskAsync("proposalVotes(uint256)", id);
        byte[] details = await AskAsync("proposalDetails(uint256)", id);
        UInt256 snapshot = Word(await AskAsync("proposalSnapshot(uint256)", id), 0);
        UInt256 now = await NowAsync(cancellation);
        UInt256 quorum = now > snapshot
            ? Word(await AskAsync("quorum(uint256)", snapshot), 0)
            : UInt256.Zero;
        return new VoteStatus(
            id, (ProposalState)Word(state, 0).U0, Calls(details), Word(counts, 0),
            Word(counts, 1), Word(counts, 2), quorum,
            Word(await AskAsync("proposalDeadline(uint256)", id), 0).U0,
            Word(await AskAsync("proposalEta(uint256)", id), 0).U0);
    }

    /// <summary>Signs, sends and waits for a receipt; throws with the reason of a revert.</summary>
    public async Task<Hash256> SendAsync(
        Hash256 key, Address to, byte[] data, UInt256 value, CancellationToken cancellation)
    {
        Address sender = Secp256k1.AddressOf(key);
        ulong gas = RpcClient.Quantity(await rpc.CallAsync("eth_estimateGas", [new JsonObject
        {
            ["from"] = sender.ToString(),
            ["to"] = to.ToString(),
            ["data"] = Hex.Encode(data),
            ["value"] = value.ToQuantity(),
        }], cancellation));
        var transaction = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = RpcClient.Quantity(await rpc.CallAsync("eth_chainId", [], cancellation)),
            Nonce = RpcClient.Quantity(await rpc.CallAsync(
                "eth_getTransactionCount", [sender.ToString(), "latest"], cancellation)),
            MaxFee = 2 * RpcClient.Quantity(
                await rpc.CallAsync("eth_gasPrice", [], cancellation)),
            GasLimit = Math.Min(EthereumForks.OsakaMaxTransactionGas, gas + gas / 2),
            To = to,
            Value = value,
            Data = data,
        };
        string raw = Hex.Encode(transaction.Sign(key).Encoded);
        string hash = (await rpc.CallAsync("eth_sendRawTransaction", [raw], cancellation))
            .GetString()!;
        for (int i = 0; i < Attempts; i++)
        {
            JsonElement receipt = await rpc.CallAsync(
                "eth_getTransactionReceipt", [hash], cancellation);
            if (receipt.ValueKind == JsonValueKind.Object)
            {
                return RpcClient.Quantity(receipt.GetProperty("status")) == 1
                    ? new Hash256(hash)
                    : throw new RpcException(0, $"{hash} was included and reverted");
            }
            await Task.Delay(Pause, cancellation);
        }
        throw new RpcException(0, $"{hash} is in no block after {Attempts * Pause.TotalSeconds} s");
    }

    private static IReadOnlyList<ProposedCall> Calls(byte[] details)
    {
        var reader = new AbiReader(details);
        Hash256[] targets = reader.ReadHashArray();
        Hash256[] values = reader.ReadHashArray();
        byte[][] datas = reader.ReadBytesArray();
        return
        [
            .. targets.Select((target, i) => new ProposedCall(
                Address.FromWord(UInt256.FromHash256(target)), UInt256.FromHash256(values[i]),
                i < datas.Length ? datas[i] : [])),
        ];
    }

    private static UInt256 Word(byte[] returned, int index) =>
        UInt256.FromBigEndian(returned.AsSpan(32 * index, 32));
}
