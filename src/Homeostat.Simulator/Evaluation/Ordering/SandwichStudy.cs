using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>What searchers and proposers together take from the victims, in ether.</summary>
/// <param name="Profit">Net of all that is burned.</param>
/// <param name="Loss">What the victims get less.</param>
internal readonly record struct SandwichTake(double Profit, double Loss);

/// <summary>
/// A swap workload, synthetic and so declared: trades of lognormal size against constant-product
/// pools, each with a slippage limit. Places in the block are the production draw's.
///
/// A searcher may send any number of copies of both legs from accounts of its own; a copy that
/// finds the price moved, or nothing to sell, ends at once and pays for that. Under fee order it
/// needs none: it bids just above and just below the victim, and what it bids goes to the
/// proposer, who is counted with it. With classes all but the inclusion fee is burned.
///
/// What a copy pays that ends at once is the lever: rules are measured here under which a
/// transaction pays for at least a part of the gas it declares.
/// </summary>
internal sealed class SandwichStudy(ulong seed, double noOpGas = SandwichStudy.NoOpGas)
{
    private const int Victims = 300;
    private const double GasPrice = 30e-9; // ether per gas: base fee of a congested hour
    private const double UrgentPremium = 10e-9;
    /// <summary>Gas of a leg, which is also what it declares.</summary>
    public const double LegGas = 120_000;

    /// <summary>Gas a copy pays for that ends at once.</summary>
    public const double NoOpGas = 35_000;

    private const double PoolFee = 0.003;
    private const int Draws = 300;

    /// <summary>Prepared accounts of a colluding leader, to choose the best drawn from.</summary>
    private const int PreparedAccounts = 64;

    /// <summary>Weight of the largest coalition the network tolerates.</summary>
    private const double CoalitionShare = 1.0 / 3;

    private static readonly int[] CopyCounts = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

    private readonly List<(double Gross, double Loss, double Unwind)> _victims = [];

    /// <summary>Everyone's best sandwich by fee order, searchers and proposer together.</summary>
    public SandwichTake FeeOrder()
    {
        double profit = 0, loss = 0;
        foreach ((double gross, double hurt, _) in VictimList())
        {
            double net = gross - 2 * LegGas * GasPrice;
            if (net > 0)
            {
                profit += net;
                loss += hurt;
            }
        }
        return new SandwichTake(profit, loss);
    }

    /// <summary>
    /// Against drawn places by so many searchers, each with the best number of copies given the
    /// others'.
    /// </summary>
    public SandwichTake Drawn(int searchers)
    {
        double profit = 0, loss = 0;
        foreach ((double gross, double hurt, double unwind) in VictimList())
        {
            int copies = EquilibriumCopies(searchers, gross, unwind);
            if (copies > 0)
            {
                Odds odds = OddsOf(copies, (searchers - 1) * copies);
                profit += searchers * Math.Max(0, odds.Net(copies, gross, unwind, noOpGas));
                loss += hurt * searchers * odds.FrontFirst;
            }
        }
        return new SandwichTake(profit, loss);
    }

    /// <summary>
    /// Where the proposer of a third of the blocks is in it: there it chooses accounts whose places
    /// fall right, elsewhere it is a searcher.
    /// </summary>
    public SandwichTake WithLeader(int searchers)
    {
        SandwichTake drawn = Drawn(searchers);
        double profit = 0, loss = 0;
        foreach ((double gross, double hurt, _) in VictimList())
        {
            double chance = LeaderChance();
            double net = chance * gross - 2 * LegGas * (GasPrice + UrgentPremium);
            profit += Math.Max(0, net);
            loss += net > 0 ? chance * hurt : 0;
        }
        return new SandwichTake(
            CoalitionShare * profit + (1 - CoalitionShare) * drawn.Profit,
            CoalitionShare * loss + (1 - CoalitionShare) * drawn.Loss);
    }

    /// <summary>That a leader finds one account before and one after the victim.</summary>
    public static double LeaderChance()
    {
        int found = 0;
        for (int block = 0; block < Draws; block++)
        {
            var draw = new PlaceDraw(Keccak.Hash([1, .. BitConverter.GetBytes(block)]));
            SenderRank victim = draw.RankOf(Account(0, block));
            bool before = false, after = false;
            for (int i = 1; i <= PreparedAccounts; i++)
            {
                bool isBefore = draw.RankOf(Account(i, 0)) < victim;
                before |= isBefore;
                after |= !isBefore;
            }
            found += before && after ? 1 : 0;
        }
        return found / (double)Draws;
    }

