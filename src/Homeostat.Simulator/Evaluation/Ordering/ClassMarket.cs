using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Simulator;

/// <summary>What a user does in a market of classes.</summary>
/// <param name="Class">
/// A <see cref="Ledger.FeeClass"/>; <see cref="Honest"/>: the best at the posted prices and the
/// waits it believes in, or nothing at all.
/// </param>
/// <param name="Copies">Accounts that send the same; the first one in does it.</param>
/// <param name="Parts">Transactions that together do it; all have to be in.</param>
/// <param name="Junk">Transactions of no use it sends besides, in the standard class.</param>
internal readonly record struct ClassPlay(
    int Class = ClassPlay.Honest, int Copies = 1, int Parts = 1, int Junk = 0)
{
    public const int Honest = -2;

    public static readonly ClassPlay OfHonest = new(Honest);
}

/// <summary>
/// The production pool, selection, order check, lane, prices and premium rule, fed with users: all
/// of ordering but execution, for which the record says what gas was used.
/// </summary>
/// <param name="sealedOneIn">
/// Of so many users one seals what it sends as urgent; 0: nobody. Its commitment is taken to be in
/// a block before.
/// </param>
internal sealed class ClassMarket(
    Market market, Func<PooledTransaction, int>? levels = null, int sealedOneIn = 0)
{
    public const long BlockMs = 250;
    private const int DecisionBlocks = 4;
    private const int DrainBlocks = 400;
    private const ulong NoOpGas = 30_000;

    /// <summary>Each transaction is an account's only one, so nonces couple nobody.</summary>
    private const ulong Balance = ulong.MaxValue;

    public static readonly OrderingParameters Start = new(
        0, 0, 3_500, 2_500, 0, 10_000, 4);

    private readonly Accounts _accounts = new();

    /// <summary>In force after the last run.</summary>
    public OrderingParameters Vector { get; private set; }

    /// <param name="plays">By user; null: everyone is honest.</param>
    /// <param name="beliefs">What users think each class waits.</param>
    public MarketOutcome Run(
        IReadOnlyList<ClassPlay>? plays, WaitTable beliefs, ulong seed, OrderingParameters start)
    {
        _accounts.Used.Clear();
        var run = new ClassRun(market, plays, beliefs, levels, _accounts, seed)
        {
            Vector = start,
            SealedOneIn = sealedOneIn,
        };
        MarketOutcome outcome = run.Go();
        Vector = run.Vector;
        Chosen = run.Chosen;
        return outcome;
    }

    /// <summary>Classes in the last run by user; −1: it sent nothing.</summary>
    public int[] Chosen { get; private set; } = [];

    public static bool IsSealed(MarketUser user, int oneIn) => oneIn > 0 && user.Index % oneIn == 0;

    private sealed class Accounts : IAccounts
    {
        public HashSet<Address> Used { get; } = [];

        public AccountStanding Read(in Address sender) =>
            new(Used.Contains(sender) ? 1UL : 0UL, new UInt256(0, Balance));
    }

    private sealed record Sent(MarketUser User, RecoveredTransaction Transaction, ulong Used)
    {
        /// <summary>Junk does nothing for its sender.</summary>
        public bool IsJunk { get; init; }
    }

    private sealed class ClassRun(
        Market market, IReadOnlyList<ClassPlay>? plays, WaitTable beliefs,
        Func<PooledTransaction, int>? levels, Accounts accounts, ulong seed)
    {
        private readonly TransactionPool _pool = new(
            new PoolLimits { Bytes = 1L << 40, Transactions = 1 << 20 }, accounts,
            new PoolChain(new ChainId(4242), market.BlockGas));
        private readonly Dictionary<Hash256, Sent> _sent = [];
        private readonly Fate[] _fates = new Fate[market.Users.Count];
        private readonly int[] _partsLeft = new int[market.Users.Count];
        private readonly List<Sent>[] _mine = new List<Sent>[market.Users.Count];
        private readonly PriorityQueue<MarketUser, double> _leaving = new();
        private readonly WaitBound _bound = new(market.BlockGas);
        private readonly double[] _loads = new double[ClassPrices.Classes];
        private readonly WaitMeter _waits = new();
        private ClassWaits _told;
        private IReadOnlyList<Hash256> _overdue = [];
        private int _usedShare = OrderingTerms.Basis;
        private int _next;
        private uint _accounts;
        private readonly List<Hash256> _commitments = [];

        public required OrderingParameters Vector { get; set; }

        public int SealedOneIn { get; init; }

        public int[] Chosen { get; } = new int[market.Users.Count];

        public MarketOutcome Go()
        {
            double last = market.Users[^1].Arrival;
            for (int height = 1; height < last + DrainBlocks; height++)
            {
                Arrive(height);
                Leave(height);
                Step(height);
                if (_next == market.Users.Count && _pool.Count == 0)
                {
                    break;
                }
            }
            foreach (MarketUser user in market.Users)
            {
                ref Fate fate = ref _fates[user.Index];
                if (!fate.IsServed)
                {
                    fate = fate with { Delay = Math.Min(user.Patience, last + DrainBlocks) };
                }
            }
            return new MarketOutcome(market.Users, _fates)
            {
                LeastSlack = _bound.LeastSlack,
                Bounded = _bound.Count,
            };
        }

        private void Arrive(int height)
        {
            while (_next < market.Users.Count && market.Users[_next].Arrival < height)
            {
                MarketUser user = market.Users[_next];
                ClassPlay play = plays?[_next] ?? ClassPlay.OfHonest;
                _next++;
                int chosen = play.Class == ClassPlay.Honest ? BestClass(user) : play.Class;
                Chosen[user.Index] = chosen;
                if (chosen < 0)
                {
                    continue;
                }
                _pool.NowMs = (long)(user.Arrival * BlockMs);
                _partsLeft[user.Index] = play.Parts;
                _mine[user.Index] = [];
                for (int i = 0; i < play.Copies * play.Parts; i++)
                {
                    ulong overhead = play.Parts > 1 ? 21_000UL : 0;
                    Send(
                        user, chosen, user.Gas / (ulong)play.Parts + overhead,
                        user.Used / (ulong)play.Parts + overhead, isJunk: false);
                }
                for (int i = 0; i < play.Junk; i++)
                {
                    Send(user, 0, 21_000, 21_000, isJunk: true);
                }
                if (user.Patience < 1e8)
                {
                    _leaving.Enqueue(user, user.Arrival + user.Patience);
                }
            }
        }

        private int BestClass(MarketUser user)
        {
            int best = -1;
            double most = 0;
            for (int i = 0; i < ClassPrices.Classes; i++)
            {
                ulong premium = i switch
                {
                    2 => Vector.UrgentPremium,
                    1 => Vector.FastPremium,
                    _ => 0,
                };
                double utility = beliefs.Utility(
                    user, i, user.BaseCost + (double)premium * user.Used);
                if (utility > most)
                {
                    (best, most) = (i, utility);
                }
            }
            return best;
        }

        private void Send(MarketUser user, int wanted, ulong gas, ulong used, bool isJunk)
        {
            // Some headroom, so that the class is kept while premiums move a little.
            UInt256 tip = wanted switch
            {
                2 => 2 * (UInt256)Vector.UrgentPremium,
                1 => Math.Min(
                    Vector.FastPremium + Vector.FastPremium / 4, Vector.UrgentPremium - 1),
                _ => 0UL,
            };
            var transaction = new Transaction
            {
                Type = TransactionType.DynamicFee,
                ChainId = 4242,
                MaxFee = tip + market.BaseFee,
                MaxPriorityFee = tip,
                GasLimit = Math.Max(21_000, gas),
                To = user.Record.To,
                Signature = new Signature((ulong)user.Index + 1, ++_accounts, false),
            };
            // Accounts are the same in runs that differ by one user's play.
            Span<byte> name = stackalloc byte[Address.Size];
            new Hash256(Keccak.Hash(
                [.. BitConverter.GetBytes(user.Index), (byte)(_mine[user.Index]?.Count ?? 0),
                    (byte)(isJunk ? 1 : 0)]).ToArray()).Bytes[..Address.Size].CopyTo(name);
            var recovered = new RecoveredTransaction(transaction, new Address(name));
            var sent = new Sent(user, recovered, Math.Min(used, transaction.GasLimit))
            {
                IsJunk = isJunk,
            };
            PoolAddResult added = _pool.Add(recovered);
            Invariant.Require(added.IsTaken, added.Error ?? "");
            _sent.Add(recovered.Hash, sent);
            if (ClassMarket.IsSealed(user, SealedOneIn) && wanted == (int)FeeClass.Urgent)
            {
                _commitments.Add(SealedCommitments.CommitmentTo(recovered.Hash));
            }
            _mine[user.Index].Add(sent);
        }

        private void Leave(int height)
        {
            while (_leaving.TryPeek(out MarketUser? user, out double when) && when < height)
            {
                _leaving.Dequeue();
                if (!_fates[user.Index].IsServed)
                {
                    foreach (Sent sent in _mine[user.Index])
                    {
                        Drop(sent);
                    }
                }
            }
        }

        private void Drop(Sent sent)
        {
            _pool.Discard(sent.Transaction.Hash);
            _bound.Forget(sent.Transaction.Hash);
        }

        private void Step(int height)
        {
            _pool.NowMs = height * BlockMs;
            var terms = new OrderingTerms
            {
                Prices = new ClassPrices(
                    Vector.FastPremium, Vector.UrgentPremium, Vector.InclusionFee),
                FastShare = (int)Vector.FastShare,
                UrgentShare = (int)Vector.UrgentShare,
                Seed = Keccak.Hash(
                    [.. BitConverter.GetBytes(seed), .. BitConverter.GetBytes(height)]),
                Overdue = _overdue,
                Sealed = SealedCommitments.Of(_commitments),
            };
            BlockSelection chosen = _pool.SelectWithSpares(
                accounts, market.BaseFee, terms,
                new SelectionBudget(market.BlockGas, 1L << 30, 10_000, _usedShare), levels);
            List<RecoveredTransaction> block = Execute(chosen, terms, height);
            string? fault = OrderRule.Check(block.ToArray(), terms, market.BlockGas);
            Invariant.Require(fault is null, fault ?? "");
            foreach (RecoveredTransaction transaction in block)
            {
                accounts.Used.Add(transaction.Sender);
            }
            _pool.OnFinalized(
                block, accounts, new PoolChain(new ChainId(4242), market.BlockGas));
            ListOverdue(height);
            if (height % DecisionBlocks == DecisionBlocks / 2)
            {
                Tell();
            }
            if (height % DecisionBlocks == 0)
            {
                Decide();
            }
        }

        private List<RecoveredTransaction> Execute(
            BlockSelection chosen, OrderingTerms terms, int height)
        {
            var classes = new BlockClasses(terms.Prices);
            var block = new List<RecoveredTransaction>(chosen.Transactions.Count);
            ulong gas = 0;
            double declared = 0;
            for (int i = 0; i < chosen.Transactions.Count; i++)
            {
                RecoveredTransaction transaction = chosen.Transactions[i];
                ulong needed = transaction.Transaction.GasLimit + chosen.RoomToLeave[i];
                if (needed > market.BlockGas - gas)
                {
                    continue;
                }
                Sent sent = _sent[transaction.Hash];
                bool isDone = sent.IsJunk || _fates[sent.User.Index].IsServed;
                ulong used = isDone ? Math.Min(NoOpGas, sent.Used) : sent.Used;
                UInt256 price = classes.PriceOfNext(
                    transaction.Transaction, transaction.Sender, market.BaseFee);
                FeeClass own = terms.Prices.ClassOf(transaction.Transaction, market.BaseFee);
                _loads[(int)own] += used;
                gas += used;
                declared += transaction.Transaction.GasLimit;
                block.Add(transaction);
                _bound.Included(transaction.Hash, height);
                if (_pool.NextSinceMs(transaction) is { } since)
                {
                    _waits.Included(transaction.Transaction, own, since);
                }
                Settle(sent, used, (double)price.U0, height);
            }
            int share = declared == 0 ? OrderingTerms.Basis : (int)Math.Clamp(
                OrderingTerms.Basis * gas / declared, OrderingTerms.Basis / 5.0,
                OrderingTerms.Basis);
            _usedShare += (share - _usedShare) / 4; // As BlockProposer does.
            _waits.EndBlock(new BlockTerms(height * BlockMs, market.BaseFee, terms.Prices));
            return block;
        }

        /// <summary>
        /// What validators say of final blocks reaches the chain some blocks later.
        /// </summary>
        private void Tell()
        {
            Fixed Wait(FeeClass feeClass) =>
                Fixed.FromRatio(_waits.Of(feeClass), WaitMeter.UnitsOfBlock);
            _told = new ClassWaits(Wait(FeeClass.Fast), Wait(FeeClass.Urgent));
        }

        private void Settle(Sent sent, ulong used, double price, int height)
        {
            ref Fate fate = ref _fates[sent.User.Index];
            double paid = price * used;
            double premium = (price - market.BaseFee) * used;
            fate = fate with { Paid = fate.Paid + paid, Premium = fate.Premium + premium };
            if (sent.IsJunk || fate.IsServed || --_partsLeft[sent.User.Index] > 0)
            {
                return;
            }
            fate = fate with { IsServed = true, Delay = height - sent.User.Arrival };
        }

        private void ListOverdue(int height)
        {
            IReadOnlyList<PooledTransaction> oldest = _pool.Overdue(
                accounts, market.BaseFee, (long)Vector.OverdueMs, int.MaxValue);
            _bound.Listed(oldest, height);
            Hash256[] listed =
                [.. oldest.Take(ObservationReport.MaximumOverdue).Select(entry => entry.Hash)];
            _overdue = OverdueLane.Agree([new(1, listed), new(1, listed), new(1, listed)], 4);
        }

        private void Decide()
        {
            double block = (double)market.BlockGas * DecisionBlocks / OrderingTerms.Basis;
            Fixed Load(FeeClass feeClass, ulong share) => Fixed.FromRatio(
                (Int128)_loads[(int)feeClass], (Int128)Math.Max(1, block * share));
            Vector = OrderingRule.Next(
                Vector,
                _told,
                new ClassLoads(
                    Load(FeeClass.Fast, Vector.FastShare),
                    Load(FeeClass.Urgent, Vector.UrgentShare)),
                leastPremium: Math.Max(1, market.BaseFee / 100));
            Array.Clear(_loads);
        }
    }
}

