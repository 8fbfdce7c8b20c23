using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

public sealed class MerkleTrieTests
{
    [Fact]
    public void Knows_the_dog_and_the_stallion()
    {
        TrieNode? root = null;
        foreach ((string key, string value) in new[]
        {
            ("do", "verb"), ("horse", "stallion"), ("doge", "coin"), ("dog", "puppy"),
        })
        {
            root = MerkleTrie.Update(root, [Change(key, value)], NoNodes.Instance);
        }
        Assert.Equal(
            "0x5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84",
            TrieSealer.Seal(root).ToString());
        Assert.Equal(Keccak.EmptyTrie, TrieSealer.Seal(null));
    }

    /// <summary>
    /// Any way to the same content gives the same root, and every state stays readable.
    /// </summary>
    [Fact]
    public void Batches_of_any_size_agree_with_a_sorted_dictionary()
    {
        var random = new SeededRandom(21);
        var model = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        TrieNode? root = null;
        for (int round = 0; round < 300; round++)
        {
            var batch = new SortedDictionary<string, byte[]?>(StringComparer.Ordinal);
            int size = 1 + (int)(random.NextUInt64() % 12);
            for (int i = 0; i < size; i++)
            {
                batch[RandomKey(random)] = random.NextUInt64() % 3 == 0
                    ? null
                    : [1, .. BitConverter.GetBytes(random.NextUInt64())];
            }
            root = MerkleTrie.Update(
                root,
                [.. batch.Select(pair => new TrieChange(
                    NibblePath.OfKey(Convert.FromHexString(pair.Key)), pair.Value, null))],
                NoNodes.Instance);
            foreach ((string key, byte[]? value) in batch)
            {
                model.Remove(key);
                if (value is not null)
                {
                    model[key] = value;
                }
            }
            TrieNode? fresh = MerkleTrie.Update(
                null,
                [.. model.Select(pair => new TrieChange(
                    NibblePath.OfKey(Convert.FromHexString(pair.Key)), pair.Value, null))],
                NoNodes.Instance);
            Assert.Equal(TrieSealer.Seal(fresh), TrieSealer.Seal(root));
        }
        foreach ((string key, byte[] value) in model)
        {
            Assert.Equal(
                value, MerkleTrie.Get(ref root, Convert.FromHexString(key), NoNodes.Instance));
        }
    }

    [Fact]
    public void A_missing_node_is_named_and_not_taken_for_an_empty_one()
    {
        TrieNode? root = new UnloadedNode(Keccak.Hash([1]));
        Assert.Throws<StateUnavailable>(() => MerkleTrie.Get(ref root, [1], NoNodes.Instance));
    }

    // Few distinct bytes and two lengths: keys share prefixes and end inside others.
    private static string RandomKey(SeededRandom random)
    {
        int length = 1 + (int)(random.NextUInt64() % 3);
        byte[] key = new byte[length];
        for (int i = 0; i < length; i++)
        {
            key[i] = (byte)(random.NextUInt64() % 6 * 17);
        }
        return Convert.ToHexString(key);
    }

    private static TrieChange Change(string key, string value) => new(
        NibblePath.OfKey(Encoding.ASCII.GetBytes(key)), Encoding.ASCII.GetBytes(value), null);
}
