using Homeostat.Ledger;
using Homeostat.Node.Network;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Rpc;

/// <summary>
/// What the methods need of the node besides its chain. All callable on any thread.
/// </summary>
internal sealed record RpcNode
{
    public required ChainId ChainId { get; init; }

    public required ChainRules Rules { get; init; }

    public required SubmitTransactions Submit { get; init; }

    public string ClientVersion { get; init; } = "homeostat/v0.1.0";

    public Func<int> PeerCount { get; init; } = () => 0;

    /// <summary>Null: no admin_* (the default).</summary>
    public IPeerAdministration? Peers { get; init; }

    /// <summary>Null when the node is not behind.</summary>
    public Func<SyncStatus?> Syncing { get; init; } = () => null;
}

/// <summary>What every group of methods is made of.</summary>
internal sealed record RpcContext(
    ChainReader Chain, RpcNode Node, RpcLimits Limits, CallGate Gate)
{
    /// <summary>Wei per blob gas in a block; zero before there were blobs.</summary>
    public UInt256 BlobPriceIn(RpcBlock block) =>
        Node.Rules.At(block.Header).Blobs is { } schedule
            ? BlobGas.Price(block.Header.ExcessBlobGas ?? 0, schedule)
            : UInt256.Zero;
}
