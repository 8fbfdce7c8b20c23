using System.Numerics;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Proof-of-work difficulty (Yellow Paper 4.3.4, EIP-2, EIP-100), the bomb included.
/// </summary>
internal static class Difficulty
{
    private static readonly BigInteger Minimum = 131_072;

    public static UInt256 Next(BlockHeader parent, ulong timestamp, BlockRules rules)
    {
        if (rules.Difficulty == DifficultyRule.Zero)
        {
            return UInt256.Zero;
        }
        BigInteger difficulty = parent.Difficulty.ToBigInteger();
        BigInteger next = difficulty + difficulty / 2048 * Adjustment(parent, timestamp, rules);
        next = BigInteger.Max(next, Minimum) + Bomb(parent.Number.Value, rules.BombDelay);
        return (UInt256)next;
    }

    private static long Adjustment(BlockHeader parent, ulong timestamp, BlockRules rules)
    {
        ulong elapsed = timestamp - parent.Timestamp;
        return rules.Difficulty switch
        {
            DifficultyRule.Frontier => elapsed < 13 ? 1 : -1,
            DifficultyRule.Homestead => Math.Max(1 - (long)(elapsed / 10), -99),
            _ => Math.Max(OmmerWeight(parent) - (long)(elapsed / 9), -99),
        };
    }

    private static long OmmerWeight(BlockHeader parent) =>
        parent.OmmersHash == Keccak.EmptyList ? 1 : 2;

    private static BigInteger Bomb(ulong parentNumber, ulong delay)
    {
        ulong number = parentNumber + 1;
        ulong shown = number > delay ? number - delay : 0;
        ulong period = shown / 100_000;
        return period > 1 ? BigInteger.One << (int)(period - 2) : BigInteger.Zero;
    }
}
