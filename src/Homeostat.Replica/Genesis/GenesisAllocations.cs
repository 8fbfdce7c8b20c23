using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// The state of genesis: a config's predeploys, Ethereum's system contracts, balances.
/// </summary>
public static class GenesisAllocations
{
    /// <summary>The model that forecasts demand for the capacity loop (Genesis/Models).</summary>
    public const string CapacityModel = "capacity-h10";

    /// <summary>Wei that whoever is not governance puts down for a model: 1 coin.</summary>
    private static readonly UInt256 MinimumBond = 1_000_000_000_000_000_000;

    public static SortedDictionary<Address, GenesisAccount> Create(
        ChainConfig config, IEnumerable<KeyValuePair<Address, UInt256>> balances)
    {
        var accounts = new SortedDictionary<Address, GenesisAccount>();
        foreach ((Address address, UInt256 balance) in balances)
        {
            accounts[address] = new GenesisAccount(balance, 0, [], []);
        }
        foreach ((Address address, byte[] code) in SystemContracts.All)
        {
            accounts[address] = new GenesisAccount(UInt256.Zero, 1, code, []);
        }
        AddUpgradable(accounts, PredeployAddresses.Steering, "Steering", SteeringStorageOf(config));
        AddUpgradable(
            accounts, PredeployAddresses.Constitution, "Constitution", ConstitutionOf(config));
        AddUpgradable(
            accounts, PredeployAddresses.ModelRegistry, "ModelRegistry", RegistryOf(config));
        AddUpgradable(
            accounts, PredeployAddresses.ValidatorSet, "ValidatorSet", ValidatorsOf(config));
        accounts[PredeployAddresses.ValidatorSet] = accounts[PredeployAddresses.ValidatorSet] with
        {
            Balance = config.Validators.Aggregate(
                UInt256.Zero,
                (sum, v) => sum + ValidatorStorage.StakeOf(v.Weight, config.Staking)),
        };
        Add(accounts, PredeployAddresses.GasBurner, "GasBurner", []);
        AddUpgradable(
            accounts, PredeployAddresses.Allowlists, "Allowlists",
            GenesisAllowlists.StorageOf(config));
        AddUpgradable(accounts, PredeployAddresses.FeePool, "FeePool", []);
        AddUpgradable(accounts, PredeployAddresses.Randomness, "Randomness",
            OrderingGenesis.Randomness(config.Validators));
        AddUpgradable(accounts, PredeployAddresses.RuleBook, "RuleBook", []);
        Add(accounts, PredeployAddresses.RuleExecutor, "RuleExecutor", []);
        AddUpgradable(accounts, PredeployAddresses.Treasury, "Treasury", []);
        AddUpgradable(accounts, PredeployAddresses.OptimisticProposals, "OptimisticProposals", []);
        AddUpgradable(accounts, PredeployAddresses.Revisions, "Revisions", RevisionStorage.Genesis(
            config.Revision, ProtocolRevisions.Find(config.Revision)?.Spec ?? Hash256.Zero));
        AddUpgradable(accounts, PredeployAddresses.DryRuns, "DryRuns", new()
        {
            [DryRunStorage.EpochBlocksSlot] = config.Voting.DryRunBlocks,
        });
        foreach ((Address address, GenesisAccount account) in GovernanceGenesis.Accounts(config))
        {
            accounts[address] = account;
        }
        return accounts;
    }

    // At its address a proxy that the timelock upgrades; the code it runs lies beside it.
    private static void AddUpgradable(
        SortedDictionary<Address, GenesisAccount> accounts, in Address address, string contract,
        SortedDictionary<UInt256, UInt256> storage)
    {
        Address implementation = PredeployAddresses.ImplementationOf(address);
        storage[PredeployAddresses.ImplementationSlot] = implementation.ToWord();
        Add(accounts, address, "PredeployProxy", storage);
        Add(accounts, implementation, contract, []);
    }

    private static void Add(
        SortedDictionary<Address, GenesisAccount> accounts, in Address address, string contract,
        SortedDictionary<UInt256, UInt256> storage) =>
        accounts[address] = new GenesisAccount(
            UInt256.Zero, 1, EmbeddedArtifacts.Bytecode(contract), storage);

    private static SortedDictionary<UInt256, UInt256> SteeringStorageOf(ChainConfig config)
    {
        LoopParameters parameters = LoopParameters.Default;
        var estimators = new Estimators(
            Fixed.Zero, Fixed.Zero, Fixed.Zero, parameters.PriorNanosecondsPerKilogas, 0);
        return new SortedDictionary<UInt256, UInt256>
        {
            [SteeringStorage.HeadSlot] =
                new SteeringHead(Height.Genesis, config.GenesisTimeMs, 0).ToWord(),
            [SteeringStorage.EstimatorsSlot] = estimators.ToWord(),
            [SteeringStorage.RecordsSlot] =
                new BlockRecord(Height.Genesis, config.GenesisTimeMs, 0, 0).ToWord(),
        };
    }

    private static SortedDictionary<UInt256, UInt256> ConstitutionOf(ChainConfig config)
    {
        var storage = new SortedDictionary<UInt256, UInt256>();
        ConstitutionStorage.WriteGenesis(
            storage, GenesisLoops.All(config), GenesisLoops.Invariants());
        storage[ConstitutionStorage.OwnerSlot] |= config.Governance.ToWord();
        storage[ConstitutionStorage.GuardianSlot] =
            config.Guardian.ToWord() | ((UInt256)config.GuardianExpiryTime << 160);
        return storage;
    }

    private static SortedDictionary<UInt256, UInt256> RegistryOf(ChainConfig config)
    {
        byte[] model = EmbeddedArtifacts.Model(CapacityModel);
        var storage = new SortedDictionary<UInt256, UInt256>
        {
            [ModelStorage.OwnerSlot] = config.Governance.ToWord(),
            [ModelStorage.MinimumBondSlot] = MinimumBond,
        };
        WriteChampion(storage, SteeringProgram.CapacityLoopName, model, config.Governance);
        WriteChampion(
            storage, SteeringProgram.ConsensusLoopName, ConsensusGenesis.Model(config).Encode(),
            config.Governance);
        return storage;
    }

    private static void WriteChampion(
        SortedDictionary<UInt256, UInt256> storage, in Hash256 loop, byte[] model,
        in Address governance)
    {
        ModelStorage.Write(storage, model);
        ModelStorage.WriteEntry(storage, Keccak.Hash(model), governance);
        ModelStorage.WriteChampion(storage, loop, Keccak.Hash(model));
    }

    private static SortedDictionary<UInt256, UInt256> ValidatorsOf(ChainConfig config)
    {
        var storage = new SortedDictionary<UInt256, UInt256>();
        ValidatorStorage.WriteGenesis(
            storage,
            [
                .. config.Validators.Select(v => new BondedValidator(
                    new ValidatorEntry(v.Address, v.Weight, v.NodeAddress),
                    v.StakeOwner)),
            ],
            config.Staking, config.Governance);
        return storage;
    }
}
