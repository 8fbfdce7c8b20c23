namespace Homeostat.Evm;

/// <summary>
/// What the EVM does differently from fork to fork. Each fork is its predecessor plus the
/// differences its EIPs name; nothing else in this project asks for a fork by its name.
/// </summary>
public sealed record ForkRules
{
    private static readonly ForkRules[] Table = Build();

    public Fork Fork { get; private init; }

    /// <summary>
    /// DELEGATECALL exists, and a create that can't pay its code deposit fails (EIP-2, 7).
    /// </summary>
    public bool IsHomestead { get; private init; }

    /// <summary>Calls forward at most all but one 64th of the gas left (EIP-150).</summary>
    public bool ForwardsAllButOne64th { get; private init; }

    /// <summary>
    /// Empty accounts are deleted when touched; new contracts start at nonce 1 (EIP-161).
    /// </summary>
    public bool ClearsEmptyAccounts { get; private init; }

    /// <summary>Largest deployed code in bytes (EIP-170).</summary>
    public int MaxCodeSize { get; init; } = int.MaxValue;

    /// <summary>Largest initcode in bytes (EIP-3860).</summary>
    public int MaxInitcodeSize { get; init; } = int.MaxValue;

    /// <summary>Gas for each word of initcode (EIP-3860).</summary>
    public ulong InitcodeWordGas { get; private init; }

    /// <summary>REVERT, RETURNDATA*, STATICCALL (EIP-140, 211, 214).</summary>
    public bool IsByzantium { get; private init; }

    /// <summary>SHL, SHR, SAR, EXTCODEHASH, CREATE2 (EIP-145, 1052, 1014).</summary>
    public bool IsConstantinople { get; private init; }

    /// <summary>SSTORE by net change: EIP-1283 in Constantinople, EIP-2200 from Istanbul.</summary>
    public bool HasNetGasMetering { get; private init; }

    /// <summary>CHAINID, SELFBALANCE (EIP-1344, 1884), SSTORE sentry (EIP-2200).</summary>
    public bool IsIstanbul { get; private init; }

    /// <summary>Warm and cold accounts and slots (EIP-2929).</summary>
    public bool HasAccessSets { get; private init; }

    /// <summary>BASEFEE (EIP-3198), no code that begins with 0xEF (EIP-3541).</summary>
    public bool IsLondon { get; private init; }

    /// <summary>Refunds are at most gas used over this (EIP-3529).</summary>
    public ulong RefundQuotient { get; private init; } = 2;

    /// <summary>Refund for a cleared storage slot (EIP-3529).</summary>
    public long ClearRefund { get; private init; } = 15_000;

    /// <summary>Refund for a SELFDESTRUCT (EIP-3529).</summary>
    public long SelfDestructRefund { get; private init; } = 24_000;

    /// <summary>0x44 is PREVRANDAO (EIP-4399).</summary>
    public bool IsParis { get; private init; }

    /// <summary>PUSH0 (EIP-3855); the coinbase starts warm (EIP-3651).</summary>
    public bool IsShanghai { get; private init; }

    /// <summary>TLOAD, TSTORE, MCOPY, BLOBHASH, BLOBBASEFEE (EIP-1153, 5656, 4844, 7516) and
    /// SELFDESTRUCT only in the transaction of creation (EIP-6780).</summary>
    public bool IsCancun { get; private init; }

    /// <summary>Code may delegate to another account's (EIP-7702).</summary>
    public bool HasDelegations { get; private init; }

    /// <summary>CLZ (EIP-7939).</summary>
    public bool IsOsaka { get; private init; }

    /// <summary>
    /// A network's own precompile beyond Ethereum's; null on every Ethereum fork. Part of the
    /// rules, so all nodes of a network have the same.
    /// </summary>
    public IStatefulPrecompile? Extension { get; init; }

    public ulong SloadGas { get; private init; } = 50;
    public ulong BalanceGas { get; private init; } = 20;
    public ulong ExtcodeGas { get; private init; } = 20;
    public ulong ExtcodehashGas { get; private init; } = 400;
    public ulong CallGas { get; private init; } = 40;
    public ulong SelfDestructGas { get; private init; }
    public ulong ExpByteGas { get; private init; } = 10;

    /// <summary>The rules of a fork; the same object at every call.</summary>
    public static ForkRules For(Fork fork) => Table[(int)fork];

    private static ForkRules[] Build()
    {
        var frontier = new ForkRules { Fork = Fork.Frontier };
        ForkRules homestead = frontier with { Fork = Fork.Homestead, IsHomestead = true };
        ForkRules tangerine = homestead with
        {
            Fork = Fork.TangerineWhistle,
            ForwardsAllButOne64th = true,
            SloadGas = 200,
            BalanceGas = 400,
            ExtcodeGas = 700,
            CallGas = 700,
            SelfDestructGas = 5_000,
        };
        ForkRules spurious = tangerine with
        {
            Fork = Fork.SpuriousDragon,
            ClearsEmptyAccounts = true,
            MaxCodeSize = 24_576,
            ExpByteGas = 50,
        };
        ForkRules byzantium = spurious with { Fork = Fork.Byzantium, IsByzantium = true };
        ForkRules constantinople = byzantium with
        {
            Fork = Fork.Constantinople,
            IsConstantinople = true,
            HasNetGasMetering = true,
        };
        ForkRules petersburg = constantinople with
        {
            Fork = Fork.Petersburg,
            HasNetGasMetering = false,
        };
        return [frontier, homestead, tangerine, spurious, byzantium, constantinople, petersburg,
            .. FromIstanbul(petersburg)];
    }

    private static ForkRules[] FromIstanbul(ForkRules petersburg)
    {
        ForkRules istanbul = petersburg with
        {
            Fork = Fork.Istanbul,
            IsIstanbul = true,
            HasNetGasMetering = true,
            SloadGas = 800,
            BalanceGas = 700,
            ExtcodehashGas = 700,
        };
        // From here on the access sets price what touches state: a warm access costs 100.
        ForkRules berlin = istanbul with
        {
            Fork = Fork.Berlin,
            HasAccessSets = true,
            SloadGas = GasCosts.WarmAccess,
            BalanceGas = GasCosts.WarmAccess,
            ExtcodeGas = GasCosts.WarmAccess,
            ExtcodehashGas = GasCosts.WarmAccess,
            CallGas = GasCosts.WarmAccess,
        };
        ForkRules london = berlin with
        {
            Fork = Fork.London,
            IsLondon = true,
            RefundQuotient = 5,
            ClearRefund = 4_800,
            SelfDestructRefund = 0,
        };
        ForkRules paris = london with { Fork = Fork.Paris, IsParis = true };
        ForkRules shanghai = paris with
        {
            Fork = Fork.Shanghai,
            IsShanghai = true,
            MaxInitcodeSize = 49_152,
            InitcodeWordGas = 2,
        };
        ForkRules cancun = shanghai with { Fork = Fork.Cancun, IsCancun = true };
        ForkRules prague = cancun with { Fork = Fork.Prague, HasDelegations = true };
        ForkRules osaka = prague with { Fork = Fork.Osaka, IsOsaka = true };
        return [istanbul, berlin, london, paris, shanghai, cancun, prague, osaka];
    }
}
