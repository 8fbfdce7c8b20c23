using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Homeostat.Node.Metrics;
using Homeostat.Replica;

namespace Homeostat.Node.Rpc;

/// <summary>Gives raw transactions to the replica; as many results as transactions.</summary>
internal delegate ValueTask<IReadOnlyList<SubmitResult>> SubmitTransactions(
    IReadOnlyList<byte[]> raw);

/// <summary>
/// Turns a request's bytes into an answer's bytes: JSON-RPC 2.0 with batches, and geth's codes and
/// texts for what is wrong. Neighbouring eth_sendRawTransaction calls of a batch go to the replica
/// as one submission.
/// </summary>
internal sealed class RpcProcessor(
    RpcTable table, RpcLimits limits, SubmitTransactions submit, Action<string, Exception> report)
{
    public const string SendRaw = "eth_sendRawTransaction";

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        SkipValidation = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly ConcurrentBag<Utf8JsonWriter> _writers = [];
    private readonly JsonDocumentOptions _documentOptions = new() { MaxDepth = limits.JsonDepth };

    /// <summary>Calls answered since the start.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    private long _calls;

    /// <summary>Writes the answer; nothing when the request holds notifications only.</summary>
    public async ValueTask ProcessAsync(
        ReadOnlyMemory<byte> body, ResponseBuffer output, RpcSession? session)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body, _documentOptions);
        }
        catch (JsonException exception)
        {
            WriteError(output, default, RpcException.ParseErrorCode, Brief(exception), null);
            return;
        }
        using (document)
        {
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array)
            {
                await ProcessBatchAsync(root, output, session).ConfigureAwait(false);
            }
            else
            {
                await ProcessCallAsync(root, output, session).ConfigureAwait(false);
            }
        }
    }

    /// <summary>An error that belongs to no call, as a whole answer.</summary>
    public static void WriteError(ResponseBuffer output, int code, string message) =>
        WriteError(output, default, code, message, null);

    private async ValueTask ProcessBatchAsync(
        JsonElement batch, ResponseBuffer output, RpcSession? session)
    {
        int count = batch.GetArrayLength();
        if (count == 0 || count > limits.BatchCalls)
        {
            string text = count == 0 ? "empty batch" : "batch too large";
            WriteError(output, default, RpcException.InvalidRequestCode, text, null);
            return;
        }
        int start = output.Length;
        output.Append((byte)'[');
        var answers = new BatchAnswers(output);
        for (int i = 0; i < count;)
        {
            int run = RunOfSubmissions(batch, i, count);
            if (run > 1)
            {
                await ProcessSubmissionsAsync(batch, i, run, answers).ConfigureAwait(false);
                i += run;
                continue;
            }
            answers.Begin();
            if (output.Length - start > limits.BatchResponseBytes)
            {
                RefuseTooLarge(batch[i], output);
            }
            else
            {
                await ProcessCallAsync(batch[i], output, session).ConfigureAwait(false);
            }
            answers.End();
            i++;
        }
        if (answers.IsEmpty)
        {
            output.Truncate(start);
            return;
        }
        output.Append((byte)']');
    }

    private static int RunOfSubmissions(JsonElement batch, int start, int count)
    {
        int end = start;
        while (end < count && IsSubmission(batch[end]))
        {
            end++;
        }
        return end - start;
    }

    private static bool IsSubmission(JsonElement call) =>
        call.ValueKind == JsonValueKind.Object
        && call.TryGetProperty("method"u8, out JsonElement method)
        && method.ValueKind == JsonValueKind.String
        && method.ValueEquals("eth_sendRawTransaction"u8)
        && HasId(call);

    private async ValueTask ProcessSubmissionsAsync(
        JsonElement batch, int start, int run, BatchAnswers answers)
    {
        var raw = new List<byte[]>(run);
        var refused = new RpcException?[run];
        for (int i = 0; i < run; i++)
        {
            try
            {
                raw.Add(ParamsOf(batch[start + i]).Data(0));
            }
            catch (RpcException exception)
            {
                refused[i] = exception;
            }
        }
        IReadOnlyList<SubmitResult> results = await submit(raw).ConfigureAwait(false);
        Interlocked.Add(ref _calls, run);
        int next = 0;
        for (int i = 0; i < run; i++)
        {
            answers.Begin();
            WriteSubmission(answers.Output, batch[start + i], refused[i], results, ref next);
            answers.End();
        }
    }

    private static void WriteSubmission(
        ResponseBuffer output, JsonElement call, RpcException? refused,
        IReadOnlyList<SubmitResult> results, ref int next)
    {
        JsonElement id = call.GetProperty("id"u8);
        if (refused is not null)
        {
            WriteError(output, id, refused.Code, refused.Message, null);
            return;
        }
        SubmitResult result = results[next++];
        if (result.Error is not null)
        {
            WriteError(output, id, RpcException.ServerCode, result.Error, null);
            return;
        }
        WriteHead(output, id);
        output.Append("\"result\":\"0x"u8);
        Convert.TryToHexStringLower(result.Hash.Bytes, output.GetSpan(64), out int written);
        output.Advance(written);
        output.Append("\"}"u8);
    }

    private async ValueTask ProcessCallAsync(
        JsonElement call, ResponseBuffer output, RpcSession? session)
    {
        Interlocked.Increment(ref _calls);
        if (call.ValueKind != JsonValueKind.Object
            || !call.TryGetProperty("method"u8, out JsonElement name)
            || name.ValueKind != JsonValueKind.String)
        {
            JsonElement known = call.ValueKind == JsonValueKind.Object && HasId(call)
                ? call.GetProperty("id"u8)
                : default;
            WriteError(output, known, RpcException.InvalidRequestCode, "invalid request", null);
            return;
        }
        int mark = output.Length;
        bool isNotification = !call.TryGetProperty("id"u8, out JsonElement id);
        try
        {
            WriteHead(output, id);
            output.Append("\"result\":"u8);
            await RunAsync(name.GetString()!, ParamsOf(call), output, session)
                .ConfigureAwait(false);
            output.Append((byte)'}');
        }
        catch (RpcException exception)
        {
            output.Truncate(mark);
            WriteError(output, id, exception.Code, exception.Message, exception.ErrorData);
        }
#pragma warning disable CA1031 // One call's bug must not take the connection or the node down.
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            report($"{name.GetString()} failed", exception);
            output.Truncate(mark);
            WriteError(output, id, RpcException.InternalCode, "internal error", null);
        }
