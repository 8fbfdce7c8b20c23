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

    /// <summary>Where <see cref="Network"/> is null.</summary>
    public required ChainRules Rules { get; init; }

    /// <summary>The rules by the protocol revisions that the chain's state names.</summary>
    public NetworkRules? Network { get; init; }

    public required SubmitTransactions Submit { get; init; }

    public string ClientVersion { get; init; } = "homeostat/v0.1.0";

    public Func<int> PeerCount { get; init; } = () => 0;

    /// <summary>Null: no admin_* (the default).</summary>
    public IPeerAdministration? Peers { get; init; }

    /// <summary>Null: nothing is known of what it mended.</summary>
    public NodeHealth? Health { get; init; }

    /// <summary>Null when the node is not behind.</summary>
    public Func<SyncStatus?> Syncing { get; init; } = () => null;
}

/// <summary>What every group of methods is made of.</summary>
internal sealed record RpcContext(
    ChainReader Chain, RpcNode Node, RpcLimits Limits, CallGate Gate)
{
    /// <summary>The rules of every block up to the next one.</summary>
    public ChainRules Rules => Node.Network is { } network && Chain.Head.State is { } state
        ? network.UpTo(new StateStorage(state))
        : Node.Rules;

    /// <summary>Wei per blob gas in a block; zero before there were blobs.</summary>
    public UInt256 BlobPriceIn(RpcBlock block) =>
        Rules.At(block.Header).Blobs is { } schedule
            ? BlobGas.Price(block.Header.ExcessBlobGas ?? 0, schedule)
            : UInt256.Zero;
}
