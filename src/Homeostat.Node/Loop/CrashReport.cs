using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Extensions.Logging;

namespace Homeostat.Node.Loop;

/// <summary>
/// What happens when something happens that must not: a line in the log, a file a person can
/// read, and the process ends with a message. Going on after an exception nobody expected would
/// mean going on with a state nobody knows. Only the first end counts.
/// </summary>
internal sealed class CrashReport(string folder, Action<NodeEnd> end, ILogger log)
{
    private const int MostDumps = 100;
    private const int InputBytes = 4096;
    private int _ended;

    /// <summary>An exception that nobody handled, and the input that was being worked on.</summary>
    public void End(Exception error, ReplicaInput? input)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }
        if (error is StoreException store)
        {
            log.LogError("{Message}", store.Message);
            end(new NodeEnd(store.Message));
            return;
        }
        string name = $"crash-{DateTime.UtcNow:yyyyMMdd-HHmmss}.txt";
        string file = Write(name, Describe(error, input));
        string message = $"{error.GetType().Name}: {error.Message} (details in {file})";
        log.LogError("the node ends: {Message}", message);
        end(new NodeEnd(message));
    }

    /// <summary>The replica found its finalized data or local state broken.</summary>
    public void Halt(string reason)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            log.LogError("the node halts: {Reason}", reason);
            end(new NodeEnd($"halted: {reason}"));
        }
    }

    /// <summary>Nothing is broken: a newer version has to go on from here.</summary>
    public void Outdated(string reason)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            log.LogError("the node stops: {Reason}", reason);
            end(new NodeEnd(reason) { NeedsNewVersion = true });
        }
    }

    /// <summary>A refused block, for a person to find out why.</summary>
    public void DumpBlock(BadBlockDump block)
    {
        string dumps = Path.Combine(folder, "bad-blocks");
        if (Directory.Exists(dumps) && Directory.GetFiles(dumps).Length >= MostDumps)
        {
            return;
        }
        var dump = new JsonObject
        {
            ["hash"] = block.BlockHash.ToString(),
            ["height"] = block.Height.Value,
            ["view"] = block.View.Value,
            ["reason"] = block.Reason,
            ["ownRoot"] = block.OwnRoot.ToString(),
            ["encoded"] = Hex.Encode(block.Encoded),
        };
        string name = Path.Combine("bad-blocks", $"{block.Height}-{block.BlockHash}.json");
        log.LogWarning("refused block dumped to {File}", Write(name, dump.ToJsonString()));
    }

    private static string Describe(Exception error, ReplicaInput? input)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"time: {DateTime.UtcNow:O}");
        text.AppendLine(CultureInfo.InvariantCulture, $"input: {input?.GetType().Name ?? "none"}");
        if (input is ReplicaInput.PeerMessage message)
        {
            ReadOnlySpan<byte> bytes = message.Bytes;
            bytes = bytes[..Math.Min(bytes.Length, InputBytes)];
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"from: {message.Peer}, {message.Bytes.Length} bytes: {Hex.Encode(bytes)}");
        }
        text.AppendLine(CultureInfo.InvariantCulture, $"{error}");
        return text.ToString();
    }

    private string Write(string name, string text)
    {
        string file = Path.Combine(folder, name);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            log.LogError("can't write {File}: {Reason}\n{Text}", file, error.Message, text);
        }
        return file;
    }
}

/// <summary>Why a node ended by itself.</summary>
internal sealed record NodeEnd(string Message)
{
    /// <summary>See <see cref="ReplicaEffect.Halt.NeedsNewVersion"/>.</summary>
    public bool NeedsNewVersion { get; init; }
}
