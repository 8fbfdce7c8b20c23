using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Ledger;
using Homeostat.Node.Client;
using Homeostat.Primitives;

namespace Homeostat.Node.Replay;

/// <summary>A key of this network that plays one recorded sender.</summary>
internal sealed class PlayedAccount(Hash256 key)
{
    public Hash256 Key { get; } = key;
    public Address Address { get; } = Secp256k1.AddressOf(key);
    public ulong NextNonce { get; set; }
    public UInt256 Needs { get; set; }
}

/// <summary>
/// Maps every recorded sender to an account of its own and gives it the funds its transactions
/// can need at most (value and gas at the recorded price). The key is the hash of the sender's
/// address, so a second replay on the same network finds the same accounts.
/// </summary>
internal sealed class ReplayAccounts
{
    private const int BatchSize = 100;
    private const ulong TransferGas = 21_000;

    /// <summary>Kept back for the funding transfers' own fees: 10 ether.</summary>
    private static readonly UInt256 FeeReserve = 10 * UInt256.Parse("1000000000000000000");

    private readonly SortedDictionary<Address, PlayedAccount> _bySender = [];

    public ReplayAccounts(IEnumerable<RecordedTransaction> trace)
    {
        foreach (RecordedTransaction recorded in trace)
        {
            if (!_bySender.TryGetValue(recorded.From, out PlayedAccount? account))
            {
                account = new PlayedAccount(KeyFor(recorded.From));
                _bySender.Add(recorded.From, account);
            }
            account.Needs += recorded.Value + recorded.Gas * recorded.GasPrice;
        }
    }

    public int Count => _bySender.Count;

    public PlayedAccount Of(Address sender) => _bySender[sender];

    /// <summary>A recorded recipient: the account that plays it, or the recorded address.</summary>
    public Address Recipient(Address recorded) =>
        _bySender.TryGetValue(recorded, out PlayedAccount? account) ? account.Address : recorded;

    /// <summary>
    /// Reads nonces, then sends each account what it lacks, and waits for the last.
    /// </summary>
    public async Task FundAsync(
        RpcClient rpc, ulong chainId, IReadOnlyList<Hash256> funders, IProgress<int> progress,
        CancellationToken cancellation)
    {
        await ReadAsync(rpc, "eth_getTransactionCount", (account, answer) =>
            account.NextNonce = RpcClient.Quantity(answer), cancellation);
        await ReadAsync(rpc, "eth_getBalance", (account, answer) =>
        {
            UInt256 has = UInt256.Parse(answer.GetString()!);
            account.Needs = account.Needs > has ? account.Needs - has : UInt256.Zero;
        }, cancellation);
        UInt256 price = await FundingPriceAsync(rpc, cancellation);
        List<Funder> sources = await ReadFundersAsync(rpc, funders, cancellation);
        Share(sources, _bySender.Values.Where(a => !a.Needs.IsZero));
        int done = 0;
        foreach (Funder source in sources)
        {
            Hash256? last = null;
            foreach (PlayedAccount[] chunk in source.Funds.Chunk(BatchSize))
            {
                last = await SendAsync(rpc, chainId, source.Account, chunk, price, cancellation);
                progress.Report(done += chunk.Length);
            }
            await WaitAsync(rpc, last, cancellation);
        }
    }

    /// <summary>The neediest first, each from whoever has most left.</summary>
    private static void Share(List<Funder> sources, IEnumerable<PlayedAccount> poor)
    {
        foreach (PlayedAccount account in poor.OrderByDescending(a => a.Needs))
        {
            Funder richest = sources.MaxBy(f => f.Left)!;
            if (richest.Left < account.Needs)
            {
                throw new RpcException(
                    0, $"the funded accounts lack the {account.Needs} wei that one recorded "
                    + "sender spends: play fewer transactions with --limit");
            }
            richest.Left -= account.Needs;
            richest.Funds.Add(account);
        }
    }

