using System.IO.Compression;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Rpc;

/// <summary>Where the server listens and what it serves besides JSON-RPC.</summary>
internal sealed record RpcServerOptions
{
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0 takes a free one; see <see cref="RpcServer.Port"/>.</summary>
    public int Port { get; init; } = 8545;

    /// <summary>Origins allowed to call from a web page; "*" for all.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = ["*"];

    /// <summary>Prometheus text for GET /metrics; null: 404.</summary>
    public Func<string>? Metrics { get; init; }

    /// <summary>Secret of the bearer tokens that calls must carry; null for none.</summary>
    public byte[]? JwtSecret { get; init; }

    /// <summary>
    /// With one, HTTPS by HTTP/1.1 and HTTP/2; without, HTTP/1.1 (Kestrel tells the two apart by
    /// TLS alone).
    /// </summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Where the Unix socket is to be; empty for none.</summary>
    public string IpcPath { get; init; } = "";

    /// <summary>GET /readiness: whether the node follows the chain.</summary>
    public Func<bool> IsReady { get; init; } = () => true;

    /// <summary>GET /liveness: whether the node's loop still turns.</summary>
    public Func<bool> IsAlive { get; init; } = () => true;

    /// <summary>GET /console; null: 404.</summary>
    public ConsolePages? Console { get; init; }
}

/// <summary>
/// HTTP and WebSocket JSON-RPC on one port, with health and metrics beside it.
/// </summary>
internal sealed class RpcServer : IAsyncDisposable
{
    private static readonly byte[] BusyText = Encoding.UTF8.GetBytes("server is busy");
    private readonly RpcServerOptions _options;
    private readonly RpcLimits _limits;
    private readonly RpcProcessor _processor;
    private readonly SubscriptionHub _hub;
    private readonly WebApplication _application;
    private readonly CancellationTokenSource _stopping = new();
    private readonly RequestReader _reader;
    private readonly JwtCheck? _tokens;
    private int _sockets;

    public RpcServer(
        RpcServerOptions options, RpcLimits limits, RpcProcessor processor, SubscriptionHub hub)
    {
        _options = options;
        _limits = limits;
        _processor = processor;
        _hub = hub;
        _reader = new RequestReader(limits);
        _tokens = options.JwtSecret is { } secret
            ? new JwtCheck(secret, TimeProvider.System)
            : null;
        _application = BuildApplication();
    }

    /// <summary>The port in use once started.</summary>
    public int Port { get; private set; }

    public int OpenSockets => Volatile.Read(ref _sockets);

