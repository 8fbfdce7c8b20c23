namespace Homeostat.Ledger;

/// <summary>
/// A run of nibbles inside shared packed bytes, so that a slice of a key costs no copy. The bytes
/// are never changed.
/// </summary>
internal readonly struct NibblePath
{
    public static readonly NibblePath Empty = new([], 0, 0);

    private readonly byte[] _packed;
    private readonly int _start;

    private NibblePath(byte[] packed, int start, int length)
    {
        _packed = packed;
        _start = start;
        Length = length;
    }

    public int Length { get; }

    public int this[int index]
    {
        get
        {
            int position = _start + index;
            byte pair = _packed[position >> 1];
            return (position & 1) == 0 ? pair >> 4 : pair & 0xf;
        }
    }

    /// <summary>All nibbles of a key, which must not be changed afterwards.</summary>
    public static NibblePath OfKey(byte[] key) => new(key, 0, 2 * key.Length);

    public NibblePath Slice(int start) => new(_packed, _start + start, Length - start);

    public NibblePath Slice(int start, int length) => new(_packed, _start + start, length);

    public static NibblePath Concat(in NibblePath first, in NibblePath second)
    {
        byte[] packed = new byte[(first.Length + second.Length + 1) / 2];
        for (int i = 0; i < first.Length + second.Length; i++)
        {
            int nibble = i < first.Length ? first[i] : second[i - first.Length];
            packed[i >> 1] |= (byte)((i & 1) == 0 ? nibble << 4 : nibble);
        }
        return new NibblePath(packed, 0, first.Length + second.Length);
    }

    public static NibblePath Prepend(int nibble, in NibblePath rest)
    {
        var one = new NibblePath([(byte)(nibble << 4)], 0, 1);
        return Concat(one, rest);
    }

    /// <summary>Number of leading nibbles both have in common.</summary>
    public int CommonPrefix(in NibblePath other)
    {
        int limit = Math.Min(Length, other.Length);
        int i = 0;
        while (i < limit && this[i] == other[i])
        {
            i++;
        }
        return i;
    }

    public bool StartsWith(in NibblePath prefix) => CommonPrefix(prefix) == prefix.Length;

    /// <summary>Order of the nibbles; a prefix comes first.</summary>
    public int CompareTo(in NibblePath other)
    {
        int common = CommonPrefix(other);
        return common < Length && common < other.Length
            ? this[common].CompareTo(other[common])
            : Length.CompareTo(other.Length);
    }

    /// <summary>Hex-prefix encoding (Yellow Paper, appendix C); the length written.</summary>
    public int EncodeTo(Span<byte> destination, bool isLeaf)
    {
        bool isOdd = (Length & 1) == 1;
        int flag = (isLeaf ? 0x20 : 0) | (isOdd ? 0x10 | this[0] : 0);
        destination[0] = (byte)flag;
        int length = 1;
        for (int i = isOdd ? 1 : 0; i < Length; i += 2)
        {
            destination[length++] = (byte)((this[i] << 4) | this[i + 1]);
        }
        return length;
    }

    /// <summary>False when the bytes are no canonical hex-prefix encoding.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, out NibblePath path, out bool isLeaf)
    {
        path = Empty;
        isLeaf = false;
        if (encoded.IsEmpty || encoded[0] >= 0x40)
        {
            return false;
        }
        bool isOdd = (encoded[0] & 0x10) != 0;
        if (!isOdd && (encoded[0] & 0xf) != 0)
        {
            return false;
        }
        isLeaf = (encoded[0] & 0x20) != 0;
        int start = isOdd ? 1 : 2;
        path = new NibblePath(encoded.ToArray(), start, 2 * encoded.Length - start);
        return true;
    }
}
