using System.Buffers.Binary;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What a validator says beside its measurements; the chain keeps it when it changes.
/// </summary>
/// <param name="ProtocolRevision">Newest protocol revision its node can run.</param>
/// <param name="AttestedDigest">First 20 bytes of the hash of what it attests; zero for nothing.
/// </param>
public readonly record struct ObservationSignals(uint ProtocolRevision, Address AttestedDigest)
{
    /// <summary>Bytes with content; the word's last eight are zero in a vote, and hold the height
    /// of the last change in storage.</summary>
    public const int Size = 24;

    public byte[] Encode()
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, ProtocolRevision);
        AttestedDigest.Bytes.CopyTo(bytes.AsSpan(4));
        return bytes;
    }

    public static ObservationSignals Decode(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32BigEndian(bytes), new Address(bytes.Slice(4, Address.Size)));
}

/// <summary>
/// The whole observation of a notarize vote, version 2: measurements (24 bytes), one word of
/// signals (32 bytes), then the hashes of transactions the validator calls overdue, each once,
/// oldest first.
/// </summary>
public sealed record ObservationReport(
    Observation Measured, ObservationSignals Signals, IReadOnlyList<Hash256> Overdue)
{
    /// <summary>Overdue transactions one validator may list in one vote.</summary>
    public const int MaximumOverdue = 16;

    public const int MinimumSize = Observation.Size + 32;

    public const int MaximumSize = MinimumSize + MaximumOverdue * Hash256.Size;

    public byte[] Encode()
    {
        Invariant.Require(Overdue.Count <= MaximumOverdue);
        byte[] bytes = new byte[MinimumSize + Overdue.Count * Hash256.Size];
        Measured.Encode().CopyTo(bytes, 0);
        Signals.Encode().CopyTo(bytes, Observation.Size);
        for (int i = 0; i < Overdue.Count; i++)
        {
            Overdue[i].Bytes.CopyTo(bytes.AsSpan(MinimumSize + i * Hash256.Size));
        }
        return bytes;
    }

    /// <summary>
    /// Decodes and validates. A vote whose observation fails here is still a vote: its observation
    /// is left out, never the block (an observation can't make a block invalid).
    /// </summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, out ObservationReport? report, out string? error)
    {
        report = null;
        if (bytes.Length < MinimumSize || bytes.Length > MaximumSize ||
            (bytes.Length - MinimumSize) % Hash256.Size != 0)
        {
            error = $"observation of {bytes.Length} bytes, not {MinimumSize} + 32 n with n at " +
                $"most {MaximumOverdue}";
            return false;
        }
        if (!Observation.TryDecode(bytes, out Observation measured, out error))
        {
            return false;
        }
        ReadOnlySpan<byte> word = bytes.Slice(Observation.Size, 32);
        if (word[ObservationSignals.Size..].ContainsAnyExcept((byte)0))
        {
            error = "reserved bytes of the signals word are not zero";
            return false;
        }
        var overdue = new List<Hash256>();
        for (int at = MinimumSize; at < bytes.Length; at += Hash256.Size)
        {
            overdue.Add(new Hash256(bytes.Slice(at, Hash256.Size)));
            if (overdue.IndexOf(overdue[^1]) < overdue.Count - 1)
            {
                error = "an overdue transaction is listed twice";
                return false;
            }
        }
        report = new ObservationReport(measured, ObservationSignals.Decode(word), overdue);
        return true;
    }
}
