using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Homeostat.Primitives;

// The one place that may hold the unordered collections: from here they can't be enumerated.
#pragma warning disable RS0030

/// <summary>
/// A hash table that can't be enumerated, so no result can depend on its order. Where entries
/// must be listed, <see cref="Sorted"/> lists them in the order of a comparer.
/// </summary>
public sealed class LookupTable<TKey, TValue>(int capacity = 0)
    where TKey : notnull
{
    private readonly Dictionary<TKey, TValue> _entries = new(capacity);

    public int Count => _entries.Count;

    public TValue this[TKey key]
    {
        get => _entries[key];
        set => _entries[key] = value;
    }

    public bool ContainsKey(TKey key) => _entries.ContainsKey(key);

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value) =>
        _entries.TryGetValue(key, out value);

    public TValue? GetValueOrDefault(TKey key) => _entries.GetValueOrDefault(key);

    public void Add(TKey key, TValue value) => _entries.Add(key, value);

    public bool TryAdd(TKey key, TValue value) => _entries.TryAdd(key, value);

    public bool Remove(TKey key) => _entries.Remove(key);

    public bool Remove(TKey key, [MaybeNullWhen(false)] out TValue value) =>
        _entries.Remove(key, out value);

    public void Clear() => _entries.Clear();

    /// <summary>The entry's place, made when absent; valid until the next change.</summary>
    public ref TValue? GetOrAddReference(TKey key, out bool existed) =>
        ref CollectionsMarshal.GetValueRefOrAddDefault(_entries, key, out existed);

    /// <summary>A copy of all entries in the order of the keys.</summary>
    public List<KeyValuePair<TKey, TValue>> Sorted(IComparer<TKey>? comparer = null)
    {
        comparer ??= Comparer<TKey>.Default;
        var entries = new List<KeyValuePair<TKey, TValue>>(_entries);
        entries.Sort((x, y) => comparer.Compare(x.Key, y.Key));
        return entries;
    }

    /// <summary>
    /// Entries in no order at all, for a caller whose result can't depend on it (a sum, a copy
    /// into another table). Each use says why in a comment.
    /// </summary>
    public IEnumerable<KeyValuePair<TKey, TValue>> InAnyOrder() => _entries;
}

/// <summary>A set that answers membership; see <see cref="LookupTable{TKey,TValue}"/></summary>
public sealed class LookupSet<T>
    where T : notnull
{
    private readonly HashSet<T> _items = [];

    public int Count => _items.Count;

    public bool Contains(T item) => _items.Contains(item);

    public bool Add(T item) => _items.Add(item);

    public bool Remove(T item) => _items.Remove(item);

    public void Clear() => _items.Clear();

    /// <summary>A copy of all items in their order.</summary>
    public List<T> Sorted(IComparer<T>? comparer = null)
    {
        var items = new List<T>(_items);
        items.Sort(comparer ?? Comparer<T>.Default);
        return items;
    }
}
