using System.Collections.Frozen;
using System.Text.Json;

namespace Homeostat.Node.Rpc;

/// <summary>Answers one call by writing its result, or throws <see cref="RpcException"/>.</summary>
internal delegate void RpcHandler(RpcParams arguments, Utf8JsonWriter result);

/// <summary>
/// As <see cref="RpcHandler"/>, for methods that wait or need the client's connection (null when
/// there is no lasting one).
/// </summary>
internal delegate ValueTask RpcAsyncHandler(
    RpcParams arguments, Utf8JsonWriter result, RpcSession? session);

/// <summary>A method by name. One of the two handlers is set.</summary>
internal sealed record RpcMethod(string Name, RpcHandler? Handler, RpcAsyncHandler? AsyncHandler);

/// <summary>All methods of a node: the one dispatch table.</summary>
internal sealed class RpcTable
{
    private readonly FrozenDictionary<string, RpcMethod> _methods;

    private RpcTable(Dictionary<string, RpcMethod> methods) =>
        _methods = methods.ToFrozenDictionary(StringComparer.Ordinal);

    public IEnumerable<string> Names => _methods.Keys.Order(StringComparer.Ordinal);

    public bool TryGet(string name, out RpcMethod method) =>
        _methods.TryGetValue(name, out method!);

    /// <summary>Collects methods; a name given twice throws.</summary>
    internal sealed class Builder
    {
        private readonly Dictionary<string, RpcMethod> _methods = new(StringComparer.Ordinal);

        public void Add(string name, RpcHandler handler) =>
            _methods.Add(name, new RpcMethod(name, handler, null));

        public void AddAsync(string name, RpcAsyncHandler handler) =>
            _methods.Add(name, new RpcMethod(name, null, handler));

        public RpcTable Build() => new(_methods);
    }
}
