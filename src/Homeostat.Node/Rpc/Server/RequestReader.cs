using Microsoft.AspNetCore.Http;

namespace Homeostat.Node.Rpc;

/// <summary>Why a request's body was not read.</summary>
internal sealed record RequestRefusal(int Status, string Text);

/// <summary>A body in a pooled buffer, or why there is none.</summary>
internal sealed class RequestBody(
    ResponseBuffer? buffer, RequestRefusal? refusal, Action? release) : IDisposable
{
    public RequestRefusal? Refusal { get; } = refusal;

    public ReadOnlyMemory<byte> Bytes => buffer?.Written ?? default;

    public void Dispose()
    {
        buffer?.Dispose();
        release?.Invoke();
    }
}

/// <summary>Reads bodies within the limits of size and of memory for all requests.</summary>
internal sealed class RequestReader(RpcLimits limits)
{
    private const int Chunk = 64 * 1024;
    private long _inFlight;

    public async ValueTask<RequestBody> ReadAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (request.ContentLength > limits.RequestBytes)
        {
            await DiscardAsync(context).ConfigureAwait(false);
            return TooLarge();
        }
        // A body without a length is charged as the longest one.
        long charge = request.ContentLength ?? limits.RequestBytes;
        if (Interlocked.Add(ref _inFlight, charge) > limits.RequestBytesInFlight)
        {
            Interlocked.Add(ref _inFlight, -charge);
            return Refuse(StatusCodes.Status503ServiceUnavailable, "server is busy");
        }
        var buffer = new ResponseBuffer((int)(request.ContentLength ?? Chunk) + 1);
        while (true)
        {
            Memory<byte> free = buffer.GetMemory(1);
            int read = await request.Body.ReadAsync(free, context.RequestAborted)
                .ConfigureAwait(false);
            if (read == 0)
            {
                return new RequestBody(
                    buffer, null, () => Interlocked.Add(ref _inFlight, -charge));
            }
            buffer.Advance(read);
            if (buffer.Length > limits.RequestBytes)
            {
                buffer.Dispose();
                Interlocked.Add(ref _inFlight, -charge);
                await DiscardAsync(context).ConfigureAwait(false);
                return TooLarge();
            }
        }
    }

    private async ValueTask DiscardAsync(HttpContext context)
    {
        if (context.Request.Headers.Expect.Count > 0)
        {
            return; // It waits for our word before it sends.
        }
        byte[] chunk = System.Buffers.ArrayPool<byte>.Shared.Rent(Chunk);
        for (long left = limits.DiscardBytes; left > 0;)
        {
            int read = await context.Request.Body.ReadAsync(chunk, context.RequestAborted)
                .ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }
            left -= read;
        }
        System.Buffers.ArrayPool<byte>.Shared.Return(chunk);
    }

    private RequestBody TooLarge() => Refuse(
        StatusCodes.Status413PayloadTooLarge,
        $"request too large: limit {limits.RequestBytes} bytes");

    private static RequestBody Refuse(int status, string text) =>
        new(null, new RequestRefusal(status, text), null);
}
