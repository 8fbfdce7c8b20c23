using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Reads an ABI-encoded tuple field by field. Never throws on bad data: a field that is not there
/// or does not fit sets <see cref="Failed"/> and reads as zero or empty.
/// </summary>
public ref struct AbiReader(ReadOnlySpan<byte> tuple)
{
    private const int WordSize = 32;
    private readonly ReadOnlySpan<byte> _tuple = tuple;
    private int _next;

    public bool Failed { get; private set; }

    public UInt256 ReadWord()
    {
        if (_next + WordSize > _tuple.Length)
        {
            Failed = true;
            return UInt256.Zero;
        }
        UInt256 word = UInt256.FromBigEndian(_tuple.Slice(_next, WordSize));
        _next += WordSize;
        return word;
    }

    public Hash256 ReadHash() => ReadWord().ToHash256();

    public ulong ReadUInt64() => ToUInt64(ReadWord());

    public Fixed ReadFixed() => ToFixed(ReadWord());

    /// <summary>Bytes, or a string's.</summary>
    public byte[] ReadBytes()
    {
        UInt256 offset = ReadWord();
        if (!TryLength(offset, out int start, out int length) || start + length > _tuple.Length)
        {
            Failed = true;
            return [];
        }
        return _tuple.Slice(start, length).ToArray();
    }

    /// <summary>An array of bytes.</summary>
    public byte[][] ReadBytesArray()
    {
        UInt256 offset = ReadWord();
        if (!TryLength(offset, out int start, out int length))
        {
            Failed = true;
            return [];
        }
        var items = new AbiReader(_tuple[start..]);
        var values = new List<byte[]>();
        for (int i = 0; i < length && !items.Failed; i++)
        {
            values.Add(items.ReadBytes());
        }
        Failed |= items.Failed;
        return Failed ? [] : [.. values];
    }

    /// <summary>What a tuple behind an offset is read from.</summary>
    public ReadOnlySpan<byte> ReadTuple()
    {
        UInt256 offset = ReadWord();
        if (!offset.IsUInt64 || offset.U0 > (ulong)_tuple.Length)
        {
            Failed = true;
            return [];
        }
        return _tuple[(int)offset.U0..];
    }

    public ulong[] ReadUInt64Array()
    {
        ReadOnlySpan<byte> words = ReadArray();
        ulong[] values = new ulong[words.Length / WordSize];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ToUInt64(UInt256.FromBigEndian(words.Slice(i * WordSize, WordSize)));
        }
        return values;
    }

    public Fixed[] ReadFixedArray()
    {
        ReadOnlySpan<byte> words = ReadArray();
        Fixed[] values = new Fixed[words.Length / WordSize];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ToFixed(UInt256.FromBigEndian(words.Slice(i * WordSize, WordSize)));
        }
        return values;
    }

    public Hash256[] ReadHashArray()
    {
        ReadOnlySpan<byte> words = ReadArray();
        Hash256[] values = new Hash256[words.Length / WordSize];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = new Hash256(words.Slice(i * WordSize, WordSize));
        }
        return values;
    }

    private ReadOnlySpan<byte> ReadArray()
    {
        UInt256 offset = ReadWord();
        if (!offset.IsUInt64 || offset.U0 >= int.MaxValue ||
            offset.U0 + WordSize > (ulong)_tuple.Length)
        {
            Failed = true;
            return default;
        }
        int start = (int)offset.U0;
        UInt256 count = UInt256.FromBigEndian(_tuple.Slice(start, WordSize));
        int room = (_tuple.Length - start - WordSize) / WordSize;
        if (!count.IsUInt64 || count.U0 > (ulong)room)
        {
            Failed = true;
            return default;
        }
        return _tuple.Slice(start + WordSize, (int)count.U0 * WordSize);
    }

    private ulong ToUInt64(in UInt256 word)
    {
        Failed |= !word.IsUInt64;
        return word.U0;
    }

    private Fixed ToFixed(in UInt256 word)
    {
        ulong sign = unchecked((long)word.U0) < 0 ? ulong.MaxValue : 0;
        Failed |= word.U1 != sign || word.U2 != sign || word.U3 != sign;
        return Fixed.FromRaw(unchecked((long)word.U0));
    }

    private readonly bool TryLength(in UInt256 offset, out int start, out int length)
    {
        (start, length) = (0, 0);
        if (!offset.IsUInt64 || offset.U0 + WordSize > (ulong)_tuple.Length)
        {
            return false;
        }
        start = (int)offset.U0 + WordSize;
        UInt256 count = UInt256.FromBigEndian(_tuple.Slice(start - WordSize, WordSize));
        length = count.IsUInt64 && count.U0 <= (ulong)_tuple.Length ? (int)count.U0 : -1;
        return length >= 0;
    }
}
