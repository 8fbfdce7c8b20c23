using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Ledger;
using Homeostat.Node.Client;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Chaos;

/// <summary>
/// Clients that go on whatever happens: transfers of the funded accounts in nonce order, given to
/// the nodes in turn. What is not final after a while is given again, to another node: a killed
/// node loses its pool.
/// </summary>
internal sealed class ChaosLoad(IReadOnlyList<ChaosNode> nodes, int perSecond)
{
    private const int TickMs = 250;
    private const int AgainMs = 2_000;
    private const int PatienceMs = 2_000;

    /// <summary>Of one account; more wait until these are final.</summary>
    private const ulong MostUnconfirmed = 100;

    private const ulong TransferGas = 21_000;
    private const ulong PriceInWei = 1_000_000_000_000;

    private readonly Account[] _accounts =
        [.. DevelopmentNetwork.FundedAccounts.Select(account => new Account(account))];
    private int _turn;

    /// <summary>Transfers given to the network.</summary>
    public ulong Sent => _accounts.Aggregate(0UL, (sum, account) => sum + account.Next);

    /// <summary>Transfers that are final.</summary>
    public ulong Confirmed => _accounts.Aggregate(0UL, (sum, account) => sum + account.Confirmed);

    public async Task RunAsync(CancellationToken stop)
    {
        long nextAgain = Environment.TickCount64 + AgainMs;
        int number = 0;
        while (!stop.IsCancellationRequested)
        {
            var fresh = new List<byte[]>();
            for (int i = 0; i < Math.Max(1, perSecond * TickMs / 1_000); i++)
            {
                Account account = _accounts[number++ % _accounts.Length];
                if (account.Next - account.Confirmed < MostUnconfirmed)
                {
                    fresh.Add(account.Transfer(account.Next++));
                }
            }
            Task pause = Task.Delay(TickMs, CancellationToken.None);
            await GiveAsync(fresh, stop).ConfigureAwait(false);
            if (Environment.TickCount64 >= nextAgain)
            {
                nextAgain = Environment.TickCount64 + AgainMs;
                await ConfirmAsync(stop).ConfigureAwait(false);
                await GiveAsync(Unconfirmed(), stop).ConfigureAwait(false);
            }
            await pause.ConfigureAwait(false);
        }
    }

    /// <summary>No new ones; until all are final, or the time is over.</summary>
    public async Task<bool> FinishAsync(TimeSpan time, CancellationToken stop)
    {
        long end = Environment.TickCount64 + (long)time.TotalMilliseconds;
        while (Environment.TickCount64 < end)
        {
            await ConfirmAsync(stop).ConfigureAwait(false);
            if (Confirmed == Sent)
            {
                return true;
            }
            await GiveAsync(Unconfirmed(), stop).ConfigureAwait(false);
            await Task.Delay(TickMs, stop).ConfigureAwait(false);
        }
        return false;
    }

    private List<byte[]> Unconfirmed()
    {
        var all = new List<byte[]>();
        foreach (Account account in _accounts)
        {
            for (ulong nonce = account.Confirmed; nonce < account.Next; nonce++)
            {
                all.Add(account.Transfer(nonce));
            }
        }
        return all;
    }

    /// <summary>To the next node that answers; none does: later, then.</summary>
    private async Task GiveAsync(List<byte[]> raw, CancellationToken stop)
    {
        for (int i = 0; i < nodes.Count && raw.Count > 0; i++)
        {
            ChaosNode node = nodes[_turn++ % nodes.Count];
            RpcAnswer[]? answers = await TryAsync(
                patience => node.Rpc.BatchAsync(
                    "eth_sendRawTransaction",
                    raw.Select(bytes => new JsonArray(Hex.Encode(bytes))), patience),
                stop).ConfigureAwait(false);
            if (answers is not null)
            {
                return;
            }
        }
    }

    private async Task ConfirmAsync(CancellationToken stop)
    {
        ChaosNode node = nodes[_turn++ % nodes.Count];
        RpcAnswer[]? answers = await TryAsync(
            patience => node.Rpc.BatchAsync(
                "eth_getTransactionCount",
                _accounts.Select(
                    account => new JsonArray(account.Address.ToString(), "latest")),
                patience),
            stop).ConfigureAwait(false);
        for (int i = 0; i < (answers?.Length ?? 0); i++)
        {
            if (answers![i] is { Error: null, Result.ValueKind: JsonValueKind.String } answer)
            {
                _accounts[i].Confirmed = Math.Max(
                    _accounts[i].Confirmed, RpcClient.Quantity(answer.Result));
            }
        }
    }

    private static async Task<T?> TryAsync<T>(
        Func<CancellationToken, Task<T>> call, CancellationToken stop)
        where T : class
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(PatienceMs);
        try
        {
            return await call(patience.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is RpcException or OperationCanceledException)
        {
            return null;
        }
    }

    private sealed class Account(DevelopmentAccount account)
    {
        private readonly Dictionary<ulong, byte[]> _signed = [];

        public Address Address => account.Address;

        public ulong Next { get; set; }

        public ulong Confirmed { get; set; }

        /// <summary>The same bytes each time it is given.</summary>
        public byte[] Transfer(ulong nonce)
        {
            if (!_signed.TryGetValue(nonce, out byte[]? raw))
            {
                raw = new Transaction
                {
                    Type = TransactionType.Legacy,
                    ChainId = DevelopmentNetwork.ChainId.Value,
                    Nonce = nonce,
                    MaxFee = PriceInWei,
                    MaxPriorityFee = PriceInWei,
                    GasLimit = TransferGas,
                    To = Address.FromNumber(0x30000 + (uint)(nonce % 1_000)),
                    Value = 1,
                }.Sign(account.PrivateKey).Encoded.ToArray();
                _signed.Add(nonce, raw);
                _signed.Remove(unchecked(nonce - 2 * MostUnconfirmed)); // Final long ago.
            }
            return raw;
        }
    }
}
