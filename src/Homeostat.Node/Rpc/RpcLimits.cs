using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// Every limit of the JSON-RPC server: name, default and reason. Local to a node; what goes over
/// one gets an error that says so.
/// </summary>
internal sealed record RpcLimits
{
    /// <summary>Longest request, HTTP or WebSocket, in bytes: geth's 5 MiB.</summary>
    public int RequestBytes { get; init; } = 5 * 1024 * 1024;

    /// <summary>Calls in one batch, as in geth.</summary>
    public int BatchCalls { get; init; } = 1_000;

    /// <summary>
    /// Bytes of one answer after which further calls of its batch get an error, as in geth.
    /// </summary>
    public int BatchResponseBytes { get; init; } = 25_000_000;

    /// <summary>Deepest nesting of a request's JSON; no method needs more than 10.</summary>
    public int JsonDepth { get; init; } = 64;

    /// <summary>Open HTTP connections; idle ones cost a few KiB each.</summary>
    public int Connections { get; init; } = 20_000;

    /// <summary>Open WebSockets.</summary>
    public int WebSockets { get; init; } = 15_000;

    /// <summary>Open connections of the Unix socket.</summary>
    public int IpcConnections { get; init; } = 100;

    /// <summary>Answers from this length on are compressed where the client takes gzip.</summary>
    public int GzipBytes { get; init; } = 1_024;

    /// <summary>Seconds for a request's headers to arrive: ends slow-header attacks.</summary>
    public int HeaderSeconds { get; init; } = 15;

    /// <summary>Slowest rate at which a body may arrive, in bytes a second, after 5 s.</summary>
    public int BodyBytesPerSecond { get; init; } = 1_024;

    /// <summary>
    /// Bytes of a too long request that are read and thrown away so that its sender, which reads
    /// only after it has written, sees the error; beyond it the connection is closed.
    /// </summary>
    public long DiscardBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>
    /// Bytes of all requests that are being read at one time; beyond it "server is busy".
    /// Connections times <see cref="RequestBytes"/> would not fit in memory.
    /// </summary>
    public long RequestBytesInFlight { get; init; } = 512L * 1024 * 1024;

    /// <summary>Seconds an idle HTTP connection stays open.</summary>
    public int IdleSeconds { get; init; } = 120;

    /// <summary>Subscriptions of one WebSocket.</summary>
    public int SubscriptionsPerSocket { get; init; } = 100;

    /// <summary>
    /// Messages that wait for a WebSocket's reader. When notifications fill it the socket is
    /// closed: a client that never reads must not cost memory, and a gap must not go unseen.
    /// </summary>
    public int SocketQueue { get; init; } = 2_048;

    /// <summary>Bytes that wait for a WebSocket's reader; the other bound of the queue.</summary>
    public int SocketQueueBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Filters open at one time.</summary>
    public int Filters { get; init; } = 10_000;

    /// <summary>Seconds after which a filter nobody asks about is dropped, as in geth.</summary>
    public int FilterSeconds { get; init; } = 300;

    /// <summary>Blocks in the range of one log query.</summary>
    public ulong LogBlocks { get; init; } = 100_000;

    /// <summary>Logs in one answer: about 10 MB of JSON.</summary>
    public int LogResults { get; init; } = 20_000;

    /// <summary>Addresses in one log filter, as in geth.</summary>
    public int LogAddresses { get; init; } = 1_000;

    /// <summary>Topics at one position of a log filter, as in geth.</summary>
    public int LogTopics { get; init; } = 1_000;

    /// <summary>Blocks of one eth_feeHistory, as in geth.</summary>
    public ulong FeeHistoryBlocks { get; init; } = 1_024;

    /// <summary>Percentiles of one eth_feeHistory, as in geth.</summary>
    public int FeeHistoryPercentiles { get; init; } = 100;

    /// <summary>Slots of one eth_getProof, as in geth.</summary>
    public int ProofSlots { get; init; } = 1_024;

    /// <summary>Most gas of eth_call and its like; 0 lifts it (--rpc.gascap).</summary>
    public ulong GasCap { get; init; } = 50_000_000;

    /// <summary>
    /// Calls, estimates and traces that run at the same time; others wait. They take request
    /// threads, and a node must have some left to answer the rest.
    /// </summary>
    public int ConcurrentCalls { get; init; } = Math.Max(2, Environment.ProcessorCount);

    /// <summary>Calls that wait for their turn; beyond it "server is busy".</summary>
    public int WaitingCalls { get; init; } = 1_000;

    /// <summary>Blocks and calls of one eth_simulateV1, as in geth.</summary>
    public int SimulateBlocks { get; init; } = 256;

    /// <summary>Calls of one eth_simulateV1 in all.</summary>
    public int SimulateCalls { get; init; } = 5_000;

    /// <summary>
    /// Milliseconds of one eth_call, estimate or simulation once it runs: geth's 5 s
    /// (--rpc.evmtimeout).
    /// </summary>
    public int CallMs { get; init; } = 5_000;

    /// <summary>Milliseconds of one trace, whatever it covers (--rpc.tracetimeout).</summary>
    public int TraceMs { get; init; } = 10_000;

    /// <summary>Blocks that one ots_* search reads.</summary>
    public ulong SearchBlocks { get; init; } = 10_000;

    /// <summary>Transactions on one page of ots_*; a block in it is finished.</summary>
    public int SearchResults { get; init; } = 100;

    /// <summary>Steps of one structLog trace; beyond it the trace is refused.</summary>
    public int TraceSteps { get; init; } = 1_000_000;

    /// <summary>Longest wait of eth_sendRawTransactionSync (EIP-7966).</summary>
    public int SyncWaitMs { get; init; } = 60_000;

    /// <summary>Wait of eth_sendRawTransactionSync when the client names none.</summary>
    public int SyncDefaultWaitMs { get; init; } = 20_000;

    /// <summary>Blocks read from disk that stay decoded.</summary>
    public int CachedBlocks { get; init; } = 64;

    /// <summary>Final states kept for calls at recent blocks; they share what is equal.</summary>
    public int RecentStates { get; init; } = 128;

    /// <summary>Older states, reconstructed for a call, that stay for the next.</summary>
    public int HistoricStates { get; init; } = 8;

    /// <summary>
    /// Accounts and slots that are put back to reconstruct one older state: about two seconds.
    /// </summary>
    public long HistoryChanges { get; init; } = 2_000_000;

    /// <summary>Tip that is suggested while nobody bids, unless the base fee is lower.</summary>
    public UInt256 DefaultTip { get; init; } = 1_000_000_000;

    public RpcLimits Validate()
    {
        Invariant.Require(RequestBytes >= 1_024);
        Invariant.Require(BatchCalls > 0);
        Invariant.Require(BatchResponseBytes > 0);
        Invariant.Require(JsonDepth is >= 16 and <= 256);
        Invariant.Require(Connections > 0);
        Invariant.Require(SocketQueue > 0);
        Invariant.Require(ConcurrentCalls > 0);
        Invariant.Require(CallMs > 0);
        Invariant.Require(TraceMs > 0);
        Invariant.Require(SearchBlocks > 0);
        Invariant.Require(SearchResults > 0);
        Invariant.Require(CachedBlocks > 0);
        Invariant.Require(RecentStates > 0);
        Invariant.Require(HistoricStates > 0);
        Invariant.Require(HistoryChanges > 0);
        return this;
    }
}