    public async Task StartAsync()
    {
        await _application.StartAsync().ConfigureAwait(false);
        Port = new Uri(_application.Urls.First()).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(patience.Token).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private WebApplication BuildApplication()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // RequestReader bounds it, with a text.
            kestrel.Limits.MaxConcurrentConnections = _limits.Connections;
            kestrel.Limits.MaxConcurrentUpgradedConnections = _limits.WebSockets;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(_limits.HeaderSeconds);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(_limits.IdleSeconds);
            kestrel.Limits.MinRequestBodyDataRate =
                new MinDataRate(_limits.BodyBytesPerSecond, TimeSpan.FromSeconds(5));
            kestrel.Listen(
                _options.Address, _options.Port,
                listen =>
                {
                    listen.Protocols = _options.Certificate is null
                        ? HttpProtocols.Http1
                        : HttpProtocols.Http1AndHttp2;
                    if (_options.Certificate is { } certificate)
                    {
                        listen.UseHttps(certificate);
                    }
                });
        });
        WebApplication application = builder.Build();
        application.UseWebSockets();
        application.Run(HandleAsync);
        return application;
    }

    private Task HandleAsync(HttpContext context)
    {
        AllowOrigin(context);
        HttpRequest request = context.Request;
        bool isCall = context.WebSockets.IsWebSocketRequest || HttpMethods.IsPost(request.Method);
        if (isCall && _tokens?.Problem(request.Headers.Authorization) is { } problem)
        {
            return TextAsync(context, StatusCodes.Status401Unauthorized, problem);
        }
        if (context.WebSockets.IsWebSocketRequest)
        {
            return HandleSocketAsync(context);
        }
        if (HttpMethods.IsPost(request.Method))
        {
            return HandlePostAsync(context);
        }
        if (HttpMethods.IsOptions(request.Method))
        {
            return AnswerPreflightAsync(context);
        }
        return HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)
            ? HandleGetAsync(context)
            : TextAsync(context, StatusCodes.Status405MethodNotAllowed, "method not allowed");
    }

    private async Task HandlePostAsync(HttpContext context)
    {
        if (context.Request.ContentType is { } type
            && !type.Contains("json", StringComparison.OrdinalIgnoreCase))
        {
            await TextAsync(
                context, StatusCodes.Status415UnsupportedMediaType,
                "invalid content type, only application/json is supported").ConfigureAwait(false);
            return;
        }
        using var output = new ResponseBuffer();
        using RequestBody body = await _reader.ReadAsync(context).ConfigureAwait(false);
        HttpResponse response = context.Response;
        if (body.Refusal is { } refusal)
        {
            response.StatusCode = refusal.Status;
            response.Headers.Connection = "close";
            RpcProcessor.WriteError(output, RpcException.InvalidRequestCode, refusal.Text);
        }
        else
        {
            await _processor.ProcessAsync(body.Bytes, output, null).ConfigureAwait(false);
        }
        response.ContentType = "application/json";
        bool takesGzip = context.Request.Headers.AcceptEncoding.Any(
            value => value?.Contains("gzip", StringComparison.OrdinalIgnoreCase) == true);
        if (takesGzip && output.Length >= _limits.GzipBytes)
        {
            response.Headers.ContentEncoding = "gzip";
            response.Headers.Append("Vary", "Accept-Encoding");
            await using var gzip = new GZipStream(
                response.Body, CompressionLevel.Fastest, leaveOpen: true);
            await gzip.WriteAsync(output.Written, context.RequestAborted).ConfigureAwait(false);
            return;
        }
        response.ContentLength = output.Length;
        await response.Body.WriteAsync(output.Written, context.RequestAborted)
            .ConfigureAwait(false);
    }

    private async Task HandleSocketAsync(HttpContext context)
    {
        if (Interlocked.Increment(ref _sockets) > _limits.WebSockets)
        {
            Interlocked.Decrement(ref _sockets);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await context.Response.Body.WriteAsync(BusyText).ConfigureAwait(false);
            return;
        }
        try
        {
            using WebSocket socket =
                await context.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
            using var session = new WebSocketSession(socket, _processor, _hub, _limits);
            await session.RunAsync(_stopping.Token).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _sockets);
        }
    }

    private Task HandleGetAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/liveness" => HealthAsync(context, _options.IsAlive(), "alive"),
        "/readiness" => HealthAsync(context, _options.IsReady(), "ready"),
        _ when ConsolePages.IsFor(context.Request.Path) && _options.Console is { } console =>
            console.ServeAsync(context),
        "/metrics" when _options.Metrics is { } metrics => TextAsync(
            context, StatusCodes.Status200OK, metrics(), "text/plain; version=0.0.4"),
        "/" => TextAsync(
            context, StatusCodes.Status200OK,
            "Homeostat JSON-RPC: POST requests here, or open a WebSocket.\n"),
        _ => TextAsync(context, StatusCodes.Status404NotFound, "not found"),
    };

    private static Task HealthAsync(HttpContext context, bool isWell, string word) => TextAsync(
        context,
        isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
        isWell ? word : $"not {word}");

    private void AllowOrigin(HttpContext context)
    {
        string? origin = context.Request.Headers.Origin;
        if (origin is null)
        {
            return;
        }
        bool allowsAll = _options.CorsOrigins.Contains("*");
        if (allowsAll || _options.CorsOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase))
        {
            context.Response.Headers.AccessControlAllowOrigin = allowsAll ? "*" : origin;
            context.Response.Headers.Vary = "Origin";
        }
    }

    private static Task AnswerPreflightAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.AccessControlAllowMethods = "POST, GET, OPTIONS";
        string? wanted = context.Request.Headers.AccessControlRequestHeaders;
        headers.AccessControlAllowHeaders = wanted ?? "content-type";
        headers.AccessControlMaxAge = "600";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static Task TextAsync(
        HttpContext context, int status, string text, string type = "text/plain; charset=utf-8")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
