using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// A version of the nodes' own code, for a network to agree on (docs/spec/governance.md,
/// "Revisions").
/// </summary>
public sealed record ProtocolRevision
{
    /// <summary>Counts up by one.</summary>
    public required ulong Number { get; init; }

    /// <summary>keccak256 of its specification, docs/spec/revisions/NUMBER.md.</summary>
    public required Hash256 Spec { get; init; }

    /// <summary>What it is about, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>Its rules, from those of the revision before.</summary>
    public required Func<BlockRules, BlockRules> Change { get; init; }
}

/// <summary>
/// The revisions this code can run. A change of what is valid is a new entry here and a text under
/// docs/spec/revisions, never an edit of one that a network may follow: which one a block follows
/// is in the chain's state, so one program runs every network at every height.
/// </summary>
public static class ProtocolRevisions
{
    /// <summary>What the first has, before any change.</summary>
    public const ulong First = 1;

    private static readonly ProtocolRevision[] Table =
    [
        new()
        {
            Number = First,
            Spec = new Hash256(
                "0x1e9840ea28fb047802d87a83af7c548cd2fda92e14832aba5c0a526838701b33"),
            Title = "the protocol of version 0.1",
            Change = rules => rules,
        },
        new()
        {
            Number = 2,
            Spec = new Hash256(
                "0x9c5b3aa6fc87f7b2041d43379cd8410dc0c906319e78c1ec8ff8e437bec03a06"),
            Title = "larger contracts (EIP-7954)",
            Change = rules => rules with
            {
                Evm = rules.Evm with { MaxCodeSize = 32_768, MaxInitcodeSize = 65_536 },
            },
        },
    ];

    /// <summary>In the order of their numbers, from <see cref="First"/> on.</summary>
    public static IReadOnlyList<ProtocolRevision> All => Table;

    /// <summary>The highest number this code knows.</summary>
    public static ulong Newest => Table[^1].Number;

    /// <summary>Null where this code does not know it.</summary>
    public static ProtocolRevision? Find(ulong number) =>
        number >= First && number <= Newest ? Table[number - First] : null;

    /// <summary>The rules of a revision this code knows.</summary>
    /// <param name="first">Those of the first.</param>
    public static BlockRules Rules(BlockRules first, ulong number)
    {
        Invariant.Require(Find(number) is not null);
        BlockRules rules = first;
        foreach (ProtocolRevision revision in Table.AsSpan(0, (int)(number - First) + 1))
        {
            rules = revision.Change(rules);
        }
        return rules;
    }
}
