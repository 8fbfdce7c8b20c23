using System.Buffers.Binary;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>A forecast and the share of each feature in it; the shares sum exactly to it.</summary>
public sealed record Forecast(Fixed Output, IReadOnlyList<Fixed> Attributions)
{
    public static readonly Forecast None = new(Fixed.Zero, []);
}

/// <summary>
/// A weighted sum of features. The output is defined as the sum of the rounded products, so the
/// attributions are exact; weights and features are bounded so that it can't saturate.
/// </summary>
/// <remarks>
/// Canonical bytes: "HSLF", version 1, feature set, horizon in blocks (2 bytes), then one
/// big-endian int64 a weight. The model's name is their keccak256.
/// </remarks>
public sealed class LinearForecaster : IForecaster
{
    public const byte Version = 1;
    private const int HeaderSize = 8;

    /// <summary>A weight's bound: 8 weights of 16 by features of 2^20 stay under 2^31.</summary>
    public static readonly Fixed MaximumWeight = Fixed.FromInteger(16);

    private static ReadOnlySpan<byte> Magic => "HSLF"u8;

    public LinearForecaster(int horizonBlocks, IReadOnlyList<Fixed> weights)
    {
        Invariant.Require(horizonBlocks is > 0 and <= ushort.MaxValue);
        Invariant.Require(weights.Count == DemandFeatures.Count);
        Invariant.Require(weights.All(IsBounded));
        HorizonBlocks = horizonBlocks;
        Weights = weights;
    }

    public byte FeatureSet => DemandFeatures.SetId;

    public int HorizonBlocks { get; }

    public int Steps => Weights.Count;

    public IReadOnlyList<Fixed> Weights { get; }

    public Hash256 Hash => Keccak.Hash(Encode());

    public Forecast Evaluate(IReadOnlyList<Fixed> features)
    {
        Invariant.Require(features.Count == Weights.Count);
        var attributions = new Fixed[features.Count];
        Fixed output = Fixed.Zero;
        for (int i = 0; i < features.Count; i++)
        {
            attributions[i] = Weights[i] * features[i];
            output += attributions[i];
        }
        return new Forecast(output, attributions);
    }

    public byte[] Encode()
    {
        byte[] bytes = new byte[HeaderSize + 8 * Weights.Count];
        Magic.CopyTo(bytes);
        bytes[4] = Version;
        bytes[5] = DemandFeatures.SetId;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), (ushort)HorizonBlocks);
        for (int i = 0; i < Weights.Count; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(
                bytes.AsSpan(HeaderSize + 8 * i), Weights[i].Raw);
        }
        return bytes;
    }

    /// <summary>
    /// The model of these bytes, or false when they are not the canonical ones of one.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out LinearForecaster? model)
    {
        model = null;
        if (bytes.Length != HeaderSize + 8 * DemandFeatures.Count || !bytes.StartsWith(Magic) ||
            bytes[4] != Version || bytes[5] != DemandFeatures.SetId)
        {
            return false;
        }
        int horizon = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        var weights = new Fixed[DemandFeatures.Count];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Fixed.FromRaw(
                BinaryPrimitives.ReadInt64BigEndian(bytes[(HeaderSize + 8 * i)..]));
        }
        if (horizon == 0 || !weights.All(IsBounded))
        {
            return false;
        }
        model = new LinearForecaster(horizon, weights);
        return true;
    }

    private static bool IsBounded(Fixed weight) => Fixed.Abs(weight) <= MaximumWeight;
}
