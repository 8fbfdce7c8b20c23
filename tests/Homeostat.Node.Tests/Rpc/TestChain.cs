using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Node.Loop;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Node.Tests.Rpc;

/// <summary>
/// A chain without consensus: real pool, builder, execution and views; only the seams to the
/// network (<see cref="INodeGateway"/>) and the disk (<see cref="IChainArchive"/>) are in memory.
/// </summary>
internal sealed class TestChain : INodeGateway, IChainArchive
{
    public static readonly ChainId ChainId = new(4242);
    public static readonly Hash256 Key = DevelopmentNetwork.FundedAccounts[0].PrivateKey;
    public static readonly Address Account = DevelopmentNetwork.FundedAccounts[0].Address;
    private static readonly Address Target = Address.FromNumber(0x484f0001);
    private readonly ulong _gasLimit;

    // Held for as long as a block executes; the blocks that are final have a lock of their own.
    private readonly Lock _mining = new();
    private readonly Lock _lock = new();
    private readonly List<(ChainHead Head, FinalizedBlock Stored)> _blocks = [];
    private readonly TransactionPool _pool;
    private readonly Address _proposer = Secp256k1.AddressOf(ProposerKey);
    private readonly ChainHead _genesis;
    private volatile ChainView _view;

    /// <param name="gasLimit">Of every block.</param>
    public TestChain(ulong gasLimit = 30_000_000)
    {
        _gasLimit = gasLimit;
        WorldSnapshot state = GenesisState();
        var header = new BlockHeader
        {
            StateRoot = state.Root,
            GasLimit = _gasLimit,
            Timestamp = 1_760_000_000,
            BaseFee = 1_000_000_000,
            WithdrawalsRoot = Keccak.EmptyTrie,
            BlobGasUsed = 0,
            ExcessBlobGas = 0,
            ParentBeaconBlockRoot = Hash256.Zero,
            RequestsHash = new Hash256(System.Security.Cryptography.SHA256.HashData([])),
        };
        _genesis = Head(
            new Block { Header = header, Withdrawals = [] }, [], [], state, 1_760_000_000_000);
        _pool = new TransactionPool(
            new PoolLimits(), new SnapshotAccounts(state), new PoolChain(ChainId, _gasLimit));
        _view = MakeView(_genesis);
    }

    public event Action<ChainView>? ViewChanged;

    public static ChainRules Rules { get; } = ChainRules.Homeostat(ChainId.Value);

    /// <summary>Every submission is mined at once, as on a developer's chain.</summary>
    public bool MinesAtOnce { get; set; } = true;

    public ChainView? View => _view;

    /// <summary>What the next views say of catching up.</summary>
    public SyncStatus? Sync { get; set; }

    public int PeerCount => 3;

    public string? NotReadyBecause => null;

    public Height? Last => _blocks.Count == 0 ? null : new Height((ulong)_blocks.Count);

    public Task<IReadOnlyList<SubmitResult>> SubmitAsync(
        IReadOnlyList<byte[]> raw, CancellationToken cancel)
    {
        lock (_mining)
        {
            IReadOnlyList<SubmitResult> results = [.. raw.Select(Submit)];
            Publish(_view.Finalized);
            if (MinesAtOnce && _pool.ExecutableCount > 0)
            {
                MineLocked();
            }
            return Task.FromResult(results);
        }
    }

    /// <summary>Makes the next block final.</summary>
    public ChainHead Mine()
    {
        lock (_mining)
        {
            return MineLocked();
        }
    }

    public bool TryGetBlock(Height height, out FinalizedBlock block)
    {
        lock (_lock)
        {
            bool exists = height.Value > 0 && height.Value <= (ulong)_blocks.Count;
            block = exists ? _blocks[(int)height.Value - 1].Stored : null!;
            return exists;
        }
    }

    public byte[]? ReadDifference(Height height) =>
        TryGetBlock(height, out FinalizedBlock block) && block.Changes is { } changes
            ? EarlierState.Encode(changes)
            : null;

    public bool TryGetHeight(in Hash256 blockHash, out Height height)
    {
        lock (_lock)
        {
            Hash256 wanted = blockHash;
            int index = _blocks.FindIndex(block => block.Stored.Hash == wanted);
            height = new Height((ulong)(index + 1));
            return index >= 0;
        }
    }

    public bool TryFindTransaction(in Hash256 transactionHash, out TransactionPlace place)
    {
        lock (_lock)
        {
            foreach ((ChainHead head, _) in _blocks)
            {
                for (int i = 0; i < head.Transactions.Count; i++)
                {
                    if (head.Transactions[i].Hash == transactionHash)
                    {
                        place = new TransactionPlace(head.Height, i);
                        return true;
                    }
                }
            }
            place = default;
            return false;
        }
    }

    public IEnumerable<Height> FindLogBlocks(Height first, Height last, LogQuery query)
    {
        for (ulong number = first.Value; number <= last.Value; number++)
        {
            yield return new Height(number);
        }
    }

    private SubmitResult Submit(byte[] raw)
    {
        if (!Transaction.TryDecode(raw, out Transaction transaction, out string error))
        {
            return new SubmitResult(Hash256.Zero, error);
        }
        return RecoveredTransaction.TryRecover(transaction, out RecoveredTransaction recovered)
            ? new SubmitResult(recovered.Hash, _pool.Add(recovered).Error)
            : new SubmitResult(Hash256.Zero, "invalid sender");
    }

