using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Log = Homeostat.Evm.Log;

namespace Homeostat.Steering.Tests;

/// <summary>Storage of one state, and of a change to it that a test makes.</summary>
internal sealed class SnapshotReader(WorldSnapshot snapshot) : IStorageReader
{
    public UInt256 Read(in Address contract, in UInt256 slot) =>
        snapshot.GetStorage(contract, slot);
}

/// <summary>What a block did.</summary>
internal sealed record SteeredBlock(
    BlockHeader Header, IReadOnlyList<Receipt> Receipts, StepCall Call,
    IReadOnlyList<DecisionEvent> Decisions, IReadOnlyList<OutcomeEvent> Outcomes)
{
    public ulong SteeringGas => Receipts[0].GasUsed;
}

/// <summary>
/// A chain of real blocks, executed by the Ledger on the EVM from the development genesis, with
/// transaction 0 of SteeringProgram in each. No consensus: one validator signs everything.
/// </summary>
internal sealed class SteeredChain
{
    private const ulong CapacityLoopSlot =
        ConstitutionStorage.LoopsSlot + GenesisLoops.CapacityPlace;

    private readonly DevelopmentNetwork _network;
    private readonly NetworkRules _rules = new(DevelopmentNetwork.ChainId);
    private readonly EvmEngine _engine = new();
    private ulong _sinceMs;
    private ulong _parentSteeringGas;

    /// <param name="owner">The funded account that stands in the timelock's place.</param>
    /// <param name="change">Changes what all agree on.</param>
    public SteeredChain(
        int validators = 4, Action<WorldState>? amend = null, int? owner = Owner,
        Func<ChainConfig, ChainConfig>? change = null)
    {
        _network = DevelopmentNetwork.Create(validators, change: change);
        var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
        foreach ((Address address, GenesisAccount allocated) in _network.Genesis.Allocations)
        {
            world.AddBalance(address, allocated.Balance);
            world.SetNonce(address, allocated.Nonce);
            world.SetCode(address, new Code(allocated.Code));
            foreach ((UInt256 slot, UInt256 value) in allocated.Storage)
            {
                world.SetStorage(address, slot, value);
            }
        }
        if (owner is { } account)
        {
            OwnByAccount(world, account);
        }
        // Genesis lets the twin act; these tests are of the whole machinery.
        UInt256 loop = world.GetStorage(PredeployAddresses.Constitution, CapacityLoopSlot);
        world.SetStorage(PredeployAddresses.Constitution, CapacityLoopSlot,
            loop - (loop.U0 & 0xff) + (ulong)LoopMode.Act);
        amend?.Invoke(world);
        world.EndTransaction(clearsEmptyAccounts: false);
        State = world.Commit().State;
        Head = _network.Genesis.Header(State.Root);
        GenesisHash = Head.Hash;
        TimeMs = DevelopmentNetwork.GenesisTimeMs;
    }

    /// <summary>Owner of the predeploys in tests that do not vote.</summary>
    public const int Owner = 9;

    public WorldSnapshot State { get; private set; }

    public Hash256 GenesisHash { get; }

    public BlockHeader Head { get; private set; }

    public ulong TimeMs { get; private set; }

    public IReadOnlyList<DevelopmentAccount> Validators => _network.Validators;

    /// <summary>All blocks so far, the first first.</summary>
    public List<SteeredBlock> Blocks { get; } = [];

    public IStorageReader Reader => new SnapshotReader(State);

    public SteeringStorage Storage => new(Reader);

    public ChainParameters Parameters => ChainParameters.Read(Reader);

    /// <summary>By the protocol revision that the state has in force.</summary>
    private ChainRules Rules => _rules.ChildOf(RevisionStorage.Read(Reader));

