using Homeostat.Evm;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// The governance predeploys at genesis. Their constructors are run, on the EVM and at their
/// addresses, with what <see cref="ChainConfig"/> says: so code (with its immutables) and storage
/// are what a deployment would have left, whatever layout the library has.
/// </summary>
internal sealed class GovernanceGenesis
{
    private const ulong ConstructionGas = 100_000_000;

    private readonly ConstructionWorld _world = new();
    private readonly ChainConfig _config;

    private GovernanceGenesis(ChainConfig config) => _config = config;

    /// <summary>The contracts that govern, by address.</summary>
    public static SortedDictionary<Address, GenesisAccount> Accounts(ChainConfig config)
    {
        var genesis = new GovernanceGenesis(config);
        var accounts = new SortedDictionary<Address, GenesisAccount>();
        foreach ((Address address, string contract, byte[] arguments) in genesis.Constructions())
        {
            byte[] code = genesis.Construct(address, contract, arguments);
            accounts[address] = new GenesisAccount(
                UInt256.Zero, 1, code, genesis._world.StorageOf(address));
        }
        return accounts;
    }

    // In an order in which each finds those it asks: the Governor reads the votes' clock.
    private IEnumerable<(Address, string, byte[])> Constructions() =>
    [
        (PredeployAddresses.StakeVotes, "StakeVotes", VotesArguments()),
        (PredeployAddresses.Timelock, "TimelockController", TimelockArguments()),
        (PredeployAddresses.Governor, "HomeostatGovernor", GovernorArguments()),
    ];

    private byte[] VotesArguments() => new AbiTuple()
        .AddWords([.. _config.Validators.Select(v => v.StakeOwner.ToWord())])
        .AddWords([.. _config.Validators.Select(
            v => ValidatorStorage.StakeOf(v.Weight, _config.Staking))])
        .AddWords([.. _config.Validators.Select(v => v.Delegate.ToWord())])
        .Encode();

    // Anyone may execute what the vote and the delay have let through; there is no admin but the
    // timelock itself.
    private byte[] TimelockArguments() => new AbiTuple()
        .Add((UInt256)_config.Voting.TimelockSeconds)
        .AddWords([
            PredeployAddresses.Governor.ToWord(),
            PredeployAddresses.OptimisticProposals.ToWord(),
        ])
        .AddWords([UInt256.Zero])
        .Add(UInt256.Zero)
        .Encode();

    private byte[] GovernorArguments() => new AbiTuple()
        .Add((UInt256)_config.Voting.DelaySeconds)
        .Add((UInt256)_config.Voting.PeriodSeconds)
        .Add(_config.Voting.ProposalThreshold)
        .Add((UInt256)_config.Voting.QuorumPercent)
        .Add(_config.Guardian)
        .Add((UInt256)_config.GuardianExpiryTime)
        .Encode();

    // Creation code reads its arguments behind itself by CODECOPY and returns the runtime code, so
    // running it as the account's own code is a deployment to a chosen address.
    private byte[] Construct(in Address address, string contract, byte[] arguments)
    {
        byte[] creation = [.. EmbeddedArtifacts.CreationCode(contract), .. arguments];
        _world.SetCode(address, new Code(creation));
        var context = new EvmContext(
            _world,
            ForkRules.For(Fork.Osaka),
            new BlockEnvironment
            {
                Coinbase = default,
                Number = 0,
                Timestamp = _config.GenesisTimeMs / 1000,
                GasLimit = ConstructionGas,
                BaseFee = UInt256.Zero,
                ChainId = _config.ChainId.Value,
                BlockHashes = new NoBlockHashes(),
            },
            new TransactionEnvironment { Origin = default });
        CallResult result = new EvmEngine().Execute(context, new CallMessage(
            CallKind.Call, default, address, UInt256.Zero, ConstructionGas, default));
        Invariant.Require(result.IsSuccess);
        byte[] code = result.Output.ToArray();
        _world.SetCode(address, new Code(code));
        return code;
    }

    private sealed class NoBlockHashes : IBlockHashes
    {
        public Hash256 Get(ulong number) => Hash256.Zero;
    }
}
