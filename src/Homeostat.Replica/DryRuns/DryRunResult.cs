using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>How a dry run ended; only what passed may be queued.</summary>
public enum DryRunVerdict : byte
{
    None = 0,

    Passed = 1,

    /// <summary>One of the proposal's calls reverts on the state of the request.</summary>
    CallReverts = 2,

    /// <summary>Under the proposal transaction 0 fails, and without it it does not.</summary>
    SteeringFails = 3,

    /// <summary>Under the proposal the Constitution can't rule, and without it it can.</summary>
    NothingRules = 4,

    /// <summary>The replay used more gas than its budget.</summary>
    OverBudget = 5,

    /// <summary>The replay itself could not be done.</summary>
    Impossible = 6,
}

/// <summary>One loop at the end of a replay.</summary>
public sealed record ReplayedLoop(
    Hash256 Name, LoopMode Mode, IReadOnlyList<ulong> InForce, IReadOnlyList<ulong> Ratified);

/// <summary>One side of a dry run: with the proposal, or without it.</summary>
/// <param name="MeanBaseFee">Wei per gas, over the replayed blocks.</param>
/// <param name="LastBaseFee">Of the last block.</param>
/// <param name="MeanDelayMs">Time to include all that waits, at the pace of the block's limit;
/// mean over the blocks.</param>
/// <param name="MostDelayMs">The same at its worst.</param>
/// <param name="IncludedGas">Users' gas in the blocks.</param>
/// <param name="WaitingGas">Users' gas that found no place.</param>
/// <param name="Decisions">That loops made.</param>
/// <param name="Refused">Of these, those the Constitution refused.</param>
/// <param name="Unruled">Of these, those it could not rule on.</param>
/// <param name="Firings">Of standing rules.</param>
/// <param name="FailedSteps">Blocks whose transaction 0 failed.</param>
/// <param name="SteeringGas">Of all transactions 0.</param>
public sealed record DryRunSide(
    UInt256 MeanBaseFee, UInt256 LastBaseFee, ulong MeanDelayMs, ulong MostDelayMs,
    ulong IncludedGas, ulong WaitingGas, ulong Decisions, ulong Refused, ulong Unruled,
    ulong Firings, ulong FailedSteps, ulong SteeringGas, IReadOnlyList<ReplayedLoop> Loops)
{
    internal const int Numbers = 12;

    internal UInt256[] ToWords() =>
    [
        MeanBaseFee, LastBaseFee, MeanDelayMs, MostDelayMs, IncludedGas, WaitingGas, Decisions,
        Refused, Unruled, Firings, FailedSteps, SteeringGas,
        .. Loops.SelectMany(loop => (UInt256[])
        [
            UInt256.FromHash256(loop.Name), (ulong)loop.Mode, (ulong)loop.InForce.Count,
            .. loop.InForce.Select(value => (UInt256)value),
            .. loop.Ratified.Select(value => (UInt256)value),
        ]),
    ];

    internal static DryRunSide? FromWords(ReadOnlySpan<Hash256> hashes)
    {
        UInt256[] words = [.. hashes.ToArray().Select(hash => UInt256.FromHash256(hash))];
        if (words.Length < Numbers)
        {
            return null;
        }
        var loops = new List<ReplayedLoop>();
        for (int at = Numbers; at < words.Length;)
        {
            int fields = at + 2 < words.Length && words[at + 2] <= 8 ? (int)words[at + 2].U0 : -1;
            if (fields < 0 || at + 3 + 2 * fields > words.Length)
            {
                return null;
            }
            ulong[] values = [.. words[(at + 3)..(at + 3 + 2 * fields)].Select(w => w.U0)];
            loops.Add(new ReplayedLoop(
                words[at].ToHash256(), (LoopMode)words[at + 1].U0, values[..fields],
                values[fields..]));
            at += 3 + 2 * fields;
        }
        ulong N(int i) => words[i].ToUInt64Saturating();
        return new DryRunSide(
            words[0], words[1], N(2), N(3), N(4), N(5), N(6), N(7), N(8), N(9), N(10), N(11),
            loops);
    }
}

/// <summary>
/// What validators attest: its encoding's keccak256 goes into their votes, and the encoding is what
/// DryRuns.conclude publishes (docs/spec/governance.md, "Dry run").
/// </summary>
/// <param name="Call">Index of the call that reverts; 0 where none does.</param>
/// <param name="Blocks">Recorded blocks that were replayed.</param>
public sealed record DryRunResult(
    DryRunVerdict Verdict, UInt256 Subject, Height Height, ulong Call, ulong Blocks,
    DryRunSide Without, DryRunSide With)
{
    public Hash256 Digest => Keccak.Hash(Encode());

    public byte[] Encode() => new AbiTuple()
        .Add((UInt256)(ulong)Verdict).Add(Subject).Add((UInt256)Height.Value)
        .Add((UInt256)Call).Add((UInt256)Blocks)
        .AddWords(Without.ToWords()).AddWords(With.ToWords())
        .Encode();

    /// <summary>Null for what is no result.</summary>
    public static DryRunResult? Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new AbiReader(encoded);
        ulong verdict = reader.ReadUInt64();
        UInt256 subject = reader.ReadWord();
        var height = new Height(reader.ReadUInt64());
        ulong call = reader.ReadUInt64();
        ulong blocks = reader.ReadUInt64();
        var without = DryRunSide.FromWords(reader.ReadHashArray());
        var with = DryRunSide.FromWords(reader.ReadHashArray());
        return reader.Failed || without is null || with is null
            ? null
            : new DryRunResult(
                (DryRunVerdict)verdict, subject, height, call, blocks, without, with);
    }
}
