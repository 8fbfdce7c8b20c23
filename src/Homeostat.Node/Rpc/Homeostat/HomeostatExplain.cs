using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Node.Client;
using Homeostat.Node.Explain;
using Homeostat.Steering;

namespace Homeostat.Node.Rpc;

/// <summary>
/// homeostat_explain: what `homeostat explain` says, and homeostat_rule: a standing rule in words;
/// both from this node's own methods.
/// </summary>
internal sealed class HomeostatExplain(Func<RpcTable> table) : IRpcCaller
{
    public void Register(RpcTable.Builder builder)
    {
        builder.AddAsync("homeostat_explain", ExplainAsync);
        builder.AddAsync("homeostat_rule", WordAsync);
    }

    /// <summary>Runs a method and gives its result.</summary>
    public async Task<JsonElement> CallAsync(
        string method, JsonArray parameters, CancellationToken cancellation)
    {
        using JsonDocument arguments = JsonDocument.Parse(parameters.ToJsonString());
        using var output = new ResponseBuffer();
        using (var writer = new Utf8JsonWriter(output))
        {
            try
            {
                table().TryGet(method, out RpcMethod called);
                var given = new RpcParams(arguments.RootElement);
                called.Handler?.Invoke(given, writer);
                if (called.AsyncHandler is { } handler)
                {
                    await handler(given, writer, null).ConfigureAwait(false);
                }
            }
            catch (RpcException error)
            {
                throw new Client.RpcException(error.Code, error.Message);
            }
        }
        using JsonDocument answer = JsonDocument.Parse(output.Written);
        return answer.RootElement.Clone();
    }

    private async ValueTask WordAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        try
        {
            var reader = new RuleReader(this);
            StandingRule? rule = await reader
                .FindAsync(arguments.Hash(0), CancellationToken.None).ConfigureAwait(false);
            if (rule is null)
            {
                result.WriteNullValue();
                return;
            }
            IReadOnlyList<string> loops =
                await reader.LoopNamesAsync(CancellationToken.None).ConfigureAwait(false);
            result.WriteStartObject();
            result.WriteString("purpose"u8, rule.Purpose);
            result.WriteString("condition"u8, RuleDescription.Of(
                rule.Condition, i => i < loops.Count ? loops[i] : $"loop {i}"));
            result.WriteString("action"u8, rule.Action.Describe());
            result.WriteEndObject();
        }
        catch (Client.RpcException error)
        {
            throw RpcException.Server(error.Message);
        }
    }

    private async ValueTask ExplainAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        JsonElement id = arguments.Optional(0);
        string wanted = id.ValueKind switch
        {
            JsonValueKind.Undefined => "latest",
            JsonValueKind.Number => id.GetRawText(),
            _ when arguments.Text(0) is "latest" => "latest",
            _ => $"{arguments.Quantity(0)}",
        };
        try
        {
            result.WriteStringValue(
                await new DecisionFinder(this).ExplainAsync(wanted, CancellationToken.None)
                    .ConfigureAwait(false));
        }
        catch (Client.RpcException error)
        {
            throw RpcException.Server(error.Message);
        }
    }
}
