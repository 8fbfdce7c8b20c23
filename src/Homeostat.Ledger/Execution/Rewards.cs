using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>What a block pays at its end: proof-of-work rewards, withdrawals.</summary>
internal static class Rewards
{
    private const ulong OmmerDepth = 8;
    private const ulong NephewShare = 32;
    private static readonly UInt256 Gwei = 1_000_000_000;

    public static void Pay(
        WorldState world, BlockHeader header, IReadOnlyList<BlockHeader> ommers,
        IReadOnlyList<Withdrawal> withdrawals, BlockRules rules)
    {
        foreach (Withdrawal withdrawal in withdrawals)
        {
            world.AddBalance(withdrawal.Recipient, withdrawal.AmountGwei * Gwei);
        }
        if (rules.IsProofOfStake)
        {
            return;
        }
        UInt256 reward = rules.BlockReward;
        UInt256 own = reward;
        foreach (BlockHeader ommer in ommers)
        {
            ulong distance = header.Number.Value - ommer.Number.Value;
            world.AddBalance(ommer.Coinbase, reward * (OmmerDepth - distance) / OmmerDepth);
            own += reward / NephewShare;
        }
        world.AddBalance(header.Coinbase, own);
    }
}
