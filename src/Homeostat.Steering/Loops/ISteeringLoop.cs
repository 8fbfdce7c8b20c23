using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// One loop of the network: what it reads, what it would change, how it is scored. Everything else
/// (when it is due, asking models, the mode, the ruling, records) is the same for all loops and
/// stands in LoopRunner. A loop is stateless: what it remembers lies in its words on the chain.
/// Whatever it throws costs the block that loop's part alone.
/// </summary>
public interface ISteeringLoop
{
    /// <summary>The name as bytes32 text of at most 24 characters.</summary>
    Hash256 Name { get; }

    /// <summary>What its numbers mean, for people.</summary>
    LoopWords Words { get; }

    /// <summary>
    /// Whether it may decide in this block at all, beside what its settings say.
    /// </summary>
    bool MayDecide(IStorageReader state, Height height) => true;

    /// <summary>
    /// In every block from 1 on, before decisions: moves the loop's own words on.
    /// </summary>
    void Advance(LoopContext context);

    /// <summary>
    /// What models go by in this block: asked in every block where a learner learns, and no
    /// different from what <see cref="Read"/> gives where a decision is due. Reads only.
    /// </summary>
    IReadOnlyList<Fixed> Features(LoopContext context);

    /// <summary>When a decision is due: what model and twin go by.</summary>
    LoopInputs Read(LoopContext context, LoopRules rules);

    /// <summary>
    /// What came of a forecast made in the block of this height: of the oldest decision not scored,
    /// asked at the first block at or past its height + horizon; of what a learner learns from,
    /// asked at height + horizon. In the unit of the models' output.
    /// </summary>
    Fixed Score(LoopContext context, Height madeAt, LoopRules rules);
}

/// <summary>What one decision is computed from.</summary>
/// <param name="Features">The models' input, in the order of the feature set.</param>
/// <param name="FeatureSet">Names that order in a model's encoding.</param>
/// <param name="TwinOutput">The plain estimate in the model's place.</param>
/// <param name="Readings">Recorded with the decision, at most 16.</param>
/// <param name="Propose">From an output, a model's or the twin's, to a whole vector. Not asked in
/// mode off.</param>
public sealed record LoopInputs(
    IReadOnlyList<Fixed> Features,
    byte FeatureSet,
    Fixed TwinOutput,
    IReadOnlyList<ulong> Readings,
    Func<Fixed, ulong[]> Propose);

/// <summary>A loop's numbers in words.</summary>
/// <param name="Fields">Name and unit of each field of the vector.</param>
/// <param name="Readings">Name and unit of each reading.</param>
/// <param name="Features">Names of the features.</param>
/// <param name="Output">What a model's output is, and its unit.</param>
public sealed record LoopWords(
    IReadOnlyList<Quantity> Fields,
    IReadOnlyList<Quantity> Readings,
    IReadOnlyList<string> Features,
    Quantity Output);

/// <summary>A number's name and unit; the unit may be empty.</summary>
public readonly record struct Quantity(string Name, string Unit);
