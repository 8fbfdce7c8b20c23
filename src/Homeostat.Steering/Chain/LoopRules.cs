using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// A loop's settings: sixteen uint32 in two words of the Constitution, lowest first. The first
/// and last three mean the same in every loop.
/// </summary>
public readonly record struct LoopSettings(UInt256 First, UInt256 Second)
{
    public static LoopSettings Of(ReadOnlySpan<uint> values)
    {
        Invariant.Require(values.Length <= ConstitutionStorage.ParametersOfLoop);
        Span<ulong> parts = stackalloc ulong[8];
        parts.Clear();
        for (int i = 0; i < values.Length; i++)
        {
            parts[i / 2] |= (ulong)values[i] << (32 * (i % 2));
        }
        return new LoopSettings(
            new UInt256(parts[0], parts[1], parts[2], parts[3]),
            new UInt256(parts[4], parts[5], parts[6], parts[7]));
    }

    public uint this[int index]
    {
        get
        {
            UInt256 word = index < 8 ? First : Second;
            return (uint)((word >> (32 * (index % 8))).U0 & uint.MaxValue);
        }
    }

    /// <summary>Least time between decisions.</summary>
    public uint PeriodMs => this[0];

    /// <summary>Least blocks between decisions; 0 stops the loop from deciding.</summary>
    public uint MinimumBlocks => this[1];

    /// <summary>Blocks after which a decision is scored, its own included.</summary>
    public uint HorizonBlocks => this[2];

    /// <summary>
    /// Budget of one decision in a model's own steps (a product, or a node on a way down a tree);
    /// 0 stands for 65,536: some 0.3 ms.
    /// </summary>
    public uint ComputeSteps => this[13] == 0 ? 65_536 : this[13];

    /// <summary>
    /// Where the sum of excess errors says that models drift, in whole outcomes that are wrong by
    /// as much as what came; 0 stands for 8.
    /// </summary>
    public uint DriftThreshold => this[14] == 0 ? 8 : Math.Min(this[14], 1 << 20);

    /// <summary>
    /// Most spread of champions' outputs, in basis points of the output taken or the twin's; 0
    /// stands for 5,000.
    /// </summary>
    public uint DisagreementBasisPoints => this[15] == 0 ? 5_000 : this[15];
}

/// <summary>What the Constitution says of one loop, with the vector in force.</summary>
/// <param name="Place">Its number among the loops.</param>
/// <param name="Mode">What it may do.</param>
/// <param name="InForce">The vector in force for the next block.</param>
/// <param name="Settings">The loop's parameters.</param>
/// <param name="Actuators">Rules, one a field.</param>
public sealed record LoopRules(
    int Place, LoopMode Mode, IReadOnlyList<ulong> InForce, LoopSettings Settings,
    IReadOnlyList<ActuatorRules> Actuators)
{
    public int Fields => Actuators.Count;

    /// <summary>
    /// One step of every field toward its ratified value: what mode off asks for. Where all at once
    /// would break an invariant, as many fields as can go, tried in order.
    /// </summary>
    public ulong[] TowardRatified(IStorageReader state, Height height)
    {
        ulong[] home = [.. Actuators.Select(
            (rules, i) => rules.Step(InForce[i], rules.Ratified, height))];
        if (Excess(state, home) == 0)
        {
            return home;
        }
        ulong[] reached = [.. InForce];
        for (int i = 0; i < home.Length; i++)
        {
            ulong[] next = [.. reached];
            next[i] = home[i];
            reached = Excess(state, next) <= Excess(state, reached) ? next : reached;
        }
        // From an illegal vector the whole step home is always taken; from a legal one never if
        // it breaks something.
        return reached.AsSpan().SequenceEqual(InForce.ToArray()) && Excess(state, InForce) != 0
            ? home
            : reached;
    }

    /// <summary>
    /// The greatest excess of any invariant that reads this loop, with its vector replaced and the
    /// other loops' in force; 0 when all are obeyed.
    /// </summary>
    public UInt256 Excess(IStorageReader state, IReadOnlyList<ulong> vector)
    {
        UInt256 most = UInt256.Zero;
        foreach ((_, InvariantCode code) in ConstitutionStorage.ReadInvariants(state, Place))
        {
            UInt256 excess = code.Excess(
                (loop, field) => loop == Place && field < vector.Count
                    ? vector[field]
                    : ConstitutionStorage.ReadField(state, loop, field),
                (loop, index) => ConstitutionStorage.ReadParameters(state, loop)[index]);
            most = UInt256.Max(most, excess);
        }
        return most;
    }
}

/// <summary>A loop as genesis writes it, with its ratified values in force.</summary>
public sealed record LoopGenesis(
    Hash256 Name, LoopMode Mode, uint DwellBlocks, LoopSettings Parameters,
    IReadOnlyList<ActuatorRules> Actuators);
