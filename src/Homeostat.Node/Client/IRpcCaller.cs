using System.Text.Json;
using System.Text.Json.Nodes;

namespace Homeostat.Node.Client;

/// <summary>Calls a node's methods: over HTTP, or within the node itself.</summary>
internal interface IRpcCaller
{
    /// <exception cref="RpcException">The node's error.</exception>
    Task<JsonElement> CallAsync(
        string method, JsonArray parameters, CancellationToken cancellation);
}
