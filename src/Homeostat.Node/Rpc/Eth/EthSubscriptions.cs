using System.Text.Json;

namespace Homeostat.Node.Rpc;

/// <summary>eth_subscribe and eth_unsubscribe, which need a lasting connection.</summary>
internal sealed class EthSubscriptions(RpcContext context, SubscriptionHub hub)
{
    public void Register(RpcTable.Builder table)
    {
        table.AddAsync("eth_subscribe", Subscribe);
        table.AddAsync("eth_unsubscribe", Unsubscribe);
    }

    private ValueTask Subscribe(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        RpcSession lasting = Require(session);
        string name = arguments.Text(0);
        SubscriptionKind kind = name switch
        {
            "newHeads" => SubscriptionKind.NewHeads,
            "logs" => SubscriptionKind.Logs,
            "newPendingTransactions" => arguments.Flag(1)
                ? SubscriptionKind.FullPending
                : SubscriptionKind.Pending,
            "syncing" => SubscriptionKind.Syncing,
            _ => throw new RpcException(
                RpcException.MethodNotFoundCode, $"no \"{name}\" subscription in eth namespace"),
        };
        LogFilter? logs = kind == SubscriptionKind.Logs ? ReadFilter(arguments) : null;
        result.WriteStringValue(hub.Subscribe(lasting, kind, logs));
        return ValueTask.CompletedTask;
    }

    private LogFilter ReadFilter(RpcParams arguments)
    {
        if (arguments.Has(1))
        {
            return LogFilter.Read(arguments.Required(1), RpcParams.At(1), context.Limits);
        }
        using JsonDocument everything = JsonDocument.Parse("{}");
        return LogFilter.Read(everything.RootElement, RpcParams.At(1), context.Limits);
    }

    private ValueTask Unsubscribe(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        if (!hub.Unsubscribe(Require(session), arguments.Text(0)))
        {
            throw RpcException.Server("subscription not found");
        }
        result.WriteBooleanValue(true);
        return ValueTask.CompletedTask;
    }

    private static RpcSession Require(RpcSession? session) =>
        session ?? throw new RpcException(
            RpcException.MethodNotFoundCode, "notifications not supported");
}
