using System.Buffers.Binary;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// A linear forecaster that learns inside consensus. Its bytes, which its hash names, are the
/// algorithm, its limits and the first weights; the weights themselves live in state. One sample
/// moves them by the normalised least-mean-squares step (Nagumo and Noda 1967), a leak draws them
/// back to the first weights, errors within the dead zone teach nothing, and last they are
/// projected onto the ratified box. So no sequence of samples can wind them up, and with weights in
/// the box and features in their bound no sum saturates.
/// </summary>
/// <remarks>
/// Canonical bytes: "HSLR", version 1, feature set, horizon in blocks (2 bytes), rate shift, leak
/// shift, 2 zero bytes, dead zone, low, high (int64 each), then one int64 a first weight.
/// </remarks>
public sealed class LearnerSpec : IForecaster
{
    public const byte Version = 1;

    /// <summary>A learner's features are logged in two words.</summary>
    public const int MaximumFeatures = 8;

    private const int HeaderSize = 36;
    private const int MaximumShift = 32;

    // Norms under 2^-32 (all demand next to nothing) teach nothing.
    private const int NormShift = 16;

    private readonly Fixed[] _first;

    private LearnerSpec(
        byte featureSet, int horizonBlocks, int rateShift, int leakShift, Fixed deadZone,
        Fixed low, Fixed high, Fixed[] first)
    {
        (FeatureSet, HorizonBlocks, RateShift, LeakShift) =
            (featureSet, horizonBlocks, rateShift, leakShift);
        (DeadZone, Low, High, _first) = (deadZone, low, high, first);
    }

    private static ReadOnlySpan<byte> Magic => "HSLR"u8;

    public byte FeatureSet { get; }

    public int HorizonBlocks { get; }

    /// <summary>A sample corrects 2^-rate of its error.</summary>
    public int RateShift { get; }

    /// <summary>A sample draws weights back by 2^-leak of their way to the first ones.</summary>
    public int LeakShift { get; }

    /// <summary>Errors up to this share of the target teach nothing.</summary>
    public Fixed DeadZone { get; }

    public Fixed Low { get; }

    public Fixed High { get; }

    public IReadOnlyList<Fixed> FirstWeights => _first;

    public int Steps => 2 * _first.Length;

    public Hash256 Hash => Keccak.Hash(Encode());

    /// <summary>The learner, or null where a limit is broken.</summary>
    public static LearnerSpec? Create(
        byte featureSet, int horizonBlocks, int rateShift, int leakShift, Fixed deadZone,
        Fixed low, Fixed high, IReadOnlyList<Fixed> first)
    {
        var spec = new LearnerSpec(
            featureSet, horizonBlocks, rateShift, leakShift, deadZone, low, high, [.. first]);
        return TryDecode(spec.Encode(), out LearnerSpec? decoded) ? decoded : null;
    }

    /// <summary>What it says before it has learned.</summary>
    public Forecast Evaluate(IReadOnlyList<Fixed> features) => Evaluate(features, _first);

    public static Forecast Evaluate(IReadOnlyList<Fixed> features, IReadOnlyList<Fixed> weights)
    {
        Invariant.Require(features.Count == weights.Count);
        var shares = new Fixed[features.Count];
        Fixed output = Fixed.Zero;
        for (int i = 0; i < shares.Length; i++)
        {
            shares[i] = weights[i] * features[i];
            output += shares[i];
        }
        return new Forecast(output, shares);
    }

    /// <summary>The weights after one sample.</summary>
    public Fixed[] Learn(
        IReadOnlyList<Fixed> weights, IReadOnlyList<Fixed> features, Fixed target)
    {
        Fixed error = Fixed.Clamp(
            target - Evaluate(features, weights).Output,
            -FeatureSets.MaximumFeature, FeatureSets.MaximumFeature);
        Int128 norm = 0;
        foreach (Fixed x in features)
        {
            norm += (Int128)x.Raw * x.Raw;
        }
        norm >>= NormShift;
        bool isQuiet = norm == 0 || Fixed.Abs(error) <= DeadZone * Fixed.Abs(target);
        var next = new Fixed[weights.Count];
        for (int i = 0; i < next.Length; i++)
        {
            Fixed step = isQuiet
                ? Fixed.Zero
                : Fixed.FromRatio(((Int128)error.Raw * features[i].Raw) >> NormShift, norm);
            Fixed leak = (_first[i] - weights[i]).Scale(-LeakShift);
            next[i] = Fixed.Clamp(weights[i] + step.Scale(-RateShift) + leak, Low, High);
        }
        return next;
    }

    public byte[] Encode()
    {
        byte[] bytes = new byte[HeaderSize + 8 * _first.Length];
        Magic.CopyTo(bytes);
        bytes[4] = Version;
        bytes[5] = FeatureSet;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), (ushort)HorizonBlocks);
        bytes[8] = (byte)RateShift;
        bytes[9] = (byte)LeakShift;
        Fixed[] numbers = [DeadZone, Low, High, .. _first];
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(12 + 8 * i), numbers[i].Raw);
        }
        return bytes;
    }

    /// <summary>False when they are not the canonical bytes of a learner in its limits.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out LearnerSpec? spec)
    {
        spec = null;
        if (bytes.Length < HeaderSize || !bytes.StartsWith(Magic) || bytes[4] != Version ||
            !FeatureSets.TryGetCount(bytes[5], out int count) || count > MaximumFeatures ||
            bytes.Length != HeaderSize + 8 * count || bytes[10] != 0 || bytes[11] != 0)
        {
            return false;
        }
        int horizon = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        var numbers = new Fixed[3 + count];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = Fixed.FromRaw(BinaryPrimitives.ReadInt64BigEndian(bytes[(12 + 8 * i)..]));
        }
        (Fixed deadZone, Fixed low, Fixed high) = (numbers[0], numbers[1], numbers[2]);
        bool isBoxed = low <= high && low >= -LinearForecaster.MaximumWeight &&
            high <= LinearForecaster.MaximumWeight &&
            numbers.Skip(3).All(w => w >= low && w <= high);
        if (horizon == 0 || bytes[8] > MaximumShift || bytes[9] is 0 or > MaximumShift ||
            deadZone < Fixed.Zero || deadZone > Fixed.One || !isBoxed)
        {
            return false;
        }
        spec = new LearnerSpec(
            bytes[5], horizon, bytes[8], bytes[9], deadZone, low, high, numbers[3..]);
        return true;
    }
}
