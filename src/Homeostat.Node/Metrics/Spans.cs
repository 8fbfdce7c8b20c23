using System.Diagnostics;
using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Homeostat.Node.Metrics;

/// <summary>
/// OpenTelemetry spans of RPC calls, works (building, executing, recovering) and commits, sent by
/// OTLP where an endpoint is configured. Without one nothing listens, and a span is a null.
/// </summary>
internal static class Spans
{
    public const string SourceName = "Homeostat.Node";

    private const string TracesPath = "/v1/traces";
    private static readonly Meter RpcMeter = new("Homeostat.Rpc");

    public static ActivitySource Source { get; } = new(SourceName);

    /// <summary>Time of RPC calls by method; unknown methods are not told apart.</summary>
    public static Histogram<double> RpcSeconds { get; } = RpcMeter.CreateHistogram<double>(
        "homeostat_rpc_seconds", "s", "Time of one JSON-RPC call, by method");

    /// <summary>Sends spans until disposed.</summary>
    /// <param name="endpoint">An OTLP/HTTP collector, such as http://127.0.0.1:4318.</param>
    /// <param name="node">Names this node among the others.</param>
    public static IDisposable Export(Uri endpoint, string node) =>
        Sdk.CreateTracerProviderBuilder()
            .AddSource(SourceName)
            .SetResourceBuilder(ResourceBuilder.CreateEmpty()
                .AddService("homeostat", serviceInstanceId: node))
            .AddOtlpExporter(options =>
            {
                options.Protocol = OtlpExportProtocol.HttpProtobuf;
                options.Endpoint = endpoint.AbsolutePath == "/"
                    ? new Uri(endpoint, TracesPath)
                    : endpoint;
            })
            .Build();
}
