using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>What a made chain holds.</summary>
public sealed record QuickChainOptions
{
    public int Validators { get; init; } = 4;

    public int Blocks { get; init; } = 10_000;

    /// <summary>Accounts that the blocks bring into being, spread evenly over them.</summary>
    public int Accounts { get; init; } = 100_000;

    /// <summary>Contracts of genesis with storage.</summary>
    public int Contracts { get; init; } = 200;

    /// <summary>Slots of each of them.</summary>
    public int Slots { get; init; } = 100;

    /// <summary>Blocks between checkpoints of the state.</summary>
    public int CheckpointBlocks { get; init; } = 256;

    /// <summary>When the last block is made, in Unix milliseconds.</summary>
    public required long EndMs { get; init; }
}

/// <summary>
/// Makes a real chain without running its network: blocks built and executed by the production
/// works, and signed, notarized and finalized by all validators, whose keys are at hand. What comes
/// out is what a node of that network would have written.
/// </summary>
public sealed class QuickChain
{
    private readonly QuickChainOptions _options;
    private readonly Protocol _protocol;
    private readonly ISigner[] _signers;
    private readonly RevealChain[] _reveals;
    private readonly VoteDigests _digests;
    private readonly ulong[] _nonces = new ulong[DevelopmentNetwork.FundedAccounts.Count];
    private TreeBlock _tip;
    private Certificate? _notarization;
    private int _accounts;

    public QuickChain(QuickChainOptions options)
    {
        _options = options;
        DevelopmentNetwork network = DevelopmentNetwork.Create(options.Validators);
        Network = network with { Genesis = WithContracts(network.Genesis, options) };
        _signers = [.. Network.Validators.Select(v => new LocalSigner(v.PrivateKey))];
        ChainConfig config = Network.Genesis.Config;
        _reveals = [.. _signers.Select(s => RevealChain.Of(s, config.ChainId.Value))];
        var defaults = new ReplicaConfig
        {
            Genesis = Network.Genesis,
            Self = new PeerId(_signers[0].Address),
        };
        _protocol = new Protocol
        {
            Rules = new NetworkRules(config.ChainId),
            Epochs = new EpochSchedule(config.Staking.EpochBlocks),
            GenesisValidators = ValidatorSet.Create(
                config.Validators.Select(v => new Validator(v.Address, v.Weight))),
            Engine = defaults.Engine,
            Senders = defaults.Senders,
            Transaction0 = defaults.Transaction0,
        };
        _tip = GenesisBlock.Create(Network.Genesis, new MemoryNodeSource());
        _digests = new VoteDigests(new ConsensusConfig(config.ChainId, _tip.Hash));
    }

    /// <summary>Keys and genesis.</summary>
    public DevelopmentNetwork Network { get; }

    /// <summary>Batches to be written in order; each is one block, some with a checkpoint.
    /// </summary>
    public IEnumerable<PersistBatch> Make()
    {
        UnstoredNodes? written = null;
        for (int i = 1; i <= _options.Blocks; i++)
        {
            TreeBlock block = Build(i);
            Certificate proof = Certify(VoteKind.Finalize, block);
            bool isCheckpoint = i % _options.CheckpointBlocks == 0;
            StateCheckpoint? checkpoint = null;
            if (isCheckpoint)
            {
                written = block.State.Unstored();
                checkpoint = new StateCheckpoint(
                    block.Reference.Height, block.Hash, block.State.Root, written.Entries);
            }
            yield return new PersistBatch
            {
                Durable = false,
                Finalized = [BlockCommitter.Record(block, proof)],
                Checkpoint = checkpoint,
            };
            if (isCheckpoint)
            {
                written!.MarkStored();
            }
            _notarization = Certify(VoteKind.Notarize, block);
            _tip = block;
        }
    }

    private TreeBlock Build(int number)
    {
        int leader = number % _signers.Length;
        ISigner signer = _signers[leader];
        var height = new Height((ulong)number);
        Certificate? proof = _protocol.Epochs.IsFirst(height)
            ? Certify(VoteKind.Finalize, _tip)
            : _notarization;
        var payload = new ConsensusPayload(
            _protocol.Epochs.Of(height), new View((ulong)number), _tip.Reference.View,
            _options.EndMs - (_options.Blocks - number) * 1_000L, _tip.Validators.Hash,
            _reveals[leader].RevealFor(Protocol.CommitmentOf(_tip, signer.Address)),
            proof);
        var draw = new PlaceDraw(Protocol.OrderingOf(_tip, payload, signer.Address).Seed);
        RecoveredTransaction[] transfers =
            [.. Transfers(number).OrderBy(transfer => draw.RankOf(transfer.Sender))];
        var work = new BuildWork(
            _protocol, _tip, payload, signer, new BlockSelection(transfers, []));
        WorkResult result = work.Run();
        Invariant.Require(result is BuildWork.Built, $"block {number}: {result}");
        return ((BuildWork.Built)result).Block;
    }

    private List<RecoveredTransaction> Transfers(int number)
    {
        int until = (int)((long)_options.Accounts * number / _options.Blocks);
        var transfers = new List<RecoveredTransaction>();
        for (; _accounts < until; _accounts++)
        {
            transfers.Add(Transfer(_accounts));
        }
        return transfers;
    }

    private RecoveredTransaction Transfer(int number)
    {
        int from = number % _nonces.Length;
        DevelopmentAccount account = DevelopmentNetwork.FundedAccounts[from];
        var unsigned = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = _protocol.Rules.ChainId.Value,
            Nonce = _nonces[from]++,
            GasLimit = 21_000,
            MaxFee = 1_000_000_000_000,
            To = Address.FromNumber(0x5000_0000 + (uint)number),
            Value = 1,
        };
        Transaction signed = unsigned.WithSignature(
            Secp256k1.Sign(unsigned.SigningHash, account.PrivateKey));
        return new RecoveredTransaction(signed, account.Address);
    }

    private Certificate Certify(VoteKind kind, TreeBlock block)
    {
        var votes = new List<Vote>();
        foreach (ISigner signer in _signers)
        {
            _protocol.GenesisValidators.TryIndexOf(signer.Address, out ValidatorIndex index);
            var vote = new Vote(
                kind, _protocol.Epochs.Of(block.Reference.Height), block.Reference.View,
                block.Hash, index, [], default);
            votes.Add(vote with { Signature = signer.Sign(_digests.Of(vote)) });
        }
        return CertificateVerifier.Assemble(votes, _protocol.GenesisValidators.Count);
    }

    private static GenesisDocument WithContracts(GenesisDocument genesis, QuickChainOptions options)
    {
        var accounts = new SortedDictionary<Address, GenesisAccount>(genesis.Allocations);
        for (int i = 0; i < options.Contracts; i++)
        {
            var storage = new SortedDictionary<UInt256, UInt256>();
            for (int slot = 0; slot < options.Slots; slot++)
            {
                storage[(UInt256)(ulong)slot] = (UInt256)(ulong)((i * 31) + slot + 1);
            }
            // A few codes, as most contracts are copies: PUSH2, a number, STOP.
            byte[] code = [0x61, (byte)(i % 16), 0x00, 0x00];
            accounts[Address.FromNumber(0x6000_0000 + (uint)i)] =
                new GenesisAccount(UInt256.Zero, 1, code, storage);
        }
        return genesis with { Allocations = accounts };
    }
}