/// <summary>Holds each wait in the lane against the bound of docs/spec/ordering.md.</summary>
internal sealed class WaitBound(ulong blockGas)
{
    private readonly Dictionary<Hash256, int> _deadlines = [];

    public double? LeastSlack { get; private set; }

    public int Count { get; private set; }

    /// <summary>All that is overdue after this block, oldest first.</summary>
    public void Listed(IReadOnlyList<PooledTransaction> overdue, int height)
    {
        double gas = 0, largest = 0;
        for (int i = 0; i < overdue.Count; i++)
        {
            largest = Math.Max(largest, overdue[i].GasLimit);
            if (!_deadlines.ContainsKey(overdue[i].Hash))
            {
                double room = Math.Max(1, blockGas / 2.0 - largest);
                double blocks = 1 + Math.Max(
                    Math.Ceiling((i + 1) / 16.0), Math.Ceiling(gas / room));
                _deadlines.Add(overdue[i].Hash, height + (int)Math.Min(blocks, i + 2));
                Count++;
            }
            gas += overdue[i].GasLimit;
        }
    }

    public void Included(in Hash256 hash, int height)
    {
        if (_deadlines.Remove(hash, out int deadline))
        {
            double slack = deadline - height;
            LeastSlack = LeastSlack is { } least ? Math.Min(least, slack) : slack;
        }
    }

    public void Forget(in Hash256 hash) => _deadlines.Remove(hash);
}
