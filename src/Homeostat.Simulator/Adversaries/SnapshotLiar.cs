using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>
/// Serves state that is not the chain's to nodes that join: an account richer than it is, entries
/// left out, other code, other headers, a block that nobody finalized.
/// </summary>
public sealed class SnapshotLiar(SeededRandom random) : IAdversary
{
    /// <summary>False: what it offers first is true, so that it is asked for more.</summary>
    public bool LiesInOffers { get; init; } = true;

    /// <summary>
    /// False: its headers are true. Another header under the checkpoint's height may be of another
    /// chain, and is no proof of a lie: it costs a peer its turn and no ban.
    /// </summary>
    public bool LiesInHeaders { get; init; } = true;

    /// <summary>Answers that were changed.</summary>
    public int Lies { get; private set; }

    IEnumerable<(int Target, byte[] Bytes)> IAdversary.Send(int[] targets, byte[] bytes)
    {
        byte[] lie = Lie(bytes);
        return targets.Select(target => (target, lie));
    }

    /// <summary>A wire message as the liar sends it; only answers about state are changed.
    /// </summary>
    public byte[] Lie(byte[] bytes)
    {
        bool isAnswer = bytes.Length > 0
            && (WireKind)bytes[0] is >= WireKind.SnapshotRequest and <= WireKind.CodesResponse;
        if (!isAnswer || WireMessage.TryDecode(bytes, out WireMessage? message) is not null)
        {
            return bytes;
        }
        byte[] lie = Change((SnapshotMessage)message!).Encode();
        Lies += lie.AsSpan().SequenceEqual(bytes) ? 0 : 1;
        return lie;
    }

    private SnapshotMessage Change(SnapshotMessage message)
    {
        switch (message)
        {
            case SnapshotResponseMessage { Finalization: not null } offer
                when LiesInOffers && Lies == 0:
                return offer with { Receipts = [0xc0] };
            case HeadersResponseMessage { Headers.Count: > 1 } headers when LiesInHeaders:
                return headers with { Headers = [Flip(headers.Headers[0])] };
            case RangesResponseMessage { Ranges.Count: > 0 } ranges:
                int at = random.NextBelow(ranges.Ranges.Count);
                StateRange[] changed = [.. ranges.Ranges];
                changed[at] = Change(changed[at]);
                return ranges with { Ranges = changed };
            case CodesResponseMessage { Codes.Count: > 0 } codes:
                return codes with { Codes = [Flip(codes.Codes[0]), .. codes.Codes.Skip(1)] };
            default:
                return message;
        }
    }

    private StateRange Change(StateRange range)
    {
        var entries = range.Entries.ToList();
        if (entries.Count == 0)
        {
            return range;
        }
        int at = random.NextBelow(entries.Count);
        // Without its last entry a range is a shorter one, and may be as true.
        if (random.Chance(1, 2) && (at < entries.Count - 1 || at == 0))
        {
            entries.RemoveAt(at);
        }
        else
        {
            entries[at] = KeyValuePair.Create(entries[at].Key, Flip(entries[at].Value));
        }
        return range with { Entries = entries };
    }

    private byte[] Flip(byte[] bytes)
    {
        byte[] changed = [.. bytes];
        if (changed.Length > 0)
        {
            changed[random.NextBelow(changed.Length)] ^= (byte)(1 + random.NextBelow(255));
        }
        return changed;
    }
}
