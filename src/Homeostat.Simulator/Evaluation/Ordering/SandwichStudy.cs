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
/// A searcher may send any number of copies from accounts of its own, and each does what is left to
/// do where it stands: buys before the victim, sells after it, or ends at once and pays for that.
/// Under fee order it needs two: it bids just above and just below the victim, and what it bids
/// goes to the proposer, who is counted with it. With classes all but the inclusion fee is burned.
///
/// A victim may seal its trade (<see cref="SealedCommitments"/>), which costs it a commitment and
/// the urgent class, and does so where it loses less by it.
///
/// What a copy pays that ends at once is the lever: rules are measured here under which a
/// transaction pays for at least a part of the gas it declares.
/// </summary>
/// <param name="missed">
/// The share of sealed urgent transactions that are not in the first block after they came.
/// </param>
/// <param name="tradeSeconds">
/// A pool sees a trade so often. Who wants to stand before a sealed one must have first legs of its
/// own sealed before it has read it, in every window and for both directions.
/// </param>
internal sealed class SandwichStudy(
    ulong seed, double noOpGas = SandwichStudy.NoOpGas, double missed = 0,
    double tradeSeconds = 30)
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

    private static readonly int[] CopyCounts = [0, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

    /// <summary>
    /// Gas of a commitment: a transaction and 32 bytes of calldata at their floor (EIP-7623).
    /// </summary>
    private const double SealGas = 22_280;

    private const double WindowSeconds =
        SealedCommitments.Window * ClassMarket.BlockMs / 1_000.0;

    private readonly List<Victim> _victims = [];

    /// <summary>Everyone's best sandwich by fee order, searchers and proposer together.</summary>
    public SandwichTake FeeOrder()
    {
        double profit = 0, loss = 0;
        foreach (Victim victim in VictimList())
        {
            double net = victim.Gross - 2 * LegGas * GasPrice;
            if (net > 0)
            {
                profit += net;
                loss += victim.Loss;
            }
        }
        return new SandwichTake(profit, loss);
    }

    /// <summary>
    /// Against drawn places by so many searchers, each with the best number of copies given the
    /// others'.
    /// </summary>
    public SandwichTake Drawn(int searchers) =>
        Sum(victim => Open(victim, searchers));

    /// <summary>
    /// Where the proposer of a third of the blocks is in it: there it chooses accounts whose places
    /// fall right, elsewhere it is a searcher.
    /// </summary>
    public SandwichTake WithLeader(int searchers) =>
        Sum(victim => Mixed(OpenToLeader(victim), Open(victim, searchers)));

    /// <summary>The same with victims who seal where it pays.</summary>
    public SandwichTake Sealing(int searchers) => Sum(victim =>
        Least(Open(victim, searchers), Sealed(victim)));

    /// <summary>
    /// The same where the proposer of a third of the blocks is in it.
    /// </summary>
    public SandwichTake SealingWithLeader(int searchers) => Sum(victim => Least(
        Mixed(OpenToLeader(victim), Open(victim, searchers)),
        Mixed(SealedToLeader(victim), Sealed(victim))));

    private SandwichTake Sum(Func<Victim, SandwichTake> of)
    {
        double profit = 0, loss = 0;
        foreach (Victim victim in VictimList())
        {
            SandwichTake take = of(victim);
            profit += take.Profit;
            loss += take.Loss;
        }
        return new SandwichTake(profit, loss);
    }

    private static SandwichTake Least(SandwichTake open, SandwichTake sealing) =>
        sealing.Loss < open.Loss ? sealing : open;

    private static SandwichTake Mixed(SandwichTake led, SandwichTake other) => new(
        CoalitionShare * led.Profit + (1 - CoalitionShare) * other.Profit,
        CoalitionShare * led.Loss + (1 - CoalitionShare) * other.Loss);

    private SandwichTake Open(Victim victim, int searchers)
    {
        int copies = EquilibriumCopies(searchers, victim.Gross, victim.Unwind);
        if (copies == 0)
        {
            return default;
        }
        Odds odds = OddsOf(copies, (searchers - 1) * copies);
        double net = odds.Net(copies, victim.Gross, victim.Unwind, noOpGas);
        return new SandwichTake(
            searchers * Math.Max(0, net), victim.Loss * searchers * odds.FrontFirst);
    }

    private static SandwichTake OpenToLeader(Victim victim)
    {
        double chance = LeaderChance();
        double net = chance * victim.Gross - 2 * LegGas * (GasPrice + UrgentPremium);
        return net > 0 ? new SandwichTake(net, chance * victim.Loss) : default;
    }

    /// <summary>
    /// Against a sealed trade there are two ways. First legs sealed beforehand, for this pool and
    /// both directions in every window, by what its trades are worth in the mean (only the pool's
    /// depth is known then), opened or not when the trade has been read: k of them stand before
    /// the trade's place with chance k / (k + 1), and a second leg that is not sealed surely after
    /// it. Or first legs of no certain purpose, sealed beforehand (for nothing: they serve for all
    /// pools), that read what to do from the state: it must have been written in an earlier block
    /// than the trade's, so only where that misses the first block after all have read it.
    /// </summary>
    private SandwichTake Sealed(Victim victim)
    {
        const double Own = SealGas * GasPrice + LegGas * UrgentPremium;
        int legs = StockFor(victim.Depth);
        double known = legs == 0 ? 0 : Opened(victim, legs);
        double written = CopyCounts.Where(count => count > 0).Prepend(1)
            .Max(count => missed * Opened(victim, count));
        double first = legs / (legs + 1.0);
        return known >= written
            ? new SandwichTake(
                known - StockCost(legs), Own + (known > 0 ? first * victim.Loss : 0))
            : new SandwichTake(written - StockCost(legs), Own + missed * victim.Loss);
    }

    /// <summary>What so many first legs gain from a trade, opened only where they do.</summary>
    private double Opened(Victim victim, int legs)
    {
        double first = legs / (legs + 1.0);
        double gas = 2 * first * LegGas + (legs + 1 - 2 * first) * noOpGas;
        return Math.Max(0, first * victim.Gross - gas * (GasPrice + UrgentPremium));
    }

    /// <summary>Of first legs for both directions, from one trade to the next.</summary>
    private double StockCost(int legs) =>
        tradeSeconds / WindowSeconds * 2 * legs * SealGas * GasPrice;

    /// <summary>First legs that pay best over all trades in pools of this depth.</summary>
    private int StockFor(int depth)
    {
        Victim[] alike = [.. VictimList().Where(victim => victim.Depth == depth)];
        double Profit(int legs) => legs == 0
            ? 0
            : alike.Sum(victim => Opened(victim, legs) - StockCost(legs));
        return CopyCounts.Append(1).MaxBy(Profit);
    }

    /// <summary>
    /// A leader leaves the trade out of its own block, writes there what to do, and has first legs
    /// sealed: taken as sure and without cost.
    /// </summary>
    private static SandwichTake SealedToLeader(Victim victim)
    {
        double own = SealGas * GasPrice + LegGas * UrgentPremium;
        double net = victim.Gross - 2 * LegGas * (GasPrice + UrgentPremium);
        return net > 0
            ? new SandwichTake(net, own + victim.Loss)
            : new SandwichTake(0, own);
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

    /// <param name="Gross">What a sandwich gains before gas.</param>
    /// <param name="Loss">What it costs the victim.</param>
    /// <param name="Unwind">What an unsold first leg costs.</param>
    /// <param name="Depth">The pool's decile by depth.</param>
    private readonly record struct Victim(
        double Gross, double Loss, double Unwind, int Depth = 0);

    private List<Victim> VictimList()
    {
        if (_victims.Count > 0)
        {
            return _victims;
        }
        var random = new SeededRandom(seed);
        var depths = new List<double>();
        for (int i = 0; i < Victims; i++)
        {
            double pool = 200 * Math.Exp(1.2 * Normal(random)); // ether on one side
            double size = Math.Min(pool / 4, 1.5 * Math.Exp(1.3 * Normal(random)));
            double slippage = 0.005 + 0.015 * random.NextBelow(1_000) / 1e3;
            _victims.Add(Best(pool, size, slippage));
            depths.Add(pool);
        }
        for (int i = 0; i < Victims; i++)
        {
            int shallower = depths.Count(depth => depth < depths[i]);
            _victims[i] = _victims[i] with { Depth = shallower * 10 / Victims };
        }
        return _victims;
    }

    /// <summary>The first leg that leaves the victim just within its slippage limit.</summary>
    private static Victim Best(double pool, double size, double slippage)
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
        return new Victim(best, bestLoss, bestUnwind);
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
        // Symmetric: the number at which another one would gain least.
        double Net(int mine, int each) => mine == 0
            ? 0
            : OddsOf(mine, (searchers - 1) * each).Net(mine, gross, unwind, noOpGas);
        return CopyCounts.MinBy(each =>
            CopyCounts.Max(mine => Net(mine, each)) - Net(each, each));
    }

    private readonly Dictionary<(int, int), Odds> _odds = [];

    /// <summary>By the production draw: one searcher's copies, all others', a victim.</summary>
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
                sells |= draw.RankOf(Account(1, j)) > victim;
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

    /// <param name="Success">A copy first and before the victim, another one after.</param>
    /// <param name="Held">A copy so, but none after the victim.</param>
    private readonly record struct Odds(double Success, double Held)
    {
        public double FrontFirst => Success + Held;

        /// <summary>Of one searcher with so many copies.</summary>
        public double Net(int copies, double gross, double unwind, double noOpGas)
        {
            const double Price = GasPrice + UrgentPremium;
            double legs = Success * 2 + Held;
            double gas = legs * LegGas + (copies - legs) * noOpGas;
            return Success * gross - Held * unwind - gas * Price;
        }
    }
}
