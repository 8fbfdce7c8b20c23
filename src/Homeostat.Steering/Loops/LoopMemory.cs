using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// What the machinery remembers of a loop in the words a loop itself may not write (128 to 255):
/// the log of features that learners learn from, learners' weights, the trial of a shadow and the
/// drift detector (docs/spec/steering.md, "Words").
/// </summary>
internal sealed class LoopMemory(LoopContext context)
{
    /// <summary>Samples whose features are kept until what came of them is known.</summary>
    public const ulong LogSize = 16;

    private const int LogWord = 128;
    private const int ChampionWord = 160;
    private const int ShadowWord = 163;
    private const byte PendingWord = 200;
    private const byte CountsWord = 201;
    private const byte DriftWord = 202;
    private const byte LogRunWord = 203;

    private static readonly Fixed DriftAllowance = Fixed.One.Scale(-4);
    private static readonly Fixed LeastScale = Fixed.One.Scale(-6);

    /// <summary>A learner's weights now: those learned, or its first ones.</summary>
    public Fixed[] WeightsOf(LearnerSpec spec, in Hash256 hash)
    {
        foreach (int word in (int[])[ChampionWord, ShadowWord])
        {
            if (Read(word + 2) == UInt256.FromHash256(hash))
            {
                return [.. Unpack(Read(word)).Concat(Unpack(Read(word + 1)))
                    .Take(spec.FirstWeights.Count)];
            }
        }
        return [.. spec.FirstWeights];
    }

    public void Remember(in Hash256 learner, Fixed[] weights, bool isChampion)
    {
        int word = isChampion ? ChampionWord : ShadowWord;
        Write(word, Pack(weights, 0));
        Write(word + 1, Pack(weights, 4));
        Write(word + 2, UInt256.FromHash256(learner));
    }

    /// <summary>
    /// Keeps the features of the n-th sample at this stride. Samples between the run's first one
    /// and the last are all there; another stride or a gap begins a new run.
    /// </summary>
    public void Log(ulong n, ulong stride, IReadOnlyList<Fixed> features)
    {
        UInt256 run = Read(LogRunWord);
        bool goesOn = run.U2 == stride && run.U0 + 1 == n;
        Write(LogRunWord, new UInt256(n, goesOn ? run.U1 : n, stride, 0));
        int word = LogWord + 2 * (int)(n % LogSize);
        Write(word, Pack(features, 0));
        Write(word + 1, Pack(features, 4));
    }

    /// <summary>Whether the n-th sample at this stride is still in the log.</summary>
    public bool IsLogged(ulong n, ulong stride)
    {
        UInt256 run = Read(LogRunWord);
        return run.U2 == stride && n >= run.U1 && n <= run.U0 && run.U0 - n < LogSize;
    }

    public Fixed[] Logged(ulong n, int count)
    {
        int word = LogWord + 2 * (int)(n % LogSize);
        return [.. Unpack(Read(word)).Concat(Unpack(Read(word + 1))).Take(count)];
    }

    /// <summary>What the shadow said of the decision that is next to be judged.</summary>
    public (bool IsPending, ulong Decision, Fixed Output) Pending(in TrialWindow trial)
    {
        UInt256 word = Read(PendingWord);
        return (word.U2 == trial.Start && word.U3 == 1, word.U0,
            Fixed.FromRaw(unchecked((long)word.U1)));
    }

    public void SetPending(in TrialWindow trial, ulong decision, Fixed output) =>
        Write(PendingWord, new UInt256(
            decision, unchecked((ulong)output.Raw), trial.Start, 1));

    /// <summary>
    /// Counts a judged decision of the trial: a win where the shadow was nearer, a loss where the
    /// twin was, and the difference of their errors (ModelRegistry.passes reads it).
    /// </summary>
    public void Count(in TrialWindow trial, Fixed shadowError, Fixed twinError)
    {
        UInt256 word = Read(CountsWord);
        bool isSame = word.U1 == trial.Start;
        ulong wins = isSame ? word.U0 & uint.MaxValue : 0;
        ulong losses = isSame ? word.U0 >> 32 : 0;
        Int128 excess = isSame ? new Int128(word.U3, word.U2) : 0;
        wins += shadowError < twinError && wins < uint.MaxValue ? 1UL : 0;
        losses += shadowError > twinError && losses < uint.MaxValue ? 1UL : 0;
        excess += (Int128)shadowError.Raw - twinError.Raw;
        Write(CountsWord, new UInt256(wins | (losses << 32), trial.Start,
            unchecked((ulong)excess), unchecked((ulong)(excess >> 64))));
        Write(PendingWord, UInt256.Zero);
    }

    /// <summary>Whether these champions' errors have drifted.</summary>
    public bool IsDrifting(IReadOnlyList<Hash256> seats)
    {
        UInt256 word = Read(DriftWord);
        return word.U1 == 1 && word.U2 == TagOf(seats);
    }

    /// <summary>
    /// Page's cumulative sum (1954) of how much worse the model was than the twin, in shares of
    /// what came, less an allowance. Above the threshold the model drifts, until the sum is under
    /// half of it again: it is still asked and scored meanwhile. Other champions start at 0, with
    /// the next decision: what is still to be scored was their predecessors'.
    /// </summary>
    public void Watch(
        IReadOnlyList<Hash256> seats, in LoopHead head, Fixed modelError, Fixed twinError,
        Fixed realised, uint threshold)
    {
        ulong tag = TagOf(seats);
        UInt256 word = Read(DriftWord);
        if (word.U2 != tag || head.Scored < word.U3)
        {
            ulong first = word.U2 == tag ? word.U3 : head.Decided;
            Write(DriftWord, new UInt256(0, 0, tag, first));
            return;
        }
        var most = Fixed.FromInteger(threshold);
        Fixed share = Fixed.Clamp(
            (modelError - twinError) / Fixed.Max(Fixed.Abs(realised), LeastScale),
            -Fixed.One, Fixed.One);
        Fixed sum = Fixed.Clamp(
            Fixed.FromRaw(unchecked((long)word.U0)) + share - DriftAllowance,
            Fixed.Zero, most.Scale(1));
        bool isDrifting = sum > most || (word.U1 == 1 && sum > most.Scale(-1));
        Write(DriftWord, new UInt256(
            unchecked((ulong)sum.Raw), isDrifting ? 1UL : 0, tag, word.U3));
    }

    // Who holds the seats, in 64 bits.
    private static ulong TagOf(IReadOnlyList<Hash256> seats)
    {
        byte[] all = [.. seats.SelectMany(seat => seat.ToArray())];
        return UInt256.FromHash256(Keccak.Hash(all)).U0;
    }

    private UInt256 Read(int word) => context.ReadWord((byte)word);

    private void Write(int word, in UInt256 value) => context.WriteAny((byte)word, value);

    private static UInt256 Pack(IReadOnlyList<Fixed> values, int from) => new(
        At(values, from), At(values, from + 1), At(values, from + 2), At(values, from + 3));

    private static ulong At(IReadOnlyList<Fixed> values, int index) =>
        index < values.Count ? unchecked((ulong)values[index].Raw) : 0;

    private static Fixed[] Unpack(UInt256 word) =>
        [.. new[] { word.U0, word.U1, word.U2, word.U3 }
            .Select(part => Fixed.FromRaw(unchecked((long)part)))];
}
