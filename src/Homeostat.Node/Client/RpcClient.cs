using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Homeostat.Node.Client;

/// <summary>An error a node answered with, or the reason it did not answer.</summary>
internal sealed class RpcException(int code, string message) : Exception(message)
{
    public int Code => code;
}

/// <summary>One answer of a batch: a result or an error, never both.</summary>
internal readonly record struct RpcAnswer(JsonElement Result, string? Error);

/// <summary>A JSON-RPC client over HTTP for the commands that talk to a running node.</summary>
internal sealed class RpcClient : IRpcCaller, IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly Uri _endpoint;
    private long _id;

    public RpcClient(Uri endpoint) => _endpoint = endpoint;

    public async Task<JsonElement> CallAsync(
        string method, JsonArray parameters, CancellationToken cancellation)
    {
        JsonElement answer = await PostAsync(Request(method, parameters), cancellation);
        RpcAnswer parsed = Parse(answer);
        return parsed.Error is null
            ? parsed.Result
            : throw new RpcException(0, $"{method}: {parsed.Error}");
    }

    /// <summary>Answers in the order of the calls, whatever order the node gave them in.</summary>
    public async Task<RpcAnswer[]> BatchAsync(
        string method, IEnumerable<JsonArray> calls, CancellationToken cancellation)
    {
        var batch = new JsonArray();
        var places = new Dictionary<long, int>();
        foreach (JsonArray parameters in calls)
        {
            JsonObject request = Request(method, parameters);
            places.Add((long)request["id"]!, places.Count);
            batch.Add(request);
        }
        var answers = new RpcAnswer[places.Count];
        Array.Fill(answers, new RpcAnswer(default, "the node left this call unanswered"));
        JsonElement list = await PostAsync(batch, cancellation);
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new RpcException(0, $"{method}: {Parse(list).Error ?? "no list of answers"}");
        }
        foreach (JsonElement answer in list.EnumerateArray())
        {
            if (places.TryGetValue(answer.GetProperty("id").GetInt64(), out int place))
            {
                answers[place] = Parse(answer);
            }
        }
        return answers;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Reads a QUANTITY that fits 64 bits.</summary>
    public static ulong Quantity(JsonElement value) => ulong.Parse(
        value.GetString().AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private JsonObject Request(string method, JsonArray parameters) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = Interlocked.Increment(ref _id),
        ["method"] = method,
        ["params"] = parameters,
    };

    private async Task<JsonElement> PostAsync(JsonNode body, CancellationToken cancellation)
    {
        try
        {
            using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body));
            content.Headers.ContentType = Json;
            using HttpResponseMessage response =
                await _http.PostAsync(_endpoint, content, cancellation);
            byte[] bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
            return JsonSerializer.Deserialize<JsonElement>(bytes);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            throw new RpcException(
                0, $"{_endpoint} did not answer as a JSON-RPC node does: {e.Message}");
        }
    }

    private static RpcAnswer Parse(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object
            && answer.TryGetProperty("error", out JsonElement error)
            && error.ValueKind == JsonValueKind.Object
            ? new RpcAnswer(default, error.GetProperty("message").GetString())
            : answer.ValueKind == JsonValueKind.Object
                && answer.TryGetProperty("result", out JsonElement result)
                ? new RpcAnswer(result, null)
                : new RpcAnswer(default, "neither result nor error in the answer");
}
