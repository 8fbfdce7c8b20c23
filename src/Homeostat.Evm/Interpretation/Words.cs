using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// Operations on the words at the top of the stack; <c>top[0]</c> is the top. They write limb by
/// limb and also copy limb by limb: a 32-byte load right after four 8-byte stores can't be
/// forwarded from the store buffer and would cost more than the operation itself.
/// </summary>
internal static unsafe class Words
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(UInt256* word, ulong u0, ulong u1, ulong u2, ulong u3)
    {
        ulong* limbs = (ulong*)word;
        limbs[0] = u0;
        limbs[1] = u1;
        limbs[2] = u2;
        limbs[3] = u3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(UInt256* word, ulong value) => Set(word, value, 0, 0, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(UInt256* from, UInt256* to) =>
        Set(to, from->U0, from->U1, from->U2, from->U3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Swap(UInt256* x, UInt256* y)
    {
        ulong u0 = x->U0, u1 = x->U1, u2 = x->U2, u3 = x->U3;
        Copy(y, x);
        Set(y, u0, u1, u2, u3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(UInt256* word) =>
        (word->U0 | word->U1 | word->U2 | word->U3) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreEqual(UInt256* x, UInt256* y) =>
        ((x->U0 ^ y->U0) | (x->U1 ^ y->U1) | (x->U2 ^ y->U2) | (x->U3 ^ y->U3)) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsLess(UInt256* x, UInt256* y) =>
        x->U3 != y->U3 ? x->U3 < y->U3
        : x->U2 != y->U2 ? x->U2 < y->U2
        : x->U1 != y->U1 ? x->U1 < y->U1
        : x->U0 < y->U0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSignedLess(UInt256* x, UInt256* y) =>
        (x->U3 ^ y->U3) >> 63 != 0 ? x->U3 >> 63 != 0 : IsLess(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetSignedLess(UInt256* x, UInt256* y, UInt256* result) =>
        SetFlag(result, IsSignedLess(x, y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetFlag(UInt256* word, bool flag) => Set(word, flag ? 1UL : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSmall(UInt256* word, ulong value) =>
        ((word->U0 ^ value) | word->U1 | word->U2 | word->U3) == 0;

    /// <summary>Two DUPs: the second's distance counts from the first's result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DupDup(UInt256* top, int first, int second)
    {
        unchecked
        {
            Copy(top + first, top + 1);
            Copy(top + 1 + second, top + 2);
        }
    }

    /// <summary>y := x · y.</summary>
    public static void Multiply(UInt256* x, UInt256* y) => *y = *x * *y;

    /// <summary>y := x + y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(UInt256* x, UInt256* y)
    {
        unchecked
        {
            ulong r0 = x->U0 + y->U0;
            ulong carry = r0 < y->U0 ? 1UL : 0;
            ulong t1 = x->U1 + y->U1;
            ulong c1 = t1 < y->U1 ? 1UL : 0;
            ulong r1 = t1 + carry;
            carry = c1 + (r1 < t1 ? 1UL : 0);
            ulong t2 = x->U2 + y->U2;
            ulong c2 = t2 < y->U2 ? 1UL : 0;
            ulong r2 = t2 + carry;
            carry = c2 + (r2 < t2 ? 1UL : 0);
            Set(y, r0, r1, r2, x->U3 + y->U3 + carry);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Subtract(UInt256* x, UInt256* y, UInt256* result)
    {
        unchecked
        {
            ulong r0 = x->U0 - y->U0;
            ulong borrow = x->U0 < y->U0 ? 1UL : 0;
            ulong t1 = x->U1 - y->U1;
            ulong b1 = x->U1 < y->U1 ? 1UL : 0;
            ulong r1 = t1 - borrow;
            borrow = b1 + (t1 < borrow ? 1UL : 0);
            ulong t2 = x->U2 - y->U2;
            ulong b2 = x->U2 < y->U2 ? 1UL : 0;
            ulong r2 = t2 - borrow;
            borrow = b2 + (t2 < borrow ? 1UL : 0);
            Set(result, r0, r1, r2, x->U3 - y->U3 - borrow);
        }
    }

    // Carries past the lowest limb are rare: the common case touches one limb only.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSmall(UInt256* word, ulong value)
    {
        unchecked
        {
            ulong* limbs = (ulong*)word;
            ulong sum = limbs[0] + value;
            limbs[0] = sum;
            if (sum < value && ++limbs[1] == 0 && ++limbs[2] == 0)
            {
                ++limbs[3];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SubtractSmall(UInt256* word, ulong value)
    {
        unchecked
        {
            ulong* limbs = (ulong*)word;
            ulong low = limbs[0];
            limbs[0] = low - value;
            if (low < value && limbs[1]-- == 0 && limbs[2]-- == 0)
            {
                --limbs[3];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void And(UInt256* x, UInt256* y) =>
        Set(y, x->U0 & y->U0, x->U1 & y->U1, x->U2 & y->U2, x->U3 & y->U3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Or(UInt256* x, UInt256* y) =>
        Set(y, x->U0 | y->U0, x->U1 | y->U1, x->U2 | y->U2, x->U3 | y->U3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Xor(UInt256* x, UInt256* y) =>
        Set(y, x->U0 ^ y->U0, x->U1 ^ y->U1, x->U2 ^ y->U2, x->U3 ^ y->U3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Not(UInt256* x) => Set(x, ~x->U0, ~x->U1, ~x->U2, ~x->U3);

    /// <summary>value := value · 2^bits; bits beyond 64 bits count as too many.</summary>
    public static void ShiftLeft(ulong bits, UInt256* value)
    {
        if (bits >= 256)
        {
            Set(value, 0);
            return;
        }
        int shift = (int)bits & 63;
        ulong u0 = value->U0 << shift;
        // Two steps, as a shift by 64 would be one by 0.
        ulong u1 = (value->U1 << shift) | (value->U0 >> 1 >> (63 - shift));
        ulong u2 = (value->U2 << shift) | (value->U1 >> 1 >> (63 - shift));
        ulong u3 = (value->U3 << shift) | (value->U2 >> 1 >> (63 - shift));
        switch (bits >> 6)
        {
            case 0:
                Set(value, u0, u1, u2, u3);
                break;
            case 1:
                Set(value, 0, u0, u1, u2);
                break;
            case 2:
                Set(value, 0, 0, u0, u1);
                break;
            default:
                Set(value, 0, 0, 0, u0);
                break;
        }
    }

    /// <summary>value := ⌊value / 2^bits⌋ with the bits shifted in taken from the sign.</summary>
    public static void ShiftRight(ulong bits, UInt256* value, ulong sign = 0)
    {
        if (bits >= 256)
        {
            Set(value, sign, sign, sign, sign);
            return;
        }
        int shift = (int)bits & 63;
        ulong u0 = (value->U0 >> shift) | (value->U1 << 1 << (63 - shift));
        ulong u1 = (value->U1 >> shift) | (value->U2 << 1 << (63 - shift));
        ulong u2 = (value->U2 >> shift) | (value->U3 << 1 << (63 - shift));
        ulong u3 = (value->U3 >> shift) | (sign << 1 << (63 - shift));
        switch (bits >> 6)
        {
            case 0:
                Set(value, u0, u1, u2, u3);
                break;
            case 1:
                Set(value, u1, u2, u3, sign);
                break;
            case 2:
                Set(value, u2, u3, sign, sign);
                break;
            default:
                Set(value, u3, sign, sign, sign);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Saturate(UInt256* word) =>
        (word->U1 | word->U2 | word->U3) == 0 ? word->U0 : ulong.MaxValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* from, UInt256* word)
    {
        ulong* source = (ulong*)from;
        Set(
            word,
            BinaryPrimitives.ReverseEndianness(source[3]),
            BinaryPrimitives.ReverseEndianness(source[2]),
            BinaryPrimitives.ReverseEndianness(source[1]),
            BinaryPrimitives.ReverseEndianness(source[0]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(UInt256* word, byte* to)
    {
        ulong* target = (ulong*)to;
        target[0] = BinaryPrimitives.ReverseEndianness(word->U3);
        target[1] = BinaryPrimitives.ReverseEndianness(word->U2);
        target[2] = BinaryPrimitives.ReverseEndianness(word->U1);
        target[3] = BinaryPrimitives.ReverseEndianness(word->U0);
    }

    /// <summary>Big-endian bytes, at most 32, followed by zeros up to 32.</summary>
    public static void LoadPadded(ReadOnlySpan<byte> bytes, UInt256* word)
    {
        byte* padded = stackalloc byte[32];
        new Span<byte>(padded, 32).Clear();
        bytes[..Math.Min(32, bytes.Length)].CopyTo(new Span<byte>(padded, 32));
        Load(padded, word);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Address ToAddress(UInt256* word)
    {
        byte* bytes = stackalloc byte[32];
        Store(word, bytes);
        return Unsafe.ReadUnaligned<Address>(bytes + 12);
    }

    public static void SetAddress(UInt256* word, in Address address)
    {
        byte* bytes = stackalloc byte[32];
        Set((UInt256*)bytes, 0);
        Unsafe.WriteUnaligned(bytes + 12, address);
        Load(bytes, word);
    }

    public static void SetHash(UInt256* word, in Hash256 hash)
    {
        byte* bytes = stackalloc byte[32];
        Unsafe.WriteUnaligned(bytes, hash);
        Load(bytes, word);
    }
}
