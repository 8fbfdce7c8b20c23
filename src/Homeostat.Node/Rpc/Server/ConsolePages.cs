using System.Collections.Frozen;
using System.IO.Compression;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Homeostat.Node.Rpc;

/// <summary>
/// GET /console: the web console's files, out of memory. They are built when somebody first asks
/// (see <see cref="ConsoleBuild"/>); until then, and where that can't be, a plain page says why.
/// </summary>
internal sealed class ConsolePages(ConsoleBuild build)
{
    public const string Prefix = "/console";

    // Scripts and styles come from here alone; data may come from any node the reader names.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        + "connect-src 'self' http: https: ws: wss:; manifest-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        + "trusted-types 'none'";

    private readonly Lock _lock = new();
    private FrozenDictionary<string, Asset>? _assets;
    private DateTime _made;

    public static bool IsFor(PathString path) => path.StartsWithSegments(
        Prefix, StringComparison.Ordinal);

    public Task ServeAsync(HttpContext context)
    {
        AddHeaders(context.Response.Headers);
        if (!IsOurHost(context.Request.Host))
        {
            return TextAsync(
                context, StatusCodes.Status403Forbidden,
                "invalid host specified: open the console by IP address or as localhost\n");
        }
        string path = context.Request.Path.Value![Prefix.Length..];
        if (path.Length == 0)
        {
            // Relative addresses in the page need the slash; relative, so that proxies may map it.
            context.Response.StatusCode = StatusCodes.Status302Found;
            context.Response.Headers.Location = "console/";
            return Task.CompletedTask;
        }
        string name = path == "/" ? "index.html" : path[1..];
        if (Assets(mayReload: name == "index.html") is not { } assets)
        {
            return name == "index.html"
                ? WaitingPageAsync(context)
                : TextAsync(context, StatusCodes.Status404NotFound, "not found\n");
        }
        return assets.TryGetValue(name, out Asset? asset)
            ? AssetAsync(context, name, asset)
            : TextAsync(context, StatusCodes.Status404NotFound, "not found\n");
    }

    /// <summary>
    /// A page of a stranger whose name resolves to this machine (DNS rebinding) comes with that
    /// name; people open a node's console by its address or as localhost.
    /// </summary>
    internal static bool IsOurHost(HostString host) =>
        IPAddress.TryParse(host.Host.Trim('[', ']'), out _)
        || host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    private static void AddHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-cache";
    }

    private static Task AssetAsync(HttpContext context, string name, Asset asset)
    {
        HttpResponse response = context.Response;
        response.ContentType = asset.ContentType;
        if (name.StartsWith("assets/", StringComparison.Ordinal))
        {
            response.Headers.CacheControl = "public, max-age=31536000, immutable"; // Named by hash.
        }
        response.Headers.Vary = "Accept-Encoding";
        byte[] bytes = asset.Plain;
        if (context.Request.Headers.AcceptEncoding.ToString().Contains(
            "gzip", StringComparison.OrdinalIgnoreCase))
        {
            response.Headers.ContentEncoding = "gzip";
            bytes = asset.Gzipped;
        }
        response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    private Task WaitingPageAsync(HttpContext context)
    {
        string? problem = build.Problem;
        string text = problem is null
            ? "<p>The console is being built; this takes half a minute the first time. "
                + "This page asks again by itself.</p>"
            : $"<p>The console is not built: {WebUtility.HtmlEncode(problem)}</p>"
                + "<p>Build it in the checkout, then load this page again:</p>"
                + $"<pre>{WebUtility.HtmlEncode(ConsoleBuild.Command)}</pre>";
        if (problem is null)
        {
            context.Response.Headers["Refresh"] = "2";
        }
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
            + "<meta name=\"viewport\" content=\"width=device-width\">"
            + "<title>Homeostat console</title><h1>Homeostat console</h1>" + text + "</html>\n",
            context.RequestAborted);
    }

    /// <summary>A new build is taken up when the page itself is asked for.</summary>
    private FrozenDictionary<string, Asset>? Assets(bool mayReload)
    {
        lock (_lock)
        {
            if (_assets is not null && !mayReload)
            {
                return _assets;
            }
            if (build.Folder() is not { } folder)
            {
                return _assets;
            }
            DateTime made = File.GetLastWriteTimeUtc(Path.Combine(folder, "index.html"));
            if (_assets is null || made != _made)
            {
                _made = made;
                _assets = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                    .ToFrozenDictionary(
                        file => Path.GetRelativePath(folder, file).Replace('\\', '/'), Load,
                        StringComparer.Ordinal);
            }
            return _assets;
        }
    }

    private static Asset Load(string file)
    {
        byte[] plain = File.ReadAllBytes(file);
        using var gzipped = new MemoryStream();
        using (var gzip = new GZipStream(gzipped, CompressionLevel.Optimal))
        {
            gzip.Write(plain);
        }
        return new Asset(plain, gzipped.ToArray(), Path.GetExtension(file) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            ".json" => "application/json",
            _ => "application/octet-stream",
        });
    }

    private static Task TextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, Encoding.UTF8, context.RequestAborted);
    }

    private sealed record Asset(byte[] Plain, byte[] Gzipped, string ContentType);
}
