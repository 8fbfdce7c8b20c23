using System.Buffers.Binary;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Builds the ABI encoding of a tuple field by field: static fields as words in the head, dynamic
/// ones behind an offset in the tail (Solidity ABI specification, "Formal specification").
/// </summary>
public sealed class AbiTuple
{
    private const int WordSize = 32;
    private readonly List<(byte[] Bytes, bool IsDynamic)> _fields = [];

    public AbiTuple Add(in UInt256 value) => Add(value.ToBigEndian(), isDynamic: false);

    public AbiTuple Add(in Hash256 value) => Add(value.ToArray(), isDynamic: false);

    public AbiTuple Add(in Address value) => Add(value.ToWord());

    public AbiTuple Add(long value) => Add(SignedWord(value), isDynamic: false);

    /// <summary>A bytesN field: left-aligned in its word.</summary>
    public AbiTuple AddLeftAligned(ReadOnlySpan<byte> bytes)
    {
        byte[] word = new byte[WordSize];
        bytes.CopyTo(word);
        return Add(word, isDynamic: false);
    }

    public AbiTuple Add(IReadOnlyList<ulong> values)
    {
        byte[] bytes = ArrayOf(values.Count);
        for (int i = 0; i < values.Count; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan((i + 2) * WordSize - 8), values[i]);
        }
        return Add(bytes, isDynamic: true);
    }

    public AbiTuple Add(IReadOnlyList<Fixed> values)
    {
        byte[] bytes = ArrayOf(values.Count);
        for (int i = 0; i < values.Count; i++)
        {
            SignedWord(values[i].Raw).CopyTo(bytes, (i + 1) * WordSize);
        }
        return Add(bytes, isDynamic: true);
    }

    public AbiTuple Add(IReadOnlyList<Hash256> values)
    {
        byte[] bytes = ArrayOf(values.Count);
        for (int i = 0; i < values.Count; i++)
        {
            values[i].CopyTo(bytes.AsSpan((i + 1) * WordSize));
        }
        return Add(bytes, isDynamic: true);
    }

    /// <summary>A tuple that has dynamic fields itself.</summary>
    public AbiTuple AddDynamic(AbiTuple tuple) => Add(tuple.Encode(), isDynamic: true);

    /// <summary>An array of words: of addresses, or of uint256.</summary>
    public AbiTuple AddWords(IReadOnlyList<UInt256> values) =>
        Add([.. values.Select(value => value.ToHash256())]);

    /// <summary>Bytes, or a string's.</summary>
    public AbiTuple AddBytes(ReadOnlySpan<byte> value)
    {
        byte[] bytes = new byte[WordSize + (value.Length + WordSize - 1) / WordSize * WordSize];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(WordSize - 4), value.Length);
        value.CopyTo(bytes.AsSpan(WordSize));
        return Add(bytes, isDynamic: true);
    }

    /// <summary>An array of bytes.</summary>
    public AbiTuple AddBytesArray(IReadOnlyList<byte[]> values)
    {
        var inner = new AbiTuple();
        foreach (byte[] value in values)
        {
            inner.AddBytes(value);
        }
        byte[] content = inner.Encode();
        byte[] bytes = new byte[WordSize + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(WordSize - 4), values.Count);
        content.CopyTo(bytes, WordSize);
        return Add(bytes, isDynamic: true);
    }

    /// <summary>A tuple in its place, behind an offset.</summary>
    public AbiTuple AddTuple(AbiTuple value) => Add(value.Encode(), isDynamic: true);

    /// <summary>An array of tuples; every one of the same static or dynamic kind.</summary>
    public AbiTuple Add(IReadOnlyList<AbiTuple> tuples, bool tuplesAreDynamic)
    {
        var inner = new AbiTuple();
        foreach (AbiTuple tuple in tuples)
        {
            inner.Add(tuple.Encode(), tuplesAreDynamic);
        }
        byte[] content = inner.Encode();
        byte[] bytes = new byte[WordSize + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(WordSize - 4), tuples.Count);
        content.CopyTo(bytes, WordSize);
        return Add(bytes, isDynamic: true);
    }

    public byte[] Encode()
    {
        int headSize = 0;
        int tailSize = 0;
        foreach ((byte[] bytes, bool isDynamic) in _fields)
        {
            headSize += isDynamic ? WordSize : bytes.Length;
            tailSize += isDynamic ? bytes.Length : 0;
        }
        byte[] encoded = new byte[headSize + tailSize];
        int head = 0;
        int tail = headSize;
        foreach ((byte[] bytes, bool isDynamic) in _fields)
        {
            if (isDynamic)
            {
                BinaryPrimitives.WriteInt32BigEndian(encoded.AsSpan(head + WordSize - 4), tail);
                bytes.CopyTo(encoded, tail);
                tail += bytes.Length;
                head += WordSize;
            }
            else
            {
                bytes.CopyTo(encoded, head);
                head += bytes.Length;
            }
        }
        return encoded;
    }

    private AbiTuple Add(byte[] bytes, bool isDynamic)
    {
        _fields.Add((bytes, isDynamic));
        return this;
    }

    private static byte[] ArrayOf(int count)
    {
        byte[] bytes = new byte[(count + 1) * WordSize];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(WordSize - 4), count);
        return bytes;
    }

    private static byte[] SignedWord(long value)
    {
        byte[] word = new byte[WordSize];
        if (value < 0)
        {
            word.AsSpan().Fill(0xff);
        }
        BinaryPrimitives.WriteInt64BigEndian(word.AsSpan(WordSize - 8), value);
        return word;
    }
}
