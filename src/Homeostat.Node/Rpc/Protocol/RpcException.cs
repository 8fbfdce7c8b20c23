using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// A call's error as JSON-RPC reports it. Thrown by methods and caught by the one place that runs
/// them, so that forty methods need not thread a result type through their argument reading.
/// </summary>
internal sealed class RpcException(int code, string message, string? data = null)
    : Exception(message)
{
    public const int ParseErrorCode = -32700;
    public const int InvalidRequestCode = -32600;
    public const int MethodNotFoundCode = -32601;
    public const int InvalidParamsCode = -32602;
    public const int InternalCode = -32603;
    public const int ServerCode = -32000;
    public const int ResponseTooLargeCode = -32003;

    /// <summary>EIP-7966: the transaction is in the pool, but no receipt came in time.</summary>
    public const int SyncTimeoutCode = 4;

    public const int RevertCode = 3;

    public int Code { get; } = code;

    /// <summary>A hex string for the error's data, or null.</summary>
    public string? ErrorData { get; } = data;

    public static RpcException InvalidParams(string message) => new(InvalidParamsCode, message);

    public static RpcException Server(string message) => new(ServerCode, message);

    public static RpcException NotFound(string method) =>
        new(MethodNotFoundCode, $"the method {method} does not exist/is not available");

    public static RpcException Reverted(ReadOnlySpan<byte> output) =>
        new(RevertCode, RevertReason.Describe(output), Hex.Encode(output));
}
