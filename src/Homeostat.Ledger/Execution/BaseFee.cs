using System.Numerics;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// The base fee of Homeostat's blocks (docs/spec/ledger.md).
///
/// EIP-1559 moves the price by how full a block was and so assumes that blocks come at one pace.
/// Here they come when there is work, and the pace is itself steered. So the price follows gas
/// against time: over each interval it is multiplied by
///
///     exp((gasUsed − target · Δt) / (K · target))
///
/// Splitting an interval in two multiplies the two factors to the same product, so the block
/// interval does not change the dynamics; and the target stands in the exponent only, so changing
/// it bends the price's course but never makes it jump. An integer price could stick where one
/// step is less than a wei: with more gas used than the target it therefore rises by one at least,
/// and with less it falls, since the product is rounded down.
/// </summary>
public static class BaseFee
{
    /// <summary>K: with no gas used the price falls by e in this time.</summary>
    public const ulong TimeConstantMs = 240_000;

    /// <summary>Prices end here, far over all there is to pay with.</summary>
    public static readonly UInt256 Maximum = new UInt256(1) << 128;

    private const int FractionBits = 64;
    private const int MostIntegerSteps = 64;
    private static readonly BigInteger One = BigInteger.One << FractionBits;

    // floor(2^64 / e) and floor(2^64 · e)
    private static readonly BigInteger InverseE = BigInteger.Parse(
        "6786177901268885274", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The base fee of the block that comes after this parent.</summary>
    /// <param name="parentFee">Wei per gas.</param>
    /// <param name="parentGasUsed">Gas used by the parent.</param>
    /// <param name="elapsedMs">From the parent to the block.</param>
    /// <param name="gasTarget">Gas per second; 0 counts as 1.</param>
    /// <param name="minimum">Wei per gas.</param>
    public static UInt256 Next(
        in UInt256 parentFee, ulong parentGasUsed, ulong elapsedMs, ulong gasTarget,
        in UInt256 minimum)
    {
        BigInteger target = Math.Max(gasTarget, 1);
        BigInteger surplus = new BigInteger(parentGasUsed) * 1000 - target * elapsedMs;
        BigInteger exponent = FloorDivide(surplus << FractionBits, target * TimeConstantMs);
        BigInteger parent = parentFee.ToBigInteger();
        BigInteger next = (parent * Exponential(exponent)) >> FractionBits;
        if (surplus.Sign > 0)
        {
            next = BigInteger.Max(next, parent + 1);
        }
        next = BigInteger.Min(next, Maximum.ToBigInteger());
        return (UInt256)BigInteger.Max(next, minimum.ToBigInteger());
    }

    /// <summary>
    /// e^x in Q64, rounded down; x is held to at most 1, under −64 the result is 0.
    /// </summary>
    internal static BigInteger Exponential(BigInteger exponent)
    {
        BigInteger x = BigInteger.Min(exponent, One);
        if (x < -MostIntegerSteps * One)
        {
            return BigInteger.Zero;
        }
        BigInteger scale = One;
        while (x.Sign < 0)
        {
            scale = (scale * InverseE) >> FractionBits;
            x += One;
        }
        return (scale * Series(x)) >> FractionBits;
    }

    /// <summary>The Taylor series for 0 ≤ x ≤ 1, in Q64; its terms end by themselves.</summary>
    private static BigInteger Series(BigInteger x)
    {
        BigInteger sum = BigInteger.Zero;
        BigInteger term = One;
        for (int i = 1; !term.IsZero; i++)
        {
            sum += term;
            term = ((term * x) >> FractionBits) / i;
        }
        return sum;
    }

    private static BigInteger FloorDivide(BigInteger dividend, BigInteger divisor)
    {
        BigInteger quotient = BigInteger.DivRem(dividend, divisor, out BigInteger remainder);
        return remainder.Sign < 0 ? quotient - 1 : quotient;
    }
}
