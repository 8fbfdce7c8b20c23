using System.Numerics;
using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// 0x05: base^exponent mod modulus, of any lengths (EIP-198); prices by EIP-198, EIP-2565 from
/// Berlin and EIP-7883 from Osaka, where EIP-7823 also limits each length to 1024 bytes.
/// </summary>
internal sealed class ModExp : IPrecompile
{
    private const int HeaderSize = 96;
    private const uint MaxLengthOsaka = 1024;

    // Lengths up to here keep every price formula within 64 bits; beyond it BigInteger is used.
    private const ulong MaxSmallLength = 1 << 20;

    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork)
    {
        ReadLengths(input, out UInt256 baseLength, out UInt256 expLength, out UInt256 modLength);
        UInt256 longest = baseLength > modLength ? baseLength : modLength;
        if (fork >= Fork.Osaka && (longest > MaxLengthOsaka || expLength > MaxLengthOsaka))
        {
            // The call fails and takes all its gas: a price nobody can pay does just that.
            return ulong.MaxValue;
        }
        uint headBits = ExponentHeadBits(input, baseLength, expLength);
        if (longest <= MaxSmallLength && expLength <= MaxSmallLength)
        {
            return SmallCost(fork, longest.U0, expLength.U0, headBits);
        }
        BigInteger cost = LargeCost(
            fork, longest.ToBigInteger(), expLength.ToBigInteger(), headBits);
        return cost > ulong.MaxValue ? ulong.MaxValue : (ulong)cost;
    }

    private static ulong SmallCost(Fork fork, ulong longest, ulong expLength, uint headBits)
    {
        ulong words = (longest + 7) / 8;
        ulong tail = expLength > 32 ? expLength - 32 : 0;
        ulong head = headBits == 0 ? 0 : headBits - 1;
        if (fork >= Fork.Osaka)
        {
            ulong complexity = longest <= 32 ? 16 : 2 * words * words;
            return Math.Max(500, complexity * Math.Max(1, (16 * tail) + head));
        }
        ulong iterations = Math.Max(1, (8 * tail) + head);
        return fork >= Fork.Berlin
            ? Math.Max(200, words * words * iterations / 3)
            : (ulong)(OldComplexity(longest) * iterations / 20);
    }

    private static BigInteger LargeCost(
        Fork fork, BigInteger longest, BigInteger expLength, uint headBits)
    {
        BigInteger words = (longest + 7) / 8;
        BigInteger tail = expLength > 32 ? expLength - 32 : BigInteger.Zero;
        BigInteger head = headBits == 0 ? 0 : headBits - 1;
        if (fork >= Fork.Osaka)
        {
            BigInteger complexity = longest <= 32 ? 16 : 2 * words * words;
            return BigInteger.Max(500, complexity * BigInteger.Max(1, (16 * tail) + head));
        }
        BigInteger iterations = BigInteger.Max(1, (8 * tail) + head);
        return fork >= Fork.Berlin
            ? BigInteger.Max(200, words * words * iterations / 3)
            : OldComplexity(longest) * iterations / 20;
    }

    /// <summary>The cost of one multiplication by EIP-198.</summary>
    private static BigInteger OldComplexity(BigInteger x) =>
        x <= 64 ? x * x
        : x <= 1024 ? (x * x / 4) + (96 * x) - 3072
        : (x * x / 16) + (480 * x) - 199680;

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        ReadLengths(input, out UInt256 baseLength, out UInt256 expLength, out UInt256 modLength);
        output = [];
        if (modLength.IsZero)
        {
            return true;
        }
        if (baseLength > int.MaxValue / 4 || expLength > int.MaxValue / 4
            || modLength > int.MaxValue / 4)
        {
            // No caller can pay for these.
            return false;
        }
        int expOffset = HeaderSize + (int)baseLength.U0;
        byte[] modulus = new byte[(int)modLength.U0];
        InputReader.Read(input, (long)expOffset + (long)expLength.U0, modulus);
        ReadOnlySpan<byte> value = Slice(input, HeaderSize, (int)baseLength.U0, out int short1);
        ReadOnlySpan<byte> exponent = Slice(input, expOffset, (int)expLength.U0, out int short2);
        BigInteger result = ModularPower.Run(
            Padded(value, short1), Padded(exponent, short2), Padded(modulus, 0));
        output = new byte[modulus.Length];
        byte[] digits = result.ToByteArray(isUnsigned: true, isBigEndian: true);
        digits.CopyTo(output, output.Length - digits.Length);
        return true;
    }

    private static void ReadLengths(
        ReadOnlySpan<byte> input,
        out UInt256 baseLength, out UInt256 expLength, out UInt256 modLength)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        InputReader.Read(input, 0, header);
        baseLength = UInt256.FromBigEndian(header[..32]);
        expLength = UInt256.FromBigEndian(header[32..64]);
        modLength = UInt256.FromBigEndian(header[64..]);
    }

    /// <summary>Bits of the number that the exponent's first 32 bytes (or fewer) make.</summary>
    private static uint ExponentHeadBits(
        ReadOnlySpan<byte> input, in UInt256 baseLength, in UInt256 expLength)
    {
        if (baseLength > (ulong)input.Length)
        {
            return 0;
        }
        int length = expLength < 32 ? (int)expLength.U0 : 32;
        Span<byte> head = stackalloc byte[32];
        head = head[..length];
        InputReader.Read(input, HeaderSize + (long)baseLength.U0, head);
        return (uint)UInt256.FromBigEndian(head).BitLength;
    }

    /// <summary>
    /// What the input has of a field, and how many zero bytes are missing after it.
    /// </summary>
    private static ReadOnlySpan<byte> Slice(
        ReadOnlySpan<byte> input, int offset, int length, out int missing)
    {
        int available = Math.Clamp(input.Length - offset, 0, length);
        missing = length - available;
        return available == 0 ? [] : input.Slice(offset, available);
    }

    private static BigInteger Padded(ReadOnlySpan<byte> bytes, int missing)
    {
        var value = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
        return value.IsZero ? value : value << (8 * missing);
    }
}