    /// <summary>Gross gain, victim's loss and what an unsold first leg costs, by victim.</summary>
    private List<(double Gross, double Loss, double Unwind)> VictimList()
    {
        if (_victims.Count > 0)
        {
            return _victims;
        }
        var random = new SeededRandom(seed);
        for (int i = 0; i < Victims; i++)
        {
            double pool = 200 * Math.Exp(1.2 * Normal(random)); // ether on one side
            double size = Math.Min(pool / 4, 1.5 * Math.Exp(1.3 * Normal(random)));
            double slippage = 0.005 + 0.015 * random.NextBelow(1_000) / 1e3;
            _victims.Add(Best(pool, size, slippage));
        }
        return _victims;
    }

    /// <summary>The first leg that leaves the victim just within its slippage limit.</summary>
    private static (double Gross, double Loss, double Unwind) Best(
        double pool, double size, double slippage)
    {
        double fair = Out(pool, pool, size);
        double low = 0, high = pool;
        for (int i = 0; i < 50; i++)
        {
            double leg = (low + high) / 2;
            double bought = Out(pool, pool, leg);
            bool isWithin = Out(pool + leg, pool - bought, size) >= fair * (1 - slippage);
            (low, high) = isWithin ? (leg, high) : (low, leg);
        }
        double best = 0, bestLoss = 0, bestUnwind = 0;
        for (int i = 1; i <= 20; i++)
        {
            double leg = low * i / 20;
            double bought = Out(pool, pool, leg);
            double x = pool + leg, y = pool - bought;
            double got = Out(x, y, size);
            double back = Out(y - got, x + size, bought);
            if (back - leg > best)
            {
                best = back - leg;
                bestLoss = fair - got;
                // Sold later into a pool that arbitrage has brought back to its price.
                bestUnwind = Math.Max(0, leg - Out(pool, pool, bought));
            }
        }
        return (best, bestLoss, bestUnwind);
    }

    private static double Out(double reserveIn, double reserveOut, double amount)
    {
        double net = amount * (1 - PoolFee);
        return reserveOut * net / (reserveIn + net);
    }

    private int EquilibriumCopies(int searchers, double gross, double unwind)
    {
        if (gross <= 2 * LegGas * (GasPrice + UrgentPremium))
        {
            return 0;
        }
        // Symmetric: the greatest number at which nobody gains by another one.
        int best = 0;
        foreach (int copies in CopyCounts)
        {
            double at = copies == 0
                ? 0
                : OddsOf(copies, (searchers - 1) * copies).Net(copies, gross, unwind, noOpGas);
            int up = CopyCounts.FirstOrDefault(other => other > copies, copies);
            double more = OddsOf(up, (searchers - 1) * copies).Net(up, gross, unwind, noOpGas);
            best = copies;
            if (more <= at)
            {
                break;
            }
        }
        return best;
    }

    private readonly Dictionary<(int, int), Odds> _odds = [];

    /// <summary>By the production draw: one searcher's copies, all others', one victim.</summary>
    private Odds OddsOf(int mine, int others)
    {
        if (_odds.TryGetValue((mine, others), out Odds known))
        {
            return known;
        }
        int success = 0, held = 0;
        for (int i = 0; i < Draws; i++)
        {
            var draw = new PlaceDraw(Keccak.Hash([2, .. BitConverter.GetBytes(i)]));
            SenderRank victim = draw.RankOf(Account(0, i));
            SenderRank? first = Least(draw, 1, mine), theirs = Least(draw, 2, others);
            bool isFirst = first < victim && (theirs is null || first < theirs);
            bool sells = false;
            for (int j = 0; j < mine && isFirst; j++)
            {
                sells |= draw.RankOf(Account(3, j)) > victim;
            }
            success += isFirst && sells ? 1 : 0;
            held += isFirst && !sells ? 1 : 0;
        }
        var odds = new Odds(success / (double)Draws, held / (double)Draws);
        _odds.Add((mine, others), odds);
        return odds;
    }

    private static SenderRank? Least(PlaceDraw draw, int group, int count)
    {
        SenderRank? least = null;
        for (int i = 0; i < count; i++)
        {
            SenderRank rank = draw.RankOf(Account(group, i));
            least = least is { } other && other < rank ? other : rank;
        }
        return least;
    }

    private static Address Account(int group, int index) =>
        Address.FromNumber((uint)((group << 20) + index));

    private static double Normal(SeededRandom random)
    {
        double sum = 0;
        for (int i = 0; i < 12; i++)
        {
            sum += random.NextBelow(1_000_000) / 1e6;
        }
        return sum - 6;
    }

    /// <param name="Success">First leg first and before the victim, a second one after.</param>
    /// <param name="Held">First leg so, but no second one after the victim.</param>
    private readonly record struct Odds(double Success, double Held)
    {
        public double FrontFirst => Success + Held;

        /// <summary>Of one searcher with so many copies of each leg.</summary>
        public double Net(int copies, double gross, double unwind, double noOpGas)
        {
            const double Price = GasPrice + UrgentPremium;
            double legs = Success * 2 + Held;
            double gas = legs * LegGas + (2 * copies - legs) * noOpGas;
            return Success * gross - Held * unwind - gas * Price;
        }
    }
}
