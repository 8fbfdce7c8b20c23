using System.Globalization;
using Homeostat.Benchmarks.Evm;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Benchmarks.Steering;

/// <summary>
/// What steering takes of a validator's work on blocks of 1,000 transfers: composing transaction 0
/// (readings, models, proposals) and executing it, against the whole block: senders recovered, all
/// transactions executed, all roots. Processor time of one thread. Exits with 1 over the bar.
/// </summary>
internal static class SteeringCostBench
{
    private const int Validators = 4;
    private const ulong IntervalMs = 250;
    private const double Bar = 0.02;

    private static readonly Observation Typical = new(5_000, 10_000, 12, 0, 0, 8, 100);

    public static int Run(int transactions, int blocks)
    {
        DevelopmentNetwork network = DevelopmentNetwork.Create(Validators);
        var chain = new Chain(network, transactions);
        // The compiler's tiers and the rings' first writes are behind it by then.
        for (int i = 0; i < blocks; i++)
        {
            chain.Next();
        }
        chain.Clear();
        for (int i = 0; i < blocks; i++)
        {
            chain.Next();
        }
        double steering = chain.ComposeNs + chain.CallNs;
        double execution = steering + chain.TransactionsNs + chain.RootsNs;
        double all = execution + chain.RecoveryNs;
        double share = steering / all;
        void Line(string what, double ns) => Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-36}{ns / blocks / 1e6,9:F3} ms a block {ns / all,8:P2}"));
        Line("composing transaction 0", chain.ComposeNs);
        Line("executing it", chain.CallNs);
        Line($"executing {transactions} transfers", chain.TransactionsNs);
        Line("roots", chain.RootsNs);
        Line($"recovering {transactions} senders", chain.RecoveryNs);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"steering is {share:P2} of a block's processing (bar {Bar:P0}), "
            + $"{steering / execution:P2} of it without recovery; {chain.Decisions} decisions in "
            + $"{blocks} blocks"));
        return share <= Bar ? 0 : 1;
    }

    private sealed class Chain
    {
        private readonly DevelopmentNetwork _network;
        private readonly EvmEngine _engine = new();
        private readonly BlockProcessor _processor;
        private readonly int _transactions;
        private WorldSnapshot _state;
        private BlockHeader _head;
        private ulong _timeMs = DevelopmentNetwork.GenesisTimeMs;
        private ulong _steeringGas;

        public Chain(DevelopmentNetwork network, int transactions)
        {
            (_network, _transactions) = (network, transactions);
            _processor = new BlockProcessor(HomeostatRules.Of(DevelopmentNetwork.ChainId), _engine);
            var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
            foreach ((Address address, GenesisAccount account) in network.Genesis.Allocations)
            {
                world.AddBalance(address, account.Balance);
                world.SetNonce(address, account.Nonce);
                world.SetCode(address, new Code(account.Code));
                foreach ((UInt256 slot, UInt256 value) in account.Storage)
                {
                    world.SetStorage(address, slot, value);
                }
            }
            world.EndTransaction(clearsEmptyAccounts: false);
            _state = world.Commit().State;
            _head = network.Genesis.Header(_state.Root);
        }

        public double ComposeNs { get; private set; }

        public double CallNs { get; private set; }

        public double TransactionsNs { get; private set; }

        public double RootsNs { get; private set; }

        public double RecoveryNs { get; private set; }

        public int Decisions { get; private set; }

        public void Clear() => (ComposeNs, CallNs, TransactionsNs, RootsNs, RecoveryNs, Decisions) =
            (0, 0, 0, 0, 0, 0);

        public void Next()
        {
            Transaction[] signed = [.. Transfers()];
            var recovered = new RecoveredTransaction[signed.Length];
            RecoveryNs += Time(() =>
            {
                for (int i = 0; i < signed.Length; i++)
                {
                    Invariant.Require(
                        RecoveredTransaction.TryRecover(signed[i], out recovered[i]));
                }
            });
            var reader = new Reader(_state);
            Hash256 payload = Keccak.Hash(_head.Hash.Bytes);
            StepCall? call = null;
            byte[] data = [];
            ComposeNs += Time(() =>
            {
                call = SteeringProgram.Compose(reader, new BlockFacts(
                    _head.Number.Next, _timeMs + IntervalMs, payload, _head.GasUsed, _steeringGas,
                    _head.BaseFee ?? UInt256.Zero, Observations()));
                data = call.Encode();
            });
            Decisions += call!.Decisions.Count;
            ChainParameters parameters = ChainParameters.Read(reader);
            var inputs = new BlockInputs
            {
                TimeMs = _timeMs + IntervalMs,
                ParentTimeMs = _timeMs,
                PayloadHash = payload,
                Transaction0Target = SteeringProgram.Target,
                Transaction0Data = data,
                Transaction0Gas = SteeringProgram.GasLimitAt(reader, _head.Number.Next),
                GasLimit = parameters.GasLimit,
                GasTarget = parameters.GasTargetPerSecond,
                MinimumBaseFee = parameters.MinimumBaseFee,
            };
            Execute(inputs, Transaction0(inputs), recovered);
        }

        private void Execute(
            BlockInputs inputs, RecoveredTransaction first, RecoveredTransaction[] transfers)
        {
            BlockHeader header = _processor.Prepare(
                _head, inputs, _network.Validators[0].Address);
            BlockExecution execution = BlockExecution.Start(
                _state, header, _processor.Rules.At(header), inputs, _engine);
            CallNs += Time(() => Apply(execution, first));
            TransactionsNs += Time(() =>
            {
                foreach (RecoveredTransaction transfer in transfers)
                {
                    Apply(execution, transfer);
                }
            });
            ExecutedBlock? executed = null;
            RootsNs += Time(() => Invariant.Require(
                execution.TryFinish([], [], out executed, out _)));
            _state = executed!.State;
            _head = executed.Header;
            _timeMs += IntervalMs;
            _steeringGas = executed.Receipts[0].GasUsed;
        }

        private static void Apply(BlockExecution execution, RecoveredTransaction transaction) =>
            Invariant.Require(
                execution.TryApply(transaction) is { IsIncluded: true, Receipt.Succeeded: true });

        private IReadOnlyList<SignedObservation> Observations() =>
        [
            .. _network.Validators.Select(v => new SignedObservation(
                v.Address, new ObservationReport(Typical, default, []).Encode())),
        ];

        private IEnumerable<Transaction> Transfers()
        {
            int accounts = DevelopmentNetwork.FundedAccounts.Count;
            for (int i = 0; i < _transactions; i++)
            {
                DevelopmentAccount sender = DevelopmentNetwork.FundedAccounts[i % accounts];
                ulong nonce = _state.GetAccount(sender.Address)!.Nonce + (ulong)(i / accounts);
                yield return new Transaction
                {
                    Type = TransactionType.DynamicFee,
                    ChainId = DevelopmentNetwork.ChainId.Value,
                    Nonce = nonce,
                    MaxFee = 100_000_000_000_000,
                    GasLimit = 21_000,
                    To = Address.FromNumber(0x10000 + (uint)(i * 7 % 5_000)),
                    Value = 5,
                }.Sign(sender.PrivateKey);
            }
        }

        private RecoveredTransaction Transaction0(BlockInputs inputs)
        {
            DevelopmentAccount proposer = _network.Validators[0];
            Transaction signed = new Transaction
            {
                Type = TransactionType.DynamicFee,
                ChainId = DevelopmentNetwork.ChainId.Value,
                Nonce = _state.GetAccount(proposer.Address)?.Nonce ?? 0,
                GasLimit = inputs.Transaction0Gas,
                To = SteeringProgram.Target,
                Data = inputs.Transaction0Data,
            }.Sign(proposer.PrivateKey);
            return new RecoveredTransaction(signed, proposer.Address);
        }

        private static double Time(Action work)
        {
            long start = ThreadClock.NowNs();
            work();
            return ThreadClock.NowNs() - start;
        }

        private sealed class Reader(WorldSnapshot state) : IStorageReader
        {
            public UInt256 Read(in Address contract, in UInt256 slot) =>
                state.GetStorage(contract, slot);
        }
    }
}
