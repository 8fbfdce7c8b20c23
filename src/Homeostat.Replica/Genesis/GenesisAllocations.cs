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

    /// <summary>Least blocks between two switches of a loop's mode by its owner.</summary>
    public const uint ModeDwellBlocks = 32;

    private const uint IntervalsPerLimit = 2;
    private const uint SecondsPerLimit = 12;
    private const uint StepBasisPoints = 2_500;
    private const uint CooldownBlocks = 2;
    private const uint DistanceBasisPoints = 40_000;

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
        Add(accounts, PredeployAddresses.Steering, "Steering", SteeringStorageOf(config));
        Add(accounts, PredeployAddresses.Constitution, "Constitution", ConstitutionOf(config));
        Add(accounts, PredeployAddresses.ModelRegistry, "ModelRegistry", RegistryOf(config));
        Add(accounts, PredeployAddresses.ValidatorSet, "ValidatorSet", ValidatorsOf(config));
        Add(accounts, PredeployAddresses.GasBurner, "GasBurner", []);
        return accounts;
    }

    /// <summary>
    /// The rules a network starts with: any ratified vector may move by a factor of four either
    /// way, inside bounds that hold whatever people ratify, a quarter at a time.
    /// </summary>
    public static CapacityRules InitialRules(in ChainParameters ratified) => new(
        ratified, LoopMode.Act, IntervalsPerLimit, SecondsPerLimit,
        [
            Rules(1_000_000, 1_000_000_000, ratified.GasTargetPerSecond),
            // Osaka's largest transaction is 2^24 gas: one must fit beside transaction 0.
            Rules(20_000_000, 1_000_000_000, ratified.GasLimit),
            Rules(0, 1_000_000_000_000, ratified.MinimumBaseFee),
            Rules(50, 60_000, ratified.BlockIntervalMs),
        ]);

    private static ActuatorRules Rules(ulong minimum, ulong maximum, ulong ratified) => new(
        minimum, maximum, ratified, 0, StepBasisPoints, CooldownBlocks, DistanceBasisPoints);

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
                new SteeringHead(Height.Genesis, config.GenesisTimeMs, 0, 0).ToWord(),
            [SteeringStorage.EstimatorsSlot] = estimators.ToWord(),
            [SteeringStorage.ParametersSlot] = parameters.ToWord(),
            [SteeringStorage.RecordsSlot] =
                new BlockRecord(Height.Genesis, config.GenesisTimeMs, 0, 0).ToWord(),
        };
    }

    private static SortedDictionary<UInt256, UInt256> ConstitutionOf(ChainConfig config)
    {
        var storage = new SortedDictionary<UInt256, UInt256>();
        InitialRules(config.Capacity).WriteTo(storage, ModeDwellBlocks);
        storage[CapacityRules.OwnerSlot] = config.Governance.ToWord();
        storage[CapacityRules.GuardianSlot] =
            config.Guardian.ToWord() | ((UInt256)config.GuardianExpiryTime << 160);
        return storage;
    }

    private static SortedDictionary<UInt256, UInt256> RegistryOf(ChainConfig config)
    {
        byte[] model = EmbeddedArtifacts.Model(CapacityModel);
        var storage = new SortedDictionary<UInt256, UInt256>
        {
            [ModelStorage.OwnerSlot] = config.Governance.ToWord(),
        };
        ModelStorage.Write(storage, model);
        ModelStorage.WriteChampion(storage, SteeringProgram.CapacityLoopName, Keccak.Hash(model));
        return storage;
    }

    private static SortedDictionary<UInt256, UInt256> ValidatorsOf(ChainConfig config)
    {
        var storage = new SortedDictionary<UInt256, UInt256>();
        ValidatorStorage.Write(storage,
        [
            .. config.Validators.Select(
                v => new ValidatorEntry(v.Address, v.Weight, v.NodeAddress)),
        ]);
        return storage;
    }
}
