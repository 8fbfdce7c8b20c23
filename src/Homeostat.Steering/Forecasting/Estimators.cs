using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// What steering carries from block to block in slot 1 of Steering: three exponentially weighted
/// means of demand, and the readings in force (their slew limit needs the last value). Demand is in
/// millions of gas a second.
/// </summary>
/// <param name="Fast">Moves by 1/4 of the difference at each block.</param>
/// <param name="Medium">Moves by 1/16; it is the twin's forecast.</param>
/// <param name="Slow">Moves by 1/64.</param>
/// <param name="NanosecondsPerKilogas">Reading of execution speed.</param>
/// <param name="PropagationMs">Reading of propagation.</param>
public readonly record struct Estimators(
    Fixed Fast, Fixed Medium, Fixed Slow, uint NanosecondsPerKilogas, uint PropagationMs)
{
    private const int FastBits = 2;
    private const int MediumBits = 4;
    private const int SlowBits = 6;

    /// <summary>
    /// After one more block's demand. Saturation can't occur: samples are bounded.
    /// </summary>
    public Estimators After(Fixed sample) => this with
    {
        Fast = Step(Fast, sample, FastBits),
        Medium = Step(Medium, sample, MediumBits),
        Slow = Step(Slow, sample, SlowBits),
    };

    /// <summary>
    /// The word: fast in the highest 64 bits, then medium, slow, and the readings.
    /// </summary>
    public UInt256 ToWord() => new(
        ((ulong)NanosecondsPerKilogas << 32) | PropagationMs,
        unchecked((ulong)Slow.Raw), unchecked((ulong)Medium.Raw), unchecked((ulong)Fast.Raw));

    public static Estimators FromWord(in UInt256 word) => new(
        Fixed.FromRaw(unchecked((long)word.U3)), Fixed.FromRaw(unchecked((long)word.U2)),
        Fixed.FromRaw(unchecked((long)word.U1)),
        (uint)(word.U0 >> 32), (uint)(word.U0 & uint.MaxValue));

    private static Fixed Step(Fixed mean, Fixed sample, int bits) =>
        mean + (sample - mean).Scale(-bits);
}
