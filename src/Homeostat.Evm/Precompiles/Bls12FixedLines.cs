namespace Homeostat.Evm;

/// <summary>
/// The lines of a Miller loop over a point of G2 that never changes, such as the trusted setup's,
/// computed once. Each is scaled so that what P's y multiplies is one; divided by that y as well,
/// a line costs ten products in Fp2 in place of thirteen and the point's own arithmetic.
/// </summary>
internal sealed class Bls12FixedLines
{
    private readonly BlsField2[] _constant;
    private readonly BlsField2[] _timesX;

    public Bls12FixedLines(in BlsG2 point)
    {
        var constants = new List<BlsField2>();
        var factors = new List<BlsField2>();
        var running = new MillerPoint<BlsField, Bls12G2>(point);
        for (int bit = Bls12Pairing.HighestLoopBit; bit >= 0; bit--)
        {
            Keep(running.Double());
            if (Bls12Pairing.IsAddition(bit))
            {
                Keep(running.Add(point));
            }
        }
        _constant = [.. constants];
        _timesX = [.. factors];

        void Keep(in MillerPoint<BlsField, Bls12G2>.Line line)
        {
            BlsField2 inverse = BlsField2.Invert(line.TimesY);
            constants.Add(BlsField2.Multiply(line.Constant, inverse));
            factors.Add(BlsField2.Multiply(line.TimesX, inverse));
        }
    }

    /// <summary>f times the line's value at P, given as 1/y and x/y.</summary>
    public BlsTarget Evaluate(in BlsTarget f, int line, in BlsField inverseY, in BlsField ratio) =>
        BlsTarget.MultiplyBy02(
            f, BlsField2.Scale(_constant[line], inverseY),
            BlsField2.Scale(_timesX[line], ratio));
}
