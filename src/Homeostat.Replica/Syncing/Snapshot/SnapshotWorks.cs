using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>Judges an offered block.</summary>
internal sealed record CheckOfferWork(SnapshotResponseMessage Offer, SnapshotTrust Trust) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Background;

    public int Load => 20;

    public WorkResult Run() => SnapshotPivot.Check(Offer, Trust, out SnapshotPivot? pivot)
        is { } error
        ? new Lie(error)
        : new Sound(pivot!);

    public sealed record Sound(SnapshotPivot Pivot) : WorkResult;
}

/// <summary>What no honest peer answers.</summary>
internal sealed record Lie(string Reason) : WorkResult;

/// <summary>Whether headers hang together from one with a known hash down.</summary>
internal sealed record CheckHeadersWork(
    Hash256 First, Height Last, IReadOnlyList<byte[]> Headers) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Background;

    public int Load => Headers.Count / 10;

    public WorkResult Run()
    {
        Hash256 expected = First;
        ulong height = Last.Value;
        BlockHeader? lowest = null;
        foreach (byte[] encoded in Headers)
        {
            if (!BlockHeader.TryDecode(encoded, out BlockHeader header, out _)
                || Keccak.Hash(encoded) != expected || header.Number.Value != height--)
            {
                return new Lie($"the header of block {height + 1} is another");
            }
            (expected, lowest) = (header.ParentHash, header);
        }
        return new Linked(expected, lowest);
    }

    /// <param name="Parent">Parent of the lowest header.</param>
    public sealed record Linked(Hash256 Parent, BlockHeader? Lowest) : WorkResult;
}

/// <summary>
/// Checks ranges against the roots they were asked for, and finds what hangs on the accounts.
/// </summary>
internal sealed record CheckRangesWork(
    IReadOnlyList<RangeTask> Tasks, IReadOnlyList<StateRange> Ranges, StoredState Stored) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Background;

    public int Load => Ranges.Sum(range => range.Entries.Count) / 10;

    public WorkResult Run()
    {
        if (Ranges.Count > Tasks.Count)
        {
            return new Lie("more ranges than were asked for");
        }
        var found = new Found { Checked = Ranges.Count };
        for (int i = 0; i < Ranges.Count; i++)
        {
            if (Check(Tasks[i], Ranges[i], found) is { } error)
            {
                return new Lie(error);
            }
        }
        return found;
    }

    private string? Check(RangeTask task, StateRange range, Found found)
    {
        var entries = new TrieEntry[range.Entries.Count];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new TrieEntry(range.Entries[i].Key, range.Entries[i].Value);
        }
        if (TrieRanges.Check(
            task.Root, task.Start, new TrieRange(entries, range.Proof), out ProvenRange? proven)
            is { } error)
        {
            return error;
        }
        found.Nodes.AddRange(proven!.Nodes);
        if (proven.HasMore && entries[^1].Key < task.End)
        {
            found.Rest.Add(task with { Start = TrieRanges.After(entries[^1].Key) });
        }
        if (!task.IsAccounts)
        {
            found.Slots += entries.Length;
            return null;
        }
        // The first past the end shows that nothing is between, and is the next part's.
        found.Accounts += entries.Count(entry => entry.Key <= task.End);
        return entries.All(entry => Follow(entry.Value, found))
            ? null
            : "an account in the state is malformed";
    }

    private bool Follow(byte[] value, Found found)
    {
        if (!AccountState.TryDecode(value, out AccountState account))
        {
            return false;
        }
        if (account.StorageRoot != Keccak.EmptyTrie)
        {
            found.Storages.Add(account.StorageRoot);
        }
        // A code is whole or absent; a trie whose root is here may lack the rest.
        if (account.HasCode && !Stored.TryGet(account.CodeHash, out _))
        {
            found.Codes.Add(account.CodeHash);
        }
        return true;
    }

    public sealed record Found : WorkResult
    {
        /// <summary>So many of the tasks were answered.</summary>
        public required int Checked { get; init; }

        public List<KeyValuePair<Hash256, byte[]>> Nodes { get; } = [];

        /// <summary>What the answers left of them.</summary>
        public List<RangeTask> Rest { get; } = [];

        public List<Hash256> Storages { get; } = [];

        public List<Hash256> Codes { get; } = [];

        public long Accounts { get; set; }

        public long Slots { get; set; }
    }
}

/// <summary>Whether codes are those of their hashes.</summary>
internal sealed record CheckCodesWork(
    IReadOnlyList<Hash256> Hashes, IReadOnlyList<byte[]> Codes) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Background;

    public int Load => Codes.Count;

    public WorkResult Run()
    {
        if (Codes.Count > Hashes.Count)
        {
            return new Lie("more codes than were asked for");
        }
        var entries = new List<KeyValuePair<Hash256, byte[]>>(Codes.Count);
        for (int i = 0; i < Codes.Count; i++)
        {
            if (Keccak.Hash(Codes[i]) != Hashes[i])
            {
                return new Lie($"code is not that of {Hashes[i]}");
            }
            entries.Add(new(Hashes[i], Codes[i]));
        }
        return new Sound(entries);
    }

    public sealed record Sound(List<KeyValuePair<Hash256, byte[]>> Entries) : WorkResult;
}
