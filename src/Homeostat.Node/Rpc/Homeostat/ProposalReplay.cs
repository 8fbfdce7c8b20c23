using Homeostat.Consensus;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Node.Rpc;

/// <summary>What one of a proposal's calls did on the state it was tried on.</summary>
internal sealed record TriedCall(ProposedCall Call, bool Succeeded, ulong GasUsed, byte[] Output);

/// <summary>Recent blocks as they were and as they would have been.</summary>
/// <param name="Tried">The proposal's calls: all succeed or none takes effect.</param>
/// <param name="Actual">State after the last block.</param>
/// <param name="Replayed">The same under the proposal.</param>
/// <param name="ActualFee">Base fee of the last block, wei.</param>
/// <param name="ReplayedFee">The same under the proposal.</param>
/// <param name="Transactions">Users' transactions in the blocks.</param>
/// <param name="LeftOut">Of these, those that would not have been included, and why.</param>
/// <param name="Changed">Those whose success would have been another.</param>
internal sealed record ReplayedProposal(
    ulong First, ulong Last, IReadOnlyList<TriedCall> Tried, WorldSnapshot Actual,
    WorldSnapshot Replayed, UInt256 ActualFee, UInt256 ReplayedFee, int Transactions,
    IReadOnlyList<(Hash256 Hash, string Reason)> LeftOut, IReadOnlyList<Hash256> Changed);

/// <summary>
/// Advice for those who vote: the last blocks executed again, on the EVM, from a state in which the
/// timelock had already made a proposal's calls. Transaction 0 is composed anew in each, so loops
/// and rules act on what they would have seen; times, leaders, observations and transactions are
/// those that were. Decides nothing.
/// </summary>
internal sealed class ProposalReplay(RpcContext context, IEvmEngine engine)
{
    private const ulong CallGas = 16_000_000;
    private const int MostListed = 16;

    private readonly List<(Hash256, string)> _leftOut = [];
    private readonly List<Hash256> _changed = [];
    private int _transactions;
    private ulong _steeringGas;

    public ReplayedProposal Run(IReadOnlyList<ProposedCall> calls, ulong blocks)
    {
        RpcBlock head = context.Chain.Head;
        ulong first = head.Number - Math.Min(head.Number - 1, blocks) + 1;
        RpcBlock parent = context.Chain.WithState(BlockSelector.At(first - 1));
        (WorldSnapshot state, List<TriedCall> tried) = Try(parent, calls);
        BlockHeader header = parent.Header;
        RpcBlock before = parent;
        _steeringGas = parent.Receipts.Count == 0 ? 0 : parent.Receipts[0].GasUsed;
        for (ulong number = first; number <= head.Number; number++)
        {
            RpcBlock block = context.Chain.WithState(BlockSelector.At(number));
            (state, header) = Next(state, header, before, block);
            before = block;
        }
        return new ReplayedProposal(
            first, head.Number, tried, before.State!, state,
            before.Header.BaseFee ?? UInt256.Zero, header.BaseFee ?? UInt256.Zero, _transactions,
            _leftOut, _changed);
    }

    private (WorldSnapshot, List<TriedCall>) Try(
        RpcBlock block, IReadOnlyList<ProposedCall> calls)
    {
        BlockRules rules = context.Rules.At(block.Header);
        var world = new WorldState(block.State!);
        var tried = new List<TriedCall>();
        int mark = world.Snapshot();
        foreach (ProposedCall call in calls)
        {
            BlockEnvironment environment = BlockExecution.EnvironmentOf(
                block.Header, rules, new ChainHashes(context.Chain));
            var evm = new EvmContext(world, rules.Evm, environment,
                new TransactionEnvironment { Origin = PredeployAddresses.Timelock });
            CallResult result = engine.Execute(evm, new CallMessage(
                CallKind.Call, PredeployAddresses.Timelock, call.Target, call.Value, CallGas,
                call.Data));
            tried.Add(new TriedCall(
                call, result.IsSuccess, CallGas - result.GasLeft, result.Output.ToArray()));
            if (!result.IsSuccess)
            {
                world.Revert(mark);
                break;
            }
        }
        world.EndTransaction(clearsEmptyAccounts: true);
        return (world.Commit().State, tried);
    }

