namespace Homeostat.Primitives;

/// <summary>
/// Reads canonical RLP from untrusted bytes. The first malformed item puts the reader into a failed
/// state in which every further read gives a default: the caller checks <see cref="Failed"/> (or
/// <see cref="Finished"/>) once, at the end, and no input makes it throw.
/// </summary>
public ref struct RlpReader
{
    private readonly ReadOnlySpan<byte> _data;
    private int _position;

    public RlpReader(ReadOnlySpan<byte> data)
    {
        _data = data;
        _position = 0;
        Error = null;
    }

    /// <summary>What was wrong with the first malformed item; null while all is well.</summary>
    public string? Error { get; private set; }

    public readonly bool Failed => Error is not null;

    /// <summary>True when there is another item in this list (or the outermost bytes).</summary>
    public readonly bool HasMore => !Failed && _position < _data.Length;

    /// <summary>True when all bytes were read and all were well-formed.</summary>
    public readonly bool Finished => !Failed && _position == _data.Length;

    public readonly int Position => _position;

    /// <summary>True when the next item is a list.</summary>
    public readonly bool NextIsList => HasMore && _data[_position] >= 0xc0;

    /// <summary>A reader over the content of the next item, which must be a list.</summary>
    public RlpReader ReadList()
    {
        ReadOnlySpan<byte> content = ReadItem(wantList: true);
        return new RlpReader(content) { Error = Error };
    }

    /// <summary>The bytes of the next item, which must be a string.</summary>
    public ReadOnlySpan<byte> ReadBytes() => ReadItem(wantList: false);

    /// <summary>The next item with its header, whatever it is.</summary>
    public ReadOnlySpan<byte> ReadRaw()
    {
        int start = _position;
        ReadItem(NextIsList);
        return Failed ? default : _data[start.._position];
    }

    public ulong ReadUInt64()
    {
        ReadOnlySpan<byte> bytes = ReadInteger(8);
        ulong value = 0;
        foreach (byte b in bytes)
        {
            value = (value << 8) | b;
        }
        return value;
    }

    public UInt256 ReadUInt256() => UInt256.FromBigEndian(ReadInteger(32));

    public Hash256 ReadHash256() => new(ReadExactly(Hash256.Size));

    public Address ReadAddress() => new(ReadExactly(Address.Size));

    /// <summary>An address, or null for the empty string.</summary>
    public Address? ReadOptionalAddress()
    {
        if (HasMore && _data[_position] == 0x80)
        {
            _position++;
            return null;
        }
        Address address = ReadAddress();
        return Failed ? null : address;
    }

    /// <summary>A string of exactly this many bytes; zeros after a failure.</summary>
    public ReadOnlySpan<byte> ReadExactly(int length)
    {
        ReadOnlySpan<byte> bytes = ReadBytes();
        if (!Failed && bytes.Length != length)
        {
            Fail($"expected {length} bytes, found {bytes.Length}");
        }
        return Failed ? new byte[length] : bytes;
    }

    /// <summary>Declares the data wrong for a reason the caller found.</summary>
    public void Fail(string reason) => Error ??= $"{reason} at byte {_position}";

    /// <summary>Takes over a failure of a reader of an inner list, and its unread rest.</summary>
    public void Close(in RlpReader inner)
    {
        if (inner.Failed)
        {
            Error ??= inner.Error;
        }
        else if (!inner.Finished)
        {
            Fail("list has too many items");
        }
    }

    private ReadOnlySpan<byte> ReadInteger(int longest)
    {
        ReadOnlySpan<byte> bytes = ReadBytes();
        if (bytes.Length > longest)
        {
            Fail($"integer over {longest} bytes");
            return default;
        }
        if (bytes.Length > 0 && bytes[0] == 0)
        {
            Fail("integer with a leading zero");
            return default;
        }
        return bytes;
    }

    private ReadOnlySpan<byte> ReadItem(bool wantList)
    {
        if (Failed)
        {
            return default;
        }
        if (_position >= _data.Length)
        {
            Fail("input ended too early");
            return default;
        }
        byte first = _data[_position];
        if (first >= 0xc0 != wantList)
        {
            Fail(wantList ? "expected a list" : "expected a string");
            return default;
        }
        if (first < 0x80)
        {
            return _data.Slice(_position++, 1);
        }
        int offset = wantList ? 0xc0 : 0x80;
        return first - offset < 56
            ? ReadShort(first - offset, wantList)
            : ReadLong(first - offset - 55);
    }

    private ReadOnlySpan<byte> ReadShort(int length, bool isList)
    {
        ReadOnlySpan<byte> content = Take(1, length);
        if (!isList && content.Length == 1 && content[0] < 0x80)
        {
            Fail("single byte with a needless header");
        }
        return Failed ? default : content;
    }

    private ReadOnlySpan<byte> ReadLong(int lengthOfLength)
    {
        ReadOnlySpan<byte> rest = _data[(_position + 1)..];
        if (rest.Length < lengthOfLength || lengthOfLength > 4 || rest[0] == 0)
        {
            Fail("bad length of length");
            return default;
        }
        uint length = 0;
        for (int i = 0; i < lengthOfLength; i++)
        {
            length = (length << 8) | rest[i];
        }
        if (length < 56)
        {
            Fail("long form for a short item");
            return default;
        }
        if (length > int.MaxValue)
        {
            Fail("item longer than its input");
            return default;
        }
        return Take(1 + lengthOfLength, (int)length);
    }

    private ReadOnlySpan<byte> Take(int header, int length)
    {
        if (length > _data.Length - _position - header)
        {
            Fail("item longer than its input");
            return default;
        }
        ReadOnlySpan<byte> content = _data.Slice(_position + header, length);
        _position += header + length;
        return content;
    }
}
