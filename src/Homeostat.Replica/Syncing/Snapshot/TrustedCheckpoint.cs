using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// A final block that the operator vouches for: by its hash a node that joins tells the chain from
/// one that former validators could still sign (a long-range attack). It must be younger than
/// unbonding, so that whoever signed it can still be held to account.
/// </summary>
public sealed record TrustedCheckpoint(Height Height, Hash256 Hash)
{
    /// <summary>Reads "height:0xhash".</summary>
    public static bool TryParse(string text, out TrustedCheckpoint? checkpoint)
    {
        checkpoint = null;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1
            || !ulong.TryParse(
                text.AsSpan(0, colon), System.Globalization.NumberStyles.None, null,
                out ulong height)
            || !Hash256.TryParse(text.AsSpan(colon + 1), out Hash256 hash) || height == 0)
        {
            return false;
        }
        checkpoint = new TrustedCheckpoint(new Height(height), hash);
        return true;
    }

    public override string ToString() => $"{Height}:{Hash}";
}

/// <summary>How far a node that catches up has come.</summary>
/// <param name="Starting">The last final block when it began.</param>
/// <param name="Current">The last final block now.</param>
/// <param name="Highest">The highest final block it knows of.</param>
/// <param name="State">While it fetches a state: what it has of it.</param>
public sealed record SyncStatus(
    Height Starting, Height Current, Height Highest, StateProgress? State = null);

/// <summary>What is here of the state that is being fetched.</summary>
/// <param name="PerMille">Of the accounts, in thousandths.</param>
/// <param name="Bytes">Taken from peers, as wire messages.</param>
public sealed record StateProgress(
    int PerMille, long Accounts, long Slots, long Codes, long Bytes);
