using System.Buffers.Binary;
using System.Numerics;

namespace Homeostat.Primitives;

/// <summary>
/// Writes RLP (Yellow Paper, appendix B) into one growing buffer. A list is written between
/// <see cref="StartList"/> and <see cref="EndList"/>; its header is put in when it ends.
/// </summary>
public sealed class RlpWriter
{
    private const int LongestHeader = 9;
    private byte[] _buffer;
    private int _length;

    public RlpWriter(int capacity = 256) => _buffer = new byte[Math.Max(capacity, 64)];

    public int Length => _length;

    /// <summary>Opens a list; give the returned mark to <see cref="EndList"/>.</summary>
    public int StartList()
    {
        int mark = _length;
        Reserve(LongestHeader);
        _length += LongestHeader; // The content moves back over what the header does not need.
        return mark;
    }

    public void EndList(int mark)
    {
        int content = mark + LongestHeader;
        int contentLength = _length - content;
        int headerLength = WriteHeader(_buffer.AsSpan(mark), 0xc0, contentLength);
        _buffer.AsSpan(content, contentLength).CopyTo(_buffer.AsSpan(mark + headerLength));
        _length = mark + headerLength + contentLength;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length + LongestHeader);
        if (bytes.Length == 1 && bytes[0] < 0x80)
        {
            _buffer[_length++] = bytes[0];
            return;
        }
        _length += WriteHeader(_buffer.AsSpan(_length), 0x80, bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    public void Write(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        Write(bytes[(BitOperations.LeadingZeroCount(value) / 8)..]);
    }

    public void Write(in UInt256 value)
    {
        Span<byte> bytes = stackalloc byte[32];
        value.WriteBigEndian(bytes);
        Write(bytes[(32 - (value.BitLength + 7) / 8)..]);
    }

    public void Write(in Hash256 value) => Write(value.Bytes);

    public void Write(in Address value) => Write(value.Bytes);

    /// <summary>An address, or the empty string for none (a creation's recipient).</summary>
    public void Write(Address? value) => Write(value is { } address ? address.Bytes : default);

    /// <summary>Bytes that already are RLP.</summary>
    public void WriteRaw(ReadOnlySpan<byte> encoded)
    {
        Reserve(encoded.Length);
        encoded.CopyTo(_buffer.AsSpan(_length));
        _length += encoded.Length;
    }

    public ReadOnlySpan<byte> WrittenSpan => _buffer.AsSpan(0, _length);

    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _length);

    public byte[] ToArray() => WrittenSpan.ToArray();

    public Hash256 Hash() => Keccak.Hash(WrittenSpan);

    public void Clear() => _length = 0;

    private void Reserve(int count)
    {
        if (_buffer.Length - _length < count)
        {
            Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, _length + count));
        }
    }

    private static int WriteHeader(Span<byte> destination, byte offset, int length)
    {
        if (length < 56)
        {
            destination[0] = (byte)(offset + length);
            return 1;
        }
        int lengthOfLength = 4 - BitOperations.LeadingZeroCount((uint)length) / 8;
        destination[0] = (byte)(offset + 55 + lengthOfLength);
        for (int i = 0; i < lengthOfLength; i++)
        {
            destination[1 + i] = (byte)((length >> (8 * (lengthOfLength - 1 - i))) & 0xff);
        }
        return 1 + lengthOfLength;
    }
}
