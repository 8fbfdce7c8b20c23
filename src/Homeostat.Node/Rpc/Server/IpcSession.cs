using System.Net.Sockets;
using System.Text.Json;

namespace Homeostat.Node.Rpc;

/// <summary>
/// One client of the Unix socket: JSON values one after another, answers as lines.
/// </summary>
internal sealed class IpcSession(
    NetworkStream stream, RpcProcessor processor, SubscriptionHub hub, RpcLimits limits)
    : RpcSession(processor, hub, limits)
{
    private const int ReadBytes = 64 * 1024;
    private static readonly byte[] Wrong = [(byte)'?'];
    private static readonly byte[] LineEnd = [(byte)'\n'];

    // A client may close its half and still read.
    protected override TimeSpan Farewell => TimeSpan.FromSeconds(5);

    protected override async Task ReceiveAllAsync(CancellationToken stop)
    {
        using var input = new ResponseBuffer(ReadBytes);
        while (true)
        {
            int read = await stream.ReadAsync(input.GetMemory(ReadBytes), stop)
                .ConfigureAwait(false);
            if (read == 0)
            {
                return;
            }
            input.Advance(read);
            while (EndOfValue(input.Written.Span) is var end && end != 0)
            {
                bool isValid = end > 0 && end <= Limits.RequestBytes;
                await AnswerAsync(isValid ? input.Written[..end] : Wrong, stop)
                    .ConfigureAwait(false);
                if (!isValid)
                {
                    return;
                }
                byte[] rest = input.Written[end..].ToArray();
                input.Truncate(0);
                input.Append(rest);
            }
            if (input.Length > Limits.RequestBytes)
            {
                return;
            }
        }
    }

    protected override async ValueTask SendAsync(
        ReadOnlyMemory<byte> message, CancellationToken stop)
    {
        await stream.WriteAsync(message, stop).ConfigureAwait(false);
        await stream.WriteAsync(LineEnd, stop).ConfigureAwait(false);
    }

    /// <summary>Bytes of the first whole value; 0 when there is none yet, -1 for no JSON.</summary>
    private static int EndOfValue(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Trim(" \r\n\t"u8).IsEmpty)
        {
            return 0;
        }
        var reader = new Utf8JsonReader(
            bytes, new JsonReaderOptions { AllowMultipleValues = true });
        try
        {
            return reader.Read() && reader.TrySkip() ? (int)reader.BytesConsumed : 0;
        }
        catch (JsonException)
        {
            // With the end unknown, a cut value and a wrong one look alike: ask without the end.
            return IsCut(bytes) ? 0 : -1;
        }
    }

    private static bool IsCut(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, isFinalBlock: false, default);
        try
        {
            return !(reader.Read() && reader.TrySkip());
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