    private static async Task<List<Funder>> ReadFundersAsync(
        RpcClient rpc, IReadOnlyList<Hash256> keys, CancellationToken cancellation)
    {
        var funders = new List<Funder>();
        foreach (Hash256 key in keys)
        {
            var account = new PlayedAccount(key);
            string address = account.Address.ToString();
            account.NextNonce = RpcClient.Quantity(await rpc.CallAsync(
                "eth_getTransactionCount", [address, "pending"], cancellation));
            JsonElement has = await rpc.CallAsync(
                "eth_getBalance", [address, "latest"], cancellation);
            UInt256 balance = UInt256.Parse(has.GetString()!);
            UInt256 fees = UInt256.Min(balance, FeeReserve);
            funders.Add(new Funder(account, balance - fees));
        }
        return funders;
    }

    private static async Task<Hash256?> SendAsync(
        RpcClient rpc, ulong chainId, PlayedAccount funder, PlayedAccount[] chunk,
        UInt256 price, CancellationToken cancellation)
    {
        Transaction[] transfers = chunk.Select(account => new Transaction
        {
            Type = TransactionType.Legacy,
            ChainId = chainId,
            Nonce = funder.NextNonce++,
            MaxFee = price,
            MaxPriorityFee = price,
            GasLimit = TransferGas,
            To = account.Address,
            Value = account.Needs,
        }.Sign(funder.Key)).ToArray();
        RpcAnswer[] answers = await rpc.BatchAsync(
            "eth_sendRawTransaction",
            transfers.Select(t => new JsonArray(Hex.Encode(t.Encoded))), cancellation);
        string? error = answers.Select(a => a.Error).FirstOrDefault(e => e is not null);
        return error is null
            ? transfers[^1].Hash
            : throw new RpcException(0, $"funding from {funder.Address} was refused: {error}");
    }

    private static async Task WaitAsync(
        RpcClient rpc, Hash256? hash, CancellationToken cancellation)
    {
        while (hash is { } waited)
        {
            JsonElement receipt = await rpc.CallAsync(
                "eth_getTransactionReceipt", [waited.ToString()], cancellation);
            if (receipt.ValueKind == JsonValueKind.Object)
            {
                return;
            }
            await Task.Delay(50, cancellation);
        }
    }

    private async Task ReadAsync(
        RpcClient rpc, string method, Action<PlayedAccount, JsonElement> take,
        CancellationToken cancellation)
    {
        foreach (PlayedAccount[] chunk in _bySender.Values.Chunk(BatchSize))
        {
            RpcAnswer[] answers = await rpc.BatchAsync(
                method, chunk.Select(a => new JsonArray(a.Address.ToString(), "latest")),
                cancellation);
            for (int i = 0; i < chunk.Length; i++)
            {
                take(chunk[i], answers[i].Error is null
                    ? answers[i].Result
                    : throw new RpcException(0, $"{method}: {answers[i].Error}"));
            }
        }
    }

    /// <summary>Well over the present base fee, so that funding is never priced out.</summary>
    private static async Task<UInt256> FundingPriceAsync(
        RpcClient rpc, CancellationToken cancellation)
    {
        JsonElement head = await rpc.CallAsync(
            "eth_getBlockByNumber", ["latest", false], cancellation);
        UInt256 baseFee = UInt256.Parse(head.GetProperty("baseFeePerGas").GetString()!);
        return baseFee * 10 + 10_000_000_000;
    }

    private static Hash256 KeyFor(Address sender)
    {
        byte[] seed = [.. "homeostat replay of "u8, .. sender.Bytes];
        return Keccak.Hash(seed);
    }

    private sealed class Funder(PlayedAccount account, UInt256 left)
    {
        public PlayedAccount Account { get; } = account;
        public UInt256 Left { get; set; } = left;
        public List<PlayedAccount> Funds { get; } = [];
    }
}
