using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Ledger;
using Homeostat.Node.Client;
using Homeostat.Primitives;

namespace Homeostat.Node.Replay;

/// <summary>What became of one recorded transaction.</summary>
internal sealed class PlayedTransaction(RecordedTransaction recorded, Transaction signed)
{
    public RecordedTransaction Recorded { get; } = recorded;
    public Transaction Signed { get; } = signed;
    public double DueSeconds { get; init; }
    public bool IsAccepted { get; set; }
    public double RetryAtSeconds { get; set; }
    public string? LastRefusal { get; set; }
    public double? IncludedSeconds { get; set; }

    /// <summary>True once the base fee was at or below its price while it waited.</summary>
    public bool WasAffordable { get; set; }

    public double? DelaySeconds => IncludedSeconds - DueSeconds;
}

/// <summary>
/// Plays a trace into a network in recorded order and scaled time, and watches the blocks for what
/// comes of it. A transaction that is refused (no room, priced out) is offered again until its
/// deadline: the trace's people would have waited too.
/// </summary>
internal sealed class ReplayRun(RpcClient rpc, ReplayOptions options)
{
    private const int BatchSize = 100;
    private const double RetrySeconds = 0.5;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);

    private readonly Stopwatch _clock = new();
    private readonly Dictionary<Hash256, PlayedTransaction> _waiting = [];
    private ulong _head;

    public List<PlayedTransaction> All { get; } = [];
    public ulong FirstBlock { get; private set; }
    public ulong LastBlock => _head;
    public int Included { get; private set; }
    public double Seconds => _clock.Elapsed.TotalSeconds;

    /// <summary>
    /// Signs every transaction, in recorded order, with its account's next nonce.
    /// </summary>
    public void Prepare(
        IReadOnlyList<RecordedTransaction> trace, ReplayAccounts accounts, ulong chainId)
    {
        foreach (RecordedTransaction recorded in trace)
        {
            PlayedAccount sender = accounts.Of(recorded.From);
            bool burns = recorded.To is null
                || (recorded.IsCall && recorded.Gas >= BurnerCall.LowestGas);
            Transaction signed = new Transaction
            {
                Type = TransactionType.Legacy,
                ChainId = chainId,
                Nonce = sender.NextNonce++,
                MaxFee = recorded.GasPrice,
                MaxPriorityFee = recorded.GasPrice,
                GasLimit = recorded.Gas,
                To = burns ? BurnerCall.Target : accounts.Recipient(recorded.To!.Value),
                Value = recorded.Value,
                Data = burns ? BurnerCall.Data(recorded.Gas) : [],
            }.Sign(sender.Key);
            All.Add(new PlayedTransaction(recorded, signed)
            {
                DueSeconds = recorded.TimeSeconds / options.Speed,
            });
        }
    }

    /// <summary>Sends and watches until everything is in or past its deadline.</summary>
    public async Task PlayAsync(IProgress<int> progress, CancellationToken cancellation)
    {
        _head = await HeadAsync(cancellation);
        FirstBlock = _head + 1;
        _clock.Start();
        Task watching = WatchAsync(progress, cancellation);
        await SendAllAsync(cancellation);
        await watching;
        _clock.Stop();
    }

    private async Task SendAllAsync(CancellationToken cancellation)
    {
        int next = 0;
        var refused = new List<PlayedTransaction>();
        while (next < All.Count || refused.Count > 0)
        {
            double now = Seconds;
            var due = refused.Where(t => t.RetryAtSeconds <= now).Take(BatchSize).ToList();
            while (next < All.Count && due.Count < BatchSize && All[next].DueSeconds <= now)
            {
                due.Add(All[next++]);
            }
            refused.RemoveAll(due.Contains);
            if (due.Count == 0)
            {
                await Task.Delay(Beat, cancellation);
                continue;
            }
            await SendAsync(due, cancellation);
            refused.AddRange(due.Where(t => !t.IsAccepted && !IsPastDeadline(t, Seconds)));
        }
    }

    private async Task SendAsync(List<PlayedTransaction> due, CancellationToken cancellation)
    {
        lock (_waiting)
        {
            due.ForEach(t => _waiting[t.Signed.Hash] = t);
        }
        RpcAnswer[] answers = await rpc.BatchAsync(
            "eth_sendRawTransaction",
            due.Select(t => new JsonArray(Hex.Encode(t.Signed.Encoded))), cancellation);
        for (int i = 0; i < due.Count; i++)
        {
            due[i].IsAccepted = answers[i].Error is null or "already known";
            due[i].LastRefusal = answers[i].Error;
            due[i].RetryAtSeconds = Seconds + RetrySeconds;
        }
    }

    private async Task WatchAsync(IProgress<int> progress, CancellationToken cancellation)
    {
        double last = All[^1].DueSeconds + options.DeadlineSeconds;
        while (Included < All.Count && Seconds < last)
        {
            ulong head = await HeadAsync(cancellation);
            while (_head < head)
            {
                await ReadBlockAsync(_head + 1, cancellation);
                _head++;
                progress.Report(Included);
            }
            await Task.Delay(Beat, cancellation);
        }
    }

    private async Task ReadBlockAsync(ulong number, CancellationToken cancellation)
    {
        JsonElement block = await rpc.CallAsync(
            "eth_getBlockByNumber", [$"0x{number:x}", false], cancellation);
        UInt256 baseFee = UInt256.Parse(block.GetProperty("baseFeePerGas").GetString()!);
        double now = Seconds;
        lock (_waiting)
        {
            foreach (JsonElement hash in block.GetProperty("transactions").EnumerateArray())
            {
                if (_waiting.Remove(new Hash256(hash.GetString()!), out PlayedTransaction? played))
                {
                    played.IncludedSeconds = now;
                    played.WasAffordable = true;
                    Included++;
                }
            }
            foreach (PlayedTransaction played in _waiting.Values)
            {
                played.WasAffordable |= !IsPastDeadline(played, now)
                    && played.Recorded.GasPrice >= baseFee;
            }
        }
    }

    private bool IsPastDeadline(PlayedTransaction played, double now) =>
        now > played.DueSeconds + options.DeadlineSeconds;

    private async Task<ulong> HeadAsync(CancellationToken cancellation) =>
        RpcClient.Quantity(await rpc.CallAsync("eth_blockNumber", [], cancellation));
}