    /// <summary>Executes the next block; the transactions must all be included.</summary>
    public SteeredBlock Next(
        IReadOnlyList<SignedObservation>? observations = null,
        IReadOnlyList<Transaction>? transactions = null,
        ulong elapsedMs = 250,
        Func<StepCall, StepCall>? alter = null,
        byte[]? evidence = null,
        ulong epoch = 0,
        Func<BlockFacts, BlockFacts>? tell = null)
    {
        _sinceMs = elapsedMs;
        Hash256 payload = Keccak.Hash(Head.Hash.Bytes);
        var facts = new BlockFacts(
            Head.Number.Next, TimeMs + elapsedMs, payload, Head.GasUsed, _parentSteeringGas,
            Head.BaseFee ?? UInt256.Zero, observations ?? [])
        {
            Epoch = epoch,
            Evidence = evidence,
        };
        StepCall call = SteeringProgram.Compose(Reader, tell is null ? facts : tell(facts));
        call = alter is null ? call : alter(call);
        BlockInputs inputs = Inputs(payload, call.Encode());
        var processor = new BlockProcessor(Rules, _engine);
        BlockHeader header = processor.Prepare(Head, inputs, Validators[0].Address);
        var execution = BlockExecution.Start(
            State, header, processor.Rules.At(header), inputs, _engine);
        Apply(execution, Transaction0(inputs));
        foreach (Transaction transaction in transactions ?? [])
        {
            Apply(execution, transaction);
        }
        return Finish(execution, call);
    }

    /// <summary>Blocks until one decides; fails after so many.</summary>
    public SteeredBlock NextDecision(
        IReadOnlyList<SignedObservation>? observations = null, int within = 16)
    {
        for (int i = 0; i < within; i++)
        {
            SteeredBlock block = Next(observations);
            if (block.Decisions.Count != 0)
            {
                return block;
            }
        }
        throw new InvalidOperationException("no decision");
    }