    private (WorldSnapshot, BlockHeader) Next(
        WorldSnapshot state, BlockHeader parent, RpcBlock actualParent, RpcBlock block)
    {
        BlockInputs inputs = InputsOf(state, parent, actualParent, block);
        var processor = new BlockProcessor(context.Rules, engine);
        BlockHeader header = processor.Prepare(parent, inputs, block.Header.Coinbase) with
        {
            MixHash = block.Header.MixHash,
        };
        BlockExecution execution = BlockExecution.Start(
            state, header, context.Rules.At(header), inputs, engine);
        Invariant.Require(Apply(execution, Transaction0(block, inputs)).IsIncluded);
        for (int i = 1; i < block.Transactions.Count; i++)
        {
            _transactions++;
            RecoveredTransaction transaction = block.Recovered(i);
            TransactionResult result = Apply(execution, transaction);
            if (!result.IsIncluded)
            {
                Note(_leftOut, (transaction.Transaction.Hash, result.Error ?? "not included"));
            }
            else if (result.Receipt!.Succeeded != block.Receipts[i].Succeeded)
            {
                Note(_changed, transaction.Transaction.Hash);
            }
        }
        _steeringGas = execution.Receipts[0].GasUsed;
        bool finished = execution.TryFinish([], [], out ExecutedBlock? done, out _);
        Invariant.Require(finished);
        return (done!.State, done.Header);
    }

    private BlockInputs InputsOf(
        WorldSnapshot state, BlockHeader parent, RpcBlock actualParent, RpcBlock block)
    {
        var reader = new StateStorage(state);
        ConsensusPayload? payload = PayloadOf(block);
        var facts = new BlockFacts(
            block.Header.Number, block.TimeMs, block.Header.ParentBeaconBlockRoot ?? default,
            parent.GasUsed, _steeringGas, parent.BaseFee ?? UInt256.Zero,
            Observations(reader, payload))
        {
            Epoch = payload?.Epoch.Value ?? 0,
            Evidence = payload is null ? default : EvidenceCall.Of(payload),
        };
        ChainParameters parameters = ChainParameters.Read(reader);
        OrderingParameters vector = OrderingParameters.Read(reader);
        return new BlockInputs
        {
            TimeMs = block.TimeMs,
            ParentTimeMs = actualParent.TimeMs,
            PayloadHash = block.Header.ParentBeaconBlockRoot ?? default,
            Transaction0Target = SteeringProgram.Target,
            Transaction0Data = SteeringProgram.Transaction0(reader, facts),
            Transaction0Gas = SteeringProgram.GasLimitAt(reader, block.Header.Number),
            GasLimit = parameters.GasLimit,
            GasTarget = parameters.GasTargetPerSecond,
            MinimumBaseFee = parameters.MinimumBaseFee,
            Ordering = new OrderingTerms
            {
                Prices = new ClassPrices(
                    vector.FastPremium, vector.UrgentPremium, vector.InclusionFee),
                FastShare = (int)Math.Min(vector.FastShare, OrderingTerms.Basis),
                UrgentShare = (int)Math.Min(vector.UrgentShare, OrderingTerms.Basis),
                Reveal = payload?.RandomnessReveal ?? Hash256.Zero,
            },
        };
    }

    private static RecoveredTransaction Transaction0(RpcBlock block, BlockInputs inputs)
    {
        Transaction actual = block.Transactions[0];
        var transaction = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = actual.ChainId,
            Nonce = actual.Nonce,
            GasLimit = inputs.Transaction0Gas,
            To = SteeringProgram.Target,
            Data = inputs.Transaction0Data,
        };
        return new RecoveredTransaction(transaction, block.Header.Coinbase);
    }

    private static TransactionResult Apply(
        BlockExecution execution, RecoveredTransaction transaction)
    {
        TransactionResult result = execution.TryApply(transaction);
        return result.Broken is RpcException stopped ? throw stopped : result;
    }

    private ConsensusPayload? PayloadOf(RpcBlock block)
    {
        if (context.Chain.Stored(block.Number) is not { } stored || stored.Hash != block.Hash)
        {
            return null;
        }
        var reader = new RlpReader(stored.Encoded);
        RlpReader list = reader.ReadList();
        list.ReadRaw();
        return ConsensusPayload.TryDecode(list.ReadRaw(), out ConsensusPayload? payload) is null
            ? payload
            : null;
    }

    // By the places of the validators in the set, as votes name them.
    private static List<SignedObservation> Observations(
        IStorageReader state, ConsensusPayload? payload)
    {
        var found = new List<SignedObservation>();
        if (payload?.ParentNotarization is not { } notarization)
        {
            return found;
        }
        IReadOnlyList<ValidatorEntry> validators = ValidatorStorage.Read(state);
        int next = 0;
        foreach (ValidatorIndex signer in notarization.SignerIndexes())
        {
            if (next >= notarization.Observations.Count || (int)signer.Value >= validators.Count)
            {
                break;
            }
            found.Add(new SignedObservation(
                validators[(int)signer.Value].Address, notarization.Observations[next++]));
        }
        return found;
    }

    private static void Note<T>(List<T> list, T item)
    {
        if (list.Count < MostListed)
        {
            list.Add(item);
        }
    }
}
