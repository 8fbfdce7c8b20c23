using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica.Tests;

public sealed class BlockTreeTests
{
    [Fact]
    public void A_final_block_drops_its_rivals_and_all_that_stands_on_them()
    {
        TreeBlock root = Block(0, "root", Hash256.Zero);
        var tree = new BlockTree(root);
        TreeBlock winner = Add(tree, 1, "winner", root);
        TreeBlock child = Add(tree, 2, "child", winner);
        TreeBlock rival = Add(tree, 1, "rival", root);
        TreeBlock heir = Add(tree, 2, "heir", rival);

        IReadOnlyList<TreeBlock> losers = tree.Finalize(winner);

        Assert.Equal([rival, heir], losers);
        Assert.Same(winner, tree.Finalized);
        Assert.True(tree.TryGet(child.Hash, out _));
        Assert.False(tree.TryGet(root.Hash, out _));
        Assert.False(tree.TryGet(heir.Hash, out _));
        Assert.Equal(2, tree.Count);
    }

    [Fact]
    public void A_block_without_its_parent_is_not_taken()
    {
        var tree = new BlockTree(Block(0, "root", Hash256.Zero));
        TreeBlock orphan = Block(5, "orphan", Keccak.Hash("elsewhere"u8));
        Assert.False(tree.TryAdd(orphan));
        Assert.Equal(1, tree.Count);
    }

    [Fact]
    public void Only_a_child_of_the_root_can_become_final()
    {
        TreeBlock root = Block(0, "root", Hash256.Zero);
        var tree = new BlockTree(root);
        TreeBlock child = Add(tree, 1, "child", root);
        TreeBlock grandchild = Add(tree, 2, "grandchild", child);
        Assert.Throws<InvariantViolation>(() => tree.Finalize(grandchild));
    }

    private static TreeBlock Add(BlockTree tree, ulong height, string name, TreeBlock parent)
    {
        TreeBlock block = Block(height, name, parent.Hash);
        Assert.True(tree.TryAdd(block));
        return block;
    }

    private static TreeBlock Block(ulong height, string name, Hash256 parent) => new()
    {
        Reference = new BlockReference(
            new Height(height), new View(height), View.Genesis,
            Keccak.Hash(System.Text.Encoding.UTF8.GetBytes(name)), parent, 0),
        Block = new Block { Header = new BlockHeader { Number = new Height(height) } },
        Encoded = [],
        State = WorldSnapshot.Empty(new MemoryNodeSource()),
        Parameters = default,
        Validators = ValidatorSet.Create(new Validator(Address.FromNumber(1), 1)),
        Revision = null,
        SteeringGas = 0,
    };
}