    /// <summary>A signed call from one of the funded accounts.</summary>
    public Transaction CallOf(
        int account, Address? to, byte[] data, ulong gas = 1_000_000, UInt256 value = default) =>
        new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = DevelopmentNetwork.ChainId.Value,
            Nonce = State.GetAccount(DevelopmentNetwork.FundedAccounts[account].Address)!.Nonce,
            MaxFee = 100_000_000_000,
            GasLimit = gas,
            To = to,
            Value = value,
            Data = data,
        }.Sign(DevelopmentNetwork.FundedAccounts[account].PrivateKey);

    /// <summary>What a contract returns to a call that changes nothing.</summary>
    public byte[] Read(Address to, byte[] data)
    {
        var simulator = new CallSimulator(Rules, _engine);
        CallOutcome outcome = simulator.Call(
            new CallContext { State = State, Header = Head },
            new CallRequest { To = to, Data = data });
        Assert.True(outcome.Succeeded, outcome.Error);
        return outcome.Output;
    }

    /// <summary>A dry run on the state after the last block.</summary>
    public DryRunResult DryRun(
        DryRunRequest request, int blocks, DemandAnswer? answer = null) => Replica.DryRun.Run(
        State, Head, _parentSteeringGas, Rules.At(Head.Number, Head.Timestamp),
        new EvmEngine(), request, blocks, answer);

    /// <summary>Puts code on the chain; returns its place.</summary>
    public Address Deploy(byte[] code)
    {
        Transaction create = CallOf(
            2, null, [0x60, (byte)code.Length, 0x80, 0x60, 0x09, 0x5f, 0x39, 0x5f, 0xf3, .. code],
            4_000_000);
        Assert.True(Next(transactions: [create]).Receipts[1].Succeeded);
        return ContractAddress.FromNonce(
            DevelopmentNetwork.FundedAccounts[2].Address, create.Nonce);
    }

    /// <summary>The same observation from every validator.</summary>
    public IReadOnlyList<SignedObservation> Observe(Observation observation) =>
        [.. Validators.Select(v => new SignedObservation(v.Address, Report(observation)))];

    public static byte[] Report(Observation observation) =>
        new ObservationReport(observation, default, []).Encode();

    private static void OwnByAccount(WorldState world, int account)
    {
        UInt256 owner = DevelopmentNetwork.FundedAccounts[account].Address.ToWord();
        UInt256 slot = ConstitutionStorage.OwnerSlot;
        UInt256 word = world.GetStorage(PredeployAddresses.Constitution, slot);
        world.SetStorage(PredeployAddresses.Constitution, slot, ((word >> 160) << 160) | owner);
        world.SetStorage(PredeployAddresses.ModelRegistry, ModelStorage.OwnerSlot, owner);
        slot = ValidatorStorage.GovernanceSlot;
        word = world.GetStorage(PredeployAddresses.ValidatorSet, slot);
        world.SetStorage(PredeployAddresses.ValidatorSet, slot, ((word >> 160) << 160) | owner);
    }

    private BlockInputs Inputs(in Hash256 payload, byte[] calldata) => new()
    {
        TimeMs = TimeMs + _sinceMs,
        ParentTimeMs = TimeMs,
        PayloadHash = payload,
        Transaction0Target = SteeringProgram.Target,
        Transaction0Data = calldata,
        Transaction0Gas = SteeringProgram.GasLimitAt(Reader, Head.Number.Next),
        GasLimit = Parameters.GasLimit,
        GasTarget = Parameters.GasTargetPerSecond,
        MinimumBaseFee = Parameters.MinimumBaseFee,
    };

    private Transaction Transaction0(BlockInputs inputs) => new Transaction
    {
        Type = TransactionType.DynamicFee,
        ChainId = DevelopmentNetwork.ChainId.Value,
        Nonce = State.GetAccount(Validators[0].Address)?.Nonce ?? 0,
        GasLimit = inputs.Transaction0Gas,
        To = SteeringProgram.Target,
        Data = inputs.Transaction0Data,
    }.Sign(Validators[0].PrivateKey);

    /// <summary>Why the next block could not hold this transaction; null when it could.</summary>
    public string? ErrorOf(Transaction transaction)
    {
        Hash256 payload = Keccak.Hash(Head.Hash.Bytes);
        var facts = new BlockFacts(
            Head.Number.Next, TimeMs + 250, payload, Head.GasUsed, _parentSteeringGas,
            Head.BaseFee ?? UInt256.Zero, []);
        _sinceMs = 250;
        BlockInputs inputs = Inputs(payload, SteeringProgram.Compose(Reader, facts).Encode());
        var processor = new BlockProcessor(Rules, _engine);
        BlockHeader header = processor.Prepare(Head, inputs, Validators[0].Address);
        var execution = BlockExecution.Start(
            State, header, processor.Rules.At(header), inputs, _engine);
        Apply(execution, Transaction0(inputs));
        Assert.True(
            RecoveredTransaction.TryRecover(transaction, out RecoveredTransaction recovered));
        return execution.TryApply(recovered).Error;
    }

    private static void Apply(BlockExecution execution, Transaction transaction)
    {
        Assert.True(
            RecoveredTransaction.TryRecover(transaction, out RecoveredTransaction recovered));
        TransactionResult result = execution.TryApply(recovered);
        Assert.True(result.IsIncluded, result.Error);
    }

    private SteeredBlock Finish(BlockExecution execution, StepCall call)
    {
        Assert.True(
            execution.TryFinish([], [], out ExecutedBlock? executed, out BlockRefusal? refusal),
            refusal?.Reason);
        State = executed!.State;
        Head = executed.Header;
        TimeMs += _sinceMs;
        _parentSteeringGas = executed.Receipts[0].GasUsed;
        var decisions = new List<DecisionEvent>();
        var outcomes = new List<OutcomeEvent>();
        foreach (Log log in executed.Receipts[0].Logs)
        {
            if (log.Address == PredeployAddresses.RuleBook ||
                log.Address == PredeployAddresses.Treasury ||
                log.Address == PredeployAddresses.ValidatorSet ||
                log.Address == PredeployAddresses.Revisions ||
                log.Address == PredeployAddresses.FeePool ||
                log.Address == PredeployAddresses.StakeVotes ||
                log.Address == PredeployAddresses.Constitution)
            {
                continue; // What rules did; the record of it is Steering's.
            }
            Assert.Equal(PredeployAddresses.Steering, log.Address);
            if (DecisionEvent.TryDecode(log.Topics, log.Data, out DecisionEvent? decision))
            {
                decisions.Add(decision!);
            }
            else
            {
                Assert.True(OutcomeEvent.TryDecode(log.Topics, log.Data, out var outcome));
                outcomes.Add(outcome!);
            }
        }
        Blocks.Add(new SteeredBlock(Head, executed.Receipts, call, decisions, outcomes));
        return Blocks[^1];
    }
}
