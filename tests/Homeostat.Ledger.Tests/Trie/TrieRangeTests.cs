using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

/// <summary>Range proofs: what is whole is taken whole, and no lie about it is believed.</summary>
public sealed class TrieRangeTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(3_000)]
    public void Ranges_of_any_size_put_the_trie_together_again(int count)
    {
        var random = new SeededRandom((ulong)count + 1);
        var (root, source, entries) = RandomTrie(random, count);
        var copy = new MemoryNodeSource();
        var got = new List<TrieEntry>();
        Hash256 start = Hash256.Zero;
        bool more = true;
        while (more)
        {
            TrieRange range = TrieRanges.Make(
                root, start, TrieRanges.Greatest, 1 + random.NextBelow(9_000), source)!;
            Assert.Null(TrieRanges.Check(root, start, range, out ProvenRange? proven));
            foreach ((Hash256 hash, byte[] node) in proven!.Nodes)
            {
                Assert.Equal(hash, Keccak.Hash(node));
                copy.Add(hash, node);
            }
            got.AddRange(range.Entries);
            more = proven.HasMore;
            start = range.Entries.Count > 0 ? TrieRanges.After(range.Entries[^1].Key) : start;
        }
        Assert.Equal(entries.Select(entry => entry.Key), got.Select(entry => entry.Key));
        TrieRange whole = TrieRanges.Make(
            root, Hash256.Zero, TrieRanges.Greatest, int.MaxValue, copy)!;
        Assert.Equal(count, whole.Entries.Count);
    }

    [Fact]
    public void A_range_ends_at_the_first_key_past_its_end()
    {
        var (root, source, entries) = RandomTrie(new SeededRandom(5), 400);
        Hash256 start = entries[100].Key;
        Hash256 end = entries[200].Key;
        TrieRange range = TrieRanges.Make(root, start, end, int.MaxValue, source)!;
        Assert.Equal(101, range.Entries.Count);
        Assert.Null(TrieRanges.Check(root, start, range, out ProvenRange? proven));
        Assert.True(proven!.HasMore);
        TrieRange beyond = TrieRanges.Make(
            root, TrieRanges.After(entries[^1].Key), TrieRanges.Greatest, 100, source)!;
        Assert.Empty(beyond.Entries);
        Assert.Null(TrieRanges.Check(root, TrieRanges.After(entries[^1].Key), beyond, out proven));
        Assert.False(proven!.HasMore);
    }

    [Fact]
    public void No_lie_is_believed()
    {
        var random = new SeededRandom(11);
        var (root, source, entries) = RandomTrie(random, 700);
        for (int round = 0; round < 400; round++)
        {
            int from = random.NextBelow(entries.Count);
            Hash256 start = round % 5 == 0 ? Hash256.Zero : entries[from].Key;
            TrieRange range = TrieRanges.Make(
                root, start, TrieRanges.Greatest, random.NextBelow(8_000), source)!;
            TrieRange lie = Lie(range, random, out bool isOne);
            string? error = TrieRanges.Check(root, start, lie, out ProvenRange? proven);
            Assert.Equal(isOne, error is not null);
            Assert.Equal(isOne, proven is null);
        }
    }

    [Fact]
    public void A_claim_that_nothing_follows_is_checked()
    {
        var (root, source, entries) = RandomTrie(new SeededRandom(3), 300);
        Hash256 start = entries[150].Key;
        TrieRange honest = TrieRanges.Make(root, start, TrieRanges.Greatest, 1, source)!;
        Assert.NotNull(TrieRanges.Check(
            root, start, honest with { Entries = [] }, out _));
        Assert.NotNull(TrieRanges.Check(root, start, new TrieRange([], []), out _));
        Assert.NotNull(TrieRanges.Check(root, Hash256.Zero, new TrieRange([], []), out _));
    }

    [Fact]
    public void A_missing_node_gives_no_range()
    {
        var (root, source, _) = RandomTrie(new SeededRandom(8), 50);
        var partial = new MemoryNodeSource();
        Assert.True(source.TryGet(root, out byte[]? top));
        partial.Add(root, top!);
        Assert.Null(TrieRanges.Make(root, Hash256.Zero, TrieRanges.Greatest, 1_000, partial));
    }

    private static TrieRange Lie(TrieRange range, SeededRandom random, out bool isLie)
    {
        var entries = range.Entries.ToList();
        var proof = range.Proof.ToList();
        int at = random.NextBelow(entries.Count);
        isLie = true;
        switch (random.NextBelow(6))
        {
            case 0:
                entries.RemoveAt(at);
                break;
            case 1:
                byte[] value = [.. entries[at].Value];
                value[random.NextBelow(value.Length)] ^= (byte)(1 << random.NextBelow(8));
                entries[at] = entries[at] with { Value = value };
                break;
            case 2:
                entries.Insert(at + 1, new TrieEntry(TrieRanges.After(entries[at].Key), [1, 2, 3]));
                break;
            case 3 when proof.Count > 0:
                proof.RemoveAt(random.NextBelow(proof.Count));
                break;
            case 4 when proof.Count > 0:
                int place = random.NextBelow(proof.Count);
                byte[] node = [.. proof[place]];
                node[random.NextBelow(node.Length)] ^= 1;
                proof[place] = node;
                break;
            default:
                isLie = false;
                break;
        }
        return new TrieRange(entries, proof);
    }

    private static (Hash256 Root, MemoryNodeSource Source, List<TrieEntry> Entries) RandomTrie(
        SeededRandom random, int count)
    {
        var entries = new SortedDictionary<Hash256, byte[]>();
        Span<byte> key = stackalloc byte[Hash256.Size];
        while (entries.Count < count)
        {
            random.Fill(key);
            if (random.Chance(1, 3))
            {
                key[..random.NextBelow(31)].Clear(); // Long shared paths: extensions.
            }
            byte[] value = new byte[1 + random.NextBelow(90)];
            random.Fill(value);
            entries[new Hash256(key)] = value;
        }
        TrieChange[] changes =
        [
            .. entries.Select(x => new TrieChange(
                NibblePath.OfKey(x.Key.ToArray()), x.Value, null)),
        ];
        var source = new MemoryNodeSource();
        TrieNode? trie = MerkleTrie.Update(null, changes, source);
        Hash256 root = TrieSealer.Seal(trie);
        var list = entries.Select(x => new TrieEntry(x.Key, x.Value)).ToList();
        TrieRanges.Check(root, Hash256.Zero, new TrieRange(list, []), out ProvenRange? proven);
        foreach ((Hash256 hash, byte[] node) in proven!.Nodes)
        {
            source.Add(hash, node);
        }
        return (root, source, list);
    }
}