#pragma warning restore CA1031
        if (isNotification)
        {
            output.Truncate(mark);
        }
    }

    private async ValueTask RunAsync(
        string name, RpcParams arguments, ResponseBuffer output, RpcSession? session)
    {
        if (!table.TryGet(name, out RpcMethod method))
        {
            throw RpcException.NotFound(name);
        }
        if (!_writers.TryTake(out Utf8JsonWriter? writer))
        {
            writer = new Utf8JsonWriter(output, WriterOptions);
        }
        writer.Reset(output);
        using Activity? span = Spans.Source.StartActivity(name, ActivityKind.Server);
        long start = Stopwatch.GetTimestamp();
        try
        {
            if (method.Handler is { } handler)
            {
                handler(arguments, writer);
            }
            else
            {
                await method.AsyncHandler!(arguments, writer, session).ConfigureAwait(false);
            }
            writer.Flush();
        }
        finally
        {
            Spans.RpcSeconds.Record(
                Stopwatch.GetElapsedTime(start).TotalSeconds,
                new KeyValuePair<string, object?>("method", name));
            writer.Reset(Stream.Null); // Drops what a failed call left unflushed.
            _writers.Add(writer);
        }
    }

    private static RpcParams ParamsOf(JsonElement call)
    {
        if (!call.TryGetProperty("params"u8, out JsonElement value)
            || value.ValueKind == JsonValueKind.Null)
        {
            return default;
        }
        return value.ValueKind == JsonValueKind.Array
            ? new RpcParams(value)
            : throw RpcException.InvalidParams("non-array args");
    }

    private static bool HasId(JsonElement call) =>
        call.TryGetProperty("id"u8, out JsonElement id)
        && id.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array);

    private static void RefuseTooLarge(JsonElement call, ResponseBuffer output)
    {
        JsonElement id = call.ValueKind == JsonValueKind.Object && HasId(call)
            ? call.GetProperty("id"u8)
            : default;
        WriteError(output, id, RpcException.ResponseTooLargeCode, "response too large", null);
    }

    private static void WriteHead(ResponseBuffer output, JsonElement id)
    {
        output.Append("{\"jsonrpc\":\"2.0\",\"id\":"u8);
        bool isPlain = id.ValueKind is JsonValueKind.String or JsonValueKind.Number;
        output.Append(isPlain ? JsonMarshal.GetRawUtf8Value(id) : "null"u8);
        output.Append((byte)',');
    }

    private static void WriteError(
        ResponseBuffer output, JsonElement id, int code, string message, string? data)
    {
        WriteHead(output, id);
        output.Append("\"error\":"u8);
        using (var writer = new Utf8JsonWriter(output, WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteNumber("code"u8, code);
            writer.WriteString("message"u8, message);
            if (data is not null)
            {
                writer.WriteString("data"u8, data);
            }
            writer.WriteEndObject();
        }
        output.Append((byte)'}');
    }

    private static string Brief(JsonException exception) =>
        exception.Message.Contains("depth", StringComparison.OrdinalIgnoreCase)
            ? "parse error: nesting too deep"
            : $"parse error: invalid JSON at byte {exception.BytePositionInLine}";

    /// <summary>Puts commas between answers, of which notifications have none.</summary>
    private sealed class BatchAnswers(ResponseBuffer output)
    {
        private int _mark;
        private int _body;

        public bool IsEmpty { get; private set; } = true;

        public ResponseBuffer Output => output;

        public void Begin()
        {
            _mark = output.Length;
            if (!IsEmpty)
            {
                output.Append((byte)',');
            }
            _body = output.Length;
        }

        public void End()
        {
            if (output.Length == _body)
            {
                output.Truncate(_mark);
            }
            else
            {
                IsEmpty = false;
            }
        }
    }
}
