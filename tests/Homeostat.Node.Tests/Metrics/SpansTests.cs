using System.Diagnostics;
using System.Net;
using System.Text;
using Homeostat.Node.Drills;
using Homeostat.Node.Metrics;

namespace Homeostat.Node.Tests.Metrics;

/// <summary>Traces reach an OTLP/HTTP collector.</summary>
public sealed class SpansTests
{
    [Fact]
    public async Task A_span_arrives_at_the_collector()
    {
        int port = FreePorts.One();
        using var collector = new HttpListener();
        collector.Prefixes.Add($"http://127.0.0.1:{port}/");
        collector.Start();
        Task<HttpListenerContext> arriving = collector.GetContextAsync();

        using (Spans.Export(new Uri($"http://127.0.0.1:{port}"), "node-7"))
        {
            using Activity? span = Spans.Source.StartActivity("test-span");
            Assert.NotNull(span);
            span.Stop();
            // Ending the export flushes, and waits for an answer: given on another thread.
            _ = Task.Run(async () =>
            {
                HttpListenerContext call = await arriving;
                using var body = new MemoryStream();
                await call.Request.InputStream.CopyToAsync(body);
                Received.TrySetResult(
                    (call.Request.Url!.AbsolutePath, Encoding.UTF8.GetString(body.ToArray())));
                call.Response.Close();
            });
        }

        (string path, string text) = await Received.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("/v1/traces", path);
        Assert.Contains("test-span", text, StringComparison.Ordinal);
        Assert.Contains("node-7", text, StringComparison.Ordinal);
    }

    private TaskCompletionSource<(string Path, string Text)> Received { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
}
