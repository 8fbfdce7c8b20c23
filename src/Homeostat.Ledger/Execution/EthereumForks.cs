using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Ethereum's block rules, each fork as its predecessor plus differences, and Homeostat's as one
/// more such entry.
/// </summary>
public static class EthereumForks
{
    /// <summary>2^24 (EIP-7825).</summary>
    public const ulong OsakaMaxTransactionGas = 1 << 24;

    /// <summary>10 MiB less a margin of 2 MiB for consensus (EIP-7934).</summary>
    public const int OsakaMaxBlockSize = 8_388_608;

    public static readonly Address BeaconRoots = new("0x000f3df6d732807ef1319fb7b8bb8522d0beac02");
    public static readonly Address HistoryStorage =
        new("0x0000f90827f1c53a10cb7a02335b175320002935");
    public static readonly Address Withdrawals = new("0x00000961ef480eb55e80d19ad83579a64c007002");
    public static readonly Address Consolidations =
        new("0x0000bbddc7ce488642fb579f8b00f3a590007251");

    public static readonly Address MainnetDeposits =
        new("0x00000000219ab540356cbb839cbe05303d7705fa");

    /// <summary>Homeostat's predeploy for inclusion fees (contracts/src/FeePool.sol).</summary>
    public static readonly Address FeePool = Address.FromNumber(0x484f0005);

    private static readonly UInt256 Ether = UInt256.Parse("1000000000000000000");

    private static readonly SystemCall StoreBeaconRoot =
        new(BeaconRoots, header => header.ParentBeaconBlockRoot!.Value.ToArray());

    private static readonly SystemCall StoreParentHash =
        new(HistoryStorage, header => header.ParentHash.ToArray());

    private static readonly BlockRules[] Table = [.. BeforeBerlin(), .. FromBerlin()];

    /// <summary>The rules of a fork; chain id and mainnet's deposit contract filled in.</summary>
    public static BlockRules Rules(Fork fork, ulong chainId) =>
        Table[(int)fork] with { ChainId = chainId };

    /// <summary>
    /// Osaka with all that is different in a Homeostat block (docs/spec/ledger.md).
    /// </summary>
    public static BlockRules Homeostat(
        ulong chainId, bool allowsBlobs, IStatefulPrecompile? extension = null)
    {
        BlockRules osaka = Rules(Fork.Osaka, chainId);
        return osaka with
        {
            Evm = osaka.Evm with { Extension = extension },
            Precompiles = extension is null
                ? osaka.Precompiles
                : [.. osaka.Precompiles, extension.Address],
            BaseFeeRule = BaseFeeRule.ByElapsedTime,
            TimestampMayRepeat = true,
            HasInputs = true,
            FeePool = FeePool,
            AllowsBlobs = allowsBlobs,
            MaxWithdrawals = 0,
            CallsAfter = [],
            DepositContract = null,
        };
    }

    /// <summary>Precompiles are numbered from 1 on.</summary>
    internal static Address[] PrecompilesTo(uint last)
    {
        var addresses = new Address[last];
        for (uint i = 0; i < last; i++)
        {
            addresses[i] = Address.FromNumber(i + 1);
        }
        return addresses;
    }

    private static BlockRules[] BeforeBerlin()
    {
        var frontier = new BlockRules
        {
            Difficulty = DifficultyRule.Frontier,
            BlockReward = Ether * 5,
        };
        BlockRules homestead = With(frontier, Fork.Homestead) with
        {
            Difficulty = DifficultyRule.Homestead,
        };
        BlockRules tangerine = With(homestead, Fork.TangerineWhistle);
        BlockRules spurious = With(tangerine, Fork.SpuriousDragon) with
        {
            HasReplayProtection = true,
        };
        BlockRules byzantium = With(spurious, Fork.Byzantium) with
        {
            Difficulty = DifficultyRule.Byzantium,
            BlockReward = Ether * 3,
            Precompiles = PrecompilesTo(8),
            BombDelay = 3_000_000,
        };
        BlockRules constantinople = With(byzantium, Fork.Constantinople) with
        {
            BlockReward = Ether * 2,
            BombDelay = 5_000_000,
        };
        BlockRules petersburg = With(constantinople, Fork.Petersburg);
        BlockRules istanbul = With(petersburg, Fork.Istanbul) with
        {
            CalldataByteGas = 16,
            Precompiles = PrecompilesTo(9),
        };
        return [frontier, homestead, tangerine, spurious, byzantium, constantinople, petersburg,
            istanbul];
    }

    private static BlockRules[] FromBerlin()
    {
        BlockRules berlin = With(BeforeBerlin()[^1], Fork.Berlin) with
        {
            BombDelay = 9_000_000,
            HighestType = TransactionType.AccessList,
        };
        BlockRules london = With(berlin, Fork.London) with
        {
            BombDelay = 9_700_000,
            BaseFeeRule = BaseFeeRule.ByParentGas,
            HighestType = TransactionType.DynamicFee,
        };
        BlockRules paris = With(london, Fork.Paris) with
        {
            Difficulty = DifficultyRule.Zero,
            BlockReward = UInt256.Zero,
        };
        BlockRules shanghai = With(paris, Fork.Shanghai) with { HasWithdrawals = true };
        BlockRules cancun = With(shanghai, Fork.Cancun) with
        {
            Blobs = new BlobSchedule(3, 6, 3_338_477),
            Precompiles = PrecompilesTo(10),
            HasBeaconRoot = true,
            HighestType = TransactionType.Blob,
            CallsBefore = [StoreBeaconRoot],
        };
        BlockRules prague = With(cancun, Fork.Prague) with
        {
            Blobs = new BlobSchedule(6, 9, 5_007_716),
            Precompiles = PrecompilesTo(17),
            HasRequests = true,
            HasCalldataFloor = true,
            HighestType = TransactionType.SetCode,
            DepositContract = MainnetDeposits,
            CallsBefore = [StoreBeaconRoot, StoreParentHash],
            CallsAfter = [new(1, Withdrawals), new(2, Consolidations)],
        };
        BlockRules osaka = With(prague, Fork.Osaka) with
        {
            HasBlobReservePrice = true,
            Precompiles = [.. PrecompilesTo(17), Address.FromNumber(0x100)],
            MaxBlobsPerTransaction = 6,
            MaxTransactionGas = OsakaMaxTransactionGas,
            MaxBlockSize = OsakaMaxBlockSize,
        };
        return [berlin, london, paris, shanghai, cancun, prague, osaka];
    }

    private static BlockRules With(BlockRules before, Fork fork) =>
        before with { Evm = ForkRules.For(fork) };
}
