using System.Buffers.Binary;

namespace Homeostat.Steering;

/// <summary>
/// One validator's measurements, the first part of what its notarize vote carries: 24 bytes,
/// big-endian, quantised so that
/// it says no more than the loops need. On chain it shares one storage word with the height it was
/// recorded at (docs/spec/steering.md, "Observations").
/// </summary>
/// <param name="NanosecondsPerKilogas">95th percentile, over the validator's recent blocks of at
/// least <see cref="MinimumKilogasOfBlock"/>, of execution time by 1,000 gas; 0 when there were
/// none.</param>
/// <param name="KilogasExecuted">Gas executed over the same blocks, in thousands.</param>
/// <param name="PropagationMs">Median delay from a block's time to its full arrival.</param>
/// <param name="PoolKilogasPending">Gas limits of executable pool transactions, in
/// thousands.</param>
/// <param name="PoolTransactions">Executable transactions in the pool, at most
/// <see cref="MaximumPoolTransactions"/>.</param>
/// <param name="VoteLatencyMs">Median time from a block's arrival to the own notarize vote.</param>
/// <param name="QueueMs">Median time executable transactions have waited in the pool.</param>
/// <param name="FastWait">Mean wait of fast transactions in recent blocks, in
/// <see cref="WaitUnitsOfBlock"/> of a block; 0 when there were none.</param>
/// <param name="UrgentWait">The same of urgent ones.</param>
public readonly record struct Observation(
    uint NanosecondsPerKilogas,
    uint KilogasExecuted,
    ushort PropagationMs,
    uint PoolKilogasPending,
    uint PoolTransactions,
    ushort VoteLatencyMs,
    ushort QueueMs,
    byte FastWait = 0,
    byte UrgentWait = 0)
{
    /// <summary>Bytes of the measurements, which begin every observation.</summary>
    public const int Size = 24;

    /// <summary>The layout this code reads and writes.</summary>
    public const byte Version = 4;

    /// <summary>Units of a class's wait in a block: 32 is the next block.</summary>
    public const int WaitUnitsOfBlock = 32;

    /// <summary>Three bytes hold no more.</summary>
    public const uint MaximumPoolTransactions = (1 << 24) - 1;

    /// <summary>
    /// Blocks below this say nothing about speed: what a block costs whatever is in it would be
    /// taken for slow gas, and an idle chain would throttle itself.
    /// </summary>
    public const long MinimumKilogasOfBlock = 1_000;

    /// <summary>
    /// 1 s for 1,000 gas: no machine that keeps up is near it, so a larger claim is noise.
    /// </summary>
    public const uint MaximumNanosecondsPerKilogas = 1_000_000_000;

    public byte[] Encode()
    {
        byte[] bytes = new byte[Size];
        bytes[0] = Version;
        bytes[1] = FastWait;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(2), NanosecondsPerKilogas);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(6), KilogasExecuted);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(10), PropagationMs);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(12), PoolKilogasPending);
        BinaryPrimitives.WriteUInt32BigEndian(
            bytes.AsSpan(16), Math.Min(PoolTransactions, MaximumPoolTransactions));
        bytes[16] = UrgentWait;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(20), VoteLatencyMs);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(22), QueueMs);
        return bytes;
    }

    /// <summary>Decodes and validates the first bytes of an observation.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, out Observation observation, out string? error)
    {
        observation = default;
        error = Check(bytes);
        if (error is not null)
        {
            return false;
        }
        observation = new Observation(
            BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[6..]),
            BinaryPrimitives.ReadUInt16BigEndian(bytes[10..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]) & MaximumPoolTransactions,
            BinaryPrimitives.ReadUInt16BigEndian(bytes[20..]),
            BinaryPrimitives.ReadUInt16BigEndian(bytes[22..]), bytes[1], bytes[16]);
        return true;
    }

    private static string? Check(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size)
        {
            return $"observation of {bytes.Length} bytes, less than {Size}";
        }
        if (bytes[0] != Version)
        {
            return $"observation layout {bytes[0]} is not known, this is {Version}";
        }
        uint nanoseconds = BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);
        return nanoseconds > MaximumNanosecondsPerKilogas
            ? $"{nanoseconds} ns per kilogas is out of range"
            : null;
    }
}
