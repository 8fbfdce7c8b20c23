using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What a validator says beside its measurements; the chain keeps it when it changes.
/// </summary>
/// <param name="Revision">Hash of the specification of a protocol revision that its node can run:
/// of the one governance proposes if it knows it, else of the newest it knows.</param>
/// <param name="Attestation">The digest it attests; zero for nothing.</param>
public readonly record struct ObservationSignals(Hash256 Revision, Hash256 Attestation)
{
    /// <summary>Two words.</summary>
    public const int Size = 2 * Hash256.Size;

    public byte[] Encode() => [.. Revision.Bytes, .. Attestation.Bytes];

    public static ObservationSignals Decode(ReadOnlySpan<byte> bytes) => new(
        new Hash256(bytes[..Hash256.Size]), new Hash256(bytes[Hash256.Size..Size]));
}

/// <summary>
/// The whole observation of a notarize vote, version 4: measurements (24 bytes), two words of
/// signals (64 bytes), then the hashes of transactions the validator calls overdue, each once,
/// oldest first.
/// </summary>
public sealed record ObservationReport(
    Observation Measured, ObservationSignals Signals, IReadOnlyList<Hash256> Overdue)
{
    /// <summary>Overdue transactions one validator may list in one vote.</summary>
    public const int MaximumOverdue = 16;

    public const int MinimumSize = Observation.Size + ObservationSignals.Size;

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
        var signals = ObservationSignals.Decode(
            bytes.Slice(Observation.Size, ObservationSignals.Size));
        report = new ObservationReport(measured, signals, overdue);
        return true;
    }
}
