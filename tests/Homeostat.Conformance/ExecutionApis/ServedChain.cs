using System.Text;
using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Node.Rpc;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Conformance;

/// <summary>
/// The node's JSON-RPC methods over an imported chain, without a server: a request's bytes in, an
/// answer's bytes out. The pool is the node's, with blobs allowed as this genesis has it.
/// </summary>
internal sealed class ServedChain : IAsyncDisposable
{
    private readonly SubscriptionHub _hub;
    private readonly CallGate _gate;
    private readonly RpcProcessor _processor;
    private readonly TransactionPool _pool;
    private readonly ImportedChain _chain;
    private readonly List<string> _reports = [];

    public ServedChain(GenesisFile genesis, ImportedChain chain)
    {
        _chain = chain;
        var limits = new RpcLimits();
        _pool = new TransactionPool(
            new PoolLimits(), new SnapshotAccounts(chain.Head.State!),
            new PoolChain(
                new ChainId(genesis.ChainId), chain.Head.Header.GasLimit, AllowsBlobs: true));
        var reader = new ChainReader(
            chain.Blocks[0], ViewOf(chain.Blocks[0]), chain, limits);
        foreach (RpcBlock block in chain.Blocks)
        {
            reader.Publish(ViewOf(block));
        }
        _hub = new SubscriptionHub(reader, limits, Report);
        _gate = new CallGate(limits, () => new EvmEngine());
        var node = new RpcNode
        {
            ChainId = new ChainId(genesis.ChainId),
            Rules = genesis.Rules,
            Submit = Submit,
        };
        RpcTable table = RpcMethods.All(
            new RpcContext(reader, node, limits, _gate), _hub,
            new TestingMethods(genesis, chain, _pool, new EvmEngine()).Register);
        _processor = new RpcProcessor(table, limits, Submit, Report);
    }

    /// <summary>What methods threw that is no JSON-RPC error.</summary>
    public IReadOnlyList<string> Reports => _reports;

    public JsonElement Answer(string request)
    {
        using var output = new ResponseBuffer();
        _processor.ProcessAsync(Encoding.UTF8.GetBytes(request), output, null)
            .AsTask().GetAwaiter().GetResult();
        return JsonDocument.Parse(output.Written.ToArray()).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _gate.Dispose();
    }

    private static RpcView ViewOf(RpcBlock block) => new(block, block, PoolView.Empty);

    private void Report(string what, Exception exception) => _reports.Add($"{what}: {exception}");

    private ValueTask<IReadOnlyList<SubmitResult>> Submit(IReadOnlyList<byte[]> raw)
    {
        IReadOnlyList<SubmitResult> results = [.. raw.Select(Submit)];
        _hub.Publish(new RpcView(_chain.Head, _chain.Head, _pool.View()));
        return new(results);
    }

    private SubmitResult Submit(byte[] raw)
    {
        byte[] canonical = BlobSidecar.TryUnwrap(raw, out byte[]? inner, out _) ? inner : raw;
        if (!Transaction.TryDecode(canonical, out Transaction transaction, out string error))
        {
            return new SubmitResult(Hash256.Zero, error);
        }
        return RecoveredTransaction.TryRecover(transaction, out RecoveredTransaction recovered)
            ? new SubmitResult(recovered.Hash, _pool.Add(recovered).Error)
            : new SubmitResult(Hash256.Zero, "invalid sender");
    }
}
