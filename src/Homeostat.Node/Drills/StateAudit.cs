using System.Diagnostics.CodeAnalysis;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Drills;

/// <summary>Everything that a state holds, counted by reading all of it.</summary>
/// <param name="Missing">What is not in the store; null when nothing is missing.</param>
internal readonly record struct StateAudit(long Accounts, long Slots, long Codes, string? Missing)
{
    private const int StepBytes = 1 << 20;

    /// <param name="root">Of the state.</param>
    /// <param name="source">Where all of it should be.</param>
    public static StateAudit Of(in Hash256 root, IStateStore source)
    {
        var audit = default(StateAudit);
        List<TrieEntry> entries = Read(root, source, out string? missing);
        if (missing is not null)
        {
            return audit with { Missing = missing };
        }
        foreach (TrieEntry entry in entries)
        {
            if (!AccountState.TryDecode(entry.Value, out AccountState account))
            {
                return audit with { Missing = $"account {entry.Key} is malformed" };
            }
            audit = audit with { Accounts = audit.Accounts + 1 };
            if (account.StorageRoot != Keccak.EmptyTrie)
            {
                int slots = Read(account.StorageRoot, source, out string? lacks).Count;
                audit = audit with { Slots = audit.Slots + slots };
                missing ??= lacks;
            }
            if (account.HasCode)
            {
                audit = audit with { Codes = audit.Codes + 1 };
                missing ??= source.TryGetNode(account.CodeHash, out _)
                    ? null
                    : $"code {account.CodeHash} is missing";
            }
            if (missing is not null)
            {
                return audit with { Missing = missing };
            }
        }
        return audit;
    }

    private static List<TrieEntry> Read(
        in Hash256 root, IStateStore source, out string? missing)
    {
        var all = new List<TrieEntry>();
        Hash256 start = Hash256.Zero;
        while (true)
        {
            TrieRange? range = TrieRanges.Make(
                root, start, TrieRanges.Greatest, StepBytes, new Stored(source));
            missing = range is null ? $"trie {root} is not whole" : null;
            if (range is null || range.Entries.Count == 0)
            {
                return all;
            }
            all.AddRange(range.Entries);
            start = TrieRanges.After(range.Entries[^1].Key);
        }
    }

    private sealed class Stored(IStateStore store) : INodeSource
    {
        public bool TryGet(in Hash256 hash, [NotNullWhen(true)] out byte[]? bytes)
        {
            bool isStored = store.TryGetNode(hash, out byte[] found);
            bytes = isStored ? found : null;
            return isStored;
        }
    }
}
