using System.Text.Json;

namespace Homeostat.Node.Rpc;

/// <summary>Every method of the node, by namespace.</summary>
internal static class RpcMethods
{
    private static readonly string[] Modules =
        ["debug", "erigon", "eth", "homeostat", "net", "ots", "rpc", "trace", "txpool", "web3"];

    /// <param name="context">What the methods are made of.</param>
    /// <param name="hub">Where subscriptions go.</param>
    /// <param name="more">Adds methods that only some server has.</param>
    public static RpcTable All(
        RpcContext context, SubscriptionHub hub, Action<RpcTable.Builder>? more = null)
    {
        var table = new RpcTable.Builder();
        var filters = new FilterRegistry(context.Limits, TimeProvider.System);
        var classes = new ClassMethods(context);
        classes.Register(table);
        var fees = new EthFees(context, classes);
        new EthNetwork(context).Register(table);
        new EthBlocks(context).Register(table);
        new EthTransactions(context).Register(table);
        new EthAccounts(context).Register(table);
        new EthCalls(context).Register(table);
        new EthSimulate(context).Register(table);
        new EthConfig(context).Register(table);
        fees.Register(table);
        new EthSubmission(context, hub).Register(table);
        new EthLogs(context, filters).Register(table);
        new EthSubscriptions(context, hub).Register(table);
        new TxPoolMethods(context).Register(table);
        new EthFill(context, fees).Register(table);
        new DebugMethods(context).Register(table);
        new FlatTraces(context).Register(table);
        new OtterscanMethods(context).Register(table);
        new HomeostatMethods(context).Register(table);
        new HomeostatReadings(context).Register(table);
        new HealthMethods(context).Register(table);
        HomeostatLoops.Register(table);
        new HomeostatProposals(context).Register(table);
        new RevisionMethods(context).Register(table);
        if (context.Node.Peers is { } peers)
        {
            new AdminMethods(context, peers).Register(table);
        }
        bool isAdmin = context.Node.Peers is not null;
        table.Add("rpc_modules", (_, result) => ListModules(result, isAdmin));
        more?.Invoke(table);
        RpcTable? built = null;
        var self = new HomeostatExplain(() => built!);
        self.Register(table);
        new HomeostatDryRuns(context, self).Register(table);
        new HomeostatAdvice(self).Register(table);
        built = table.Build();
        return built;
    }

    private static void ListModules(Utf8JsonWriter result, bool isAdmin)
    {
        result.WriteStartObject();
        foreach (string module in isAdmin ? Modules.Prepend("admin") : Modules)
        {
            result.WriteString(module, "1.0");
        }
        result.WriteEndObject();
    }
}