    /// <summary>Of every block.</summary>
    public static readonly ClassPrices Prices = new(10_000_000, 100_000_000, 1_000_000);

    private const ulong Transaction0Gas = 1_000_000;

    private ChainHead MineLocked()
    {
        ChainHead parent = _view.Finalized;
        var inputs = new BlockInputs
        {
            TimeMs = (ulong)parent.TimeMs + 500,
            ParentTimeMs = (ulong)parent.TimeMs,
            PayloadHash = Hash256.Zero,
            Transaction0Target = Target,
            Transaction0Data = [],
            Transaction0Gas = Transaction0Gas,
            GasLimit = _gasLimit,
            GasTarget = Parameters.GasTargetPerSecond,
            MinimumBaseFee = Parameters.MinimumBaseFee,
            Ordering = new OrderingTerms { Prices = Prices, Seed = Keccak.Hash([1]) },
        };
        var engine = new EvmEngine();
        BlockHeader header = new BlockProcessor(Rules, engine)
            .Prepare(parent.Header, inputs, _proposer);
        var accounts = new SnapshotAccounts(parent.State);
        var request = new BuildRequest
        {
            ParentState = parent.State,
            Header = header,
            Rules = Rules.At(header),
            Inputs = inputs,
            Transaction0 = Transaction0(accounts.Read(_proposer).Nonce),
            Candidates = _pool.Select(
                accounts, header.BaseFee!.Value, inputs.Ordering,
                new SelectionBudget(_gasLimit, 1 << 22, 1_000)),
        };
        bool isBuilt = new BlockBuilder(engine).TryBuild(
            request, out BuiltBlock? built, out BlockRefusal? refusal);
        Assert.True(isBuilt, refusal?.Reason);
        ExecutedBlock executed = built!.Block;
        ChainHead head = Head(
            executed.Block, executed.Transactions, executed.Receipts, executed.State,
            (long)inputs.TimeMs);
        lock (_lock)
        {
            _blocks.Add((head, Store(head) with { Changes = executed.Changes }));
        }
        _pool.OnFinalized(
            executed.Transactions, new SnapshotAccounts(executed.State),
            new PoolChain(ChainId, _gasLimit));
        Publish(head);
        return head;
    }

    private static RecoveredTransaction Transaction0(ulong nonce)
    {
        var transaction = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = ChainId.Value,
            Nonce = nonce,
            GasLimit = Transaction0Gas,
            To = Target,
        };
        return new RecoveredTransaction(
            transaction.Sign(ProposerKey), Secp256k1.AddressOf(ProposerKey));
    }

    private static Hash256 ProposerKey => Keccak.Hash([7]);

    private static FinalizedBlock Store(ChainHead head)
    {
        byte[] block = head.Block.Encode();
        var writer = new RlpWriter(block.Length + 32);
        int list = writer.StartList();
        writer.WriteRaw(block);
        writer.WriteRaw([0xc0]);
        writer.EndList(list);
        return new FinalizedBlock
        {
            Height = head.Height,
            View = head.View,
            Hash = head.Hash,
            ParentHash = head.Header.ParentHash,
            StateRoot = head.Header.StateRoot,
            TimeMs = head.TimeMs,
            Encoded = writer.ToArray(),
            Receipts = ReceiptList.Encode(head.Receipts),
            Certificate = [],
        };
    }

    private void Publish(ChainHead head)
    {
        _view = MakeView(head);
        ViewChanged?.Invoke(_view);
    }

    private ChainView MakeView(ChainHead head) => new()
    {
        Config = Config,
        Genesis = _genesis,
        Finalized = head,
        Pending = head,
        Pool = _pool.View(),
        Sync = Sync,
    };

    private ChainParameters Parameters => new(30_000_000, _gasLimit, 1_000_000, 500);

    private ChainConfig Config => new()
    {
        ChainId = ChainId,
        GenesisTimeMs = 1_760_000_000_000,
        InitialBaseFee = 1_000_000_000,
        Validators = [new GenesisValidator(Account, 1, "")],
        Capacity = Parameters,
        Governance = Account,
        Guardian = Account,
        GuardianExpiryTime = 0,
    };

    private ChainHead Head(
        Block block, IReadOnlyList<RecoveredTransaction> transactions,
        IReadOnlyList<Receipt> receipts, WorldSnapshot state, long timeMs) => new()
        {
            Block = block,
            View = new View(block.Header.Number.Value),
            TimeMs = timeMs,
            Transactions = transactions,
            Receipts = receipts,
            State = state,
            Parameters = Parameters,
        };

    private static WorldSnapshot GenesisState()
    {
        var world = new WorldState(WorldSnapshot.Empty(new MemoryNodeSource()));
        foreach (DevelopmentAccount account in DevelopmentNetwork.FundedAccounts)
        {
            world.AddBalance(account.Address, UInt256.Parse("10000000000000000000000"));
        }
        foreach (RequestCall call in Rules.At(Height.Genesis, 0).CallsAfter)
        {
            world.SetCode(call.Target, new Code([0x00])); // STOP: no requests.
        }
        world.EndTransaction(false);
        return world.Commit().State;
    }
}
