namespace Homeostat.Evm;

/// <summary>
/// Prices no fork has changed, by the Yellow Paper (appendix G) and the EIPs named.
/// </summary>
public static class GasCosts
{
    /// <summary>Access to an account or slot already in the access sets (EIP-2929).</summary>
    public const ulong WarmAccess = 100;

    /// <summary>First access to an account in a transaction (EIP-2929).</summary>
    public const ulong ColdAccount = 2_600;

    /// <summary>First access to a storage slot in a transaction (EIP-2929).</summary>
    public const ulong ColdSlot = 2_100;

    internal const ulong CallValue = 9_000;
    internal const ulong CallStipend = 2_300;
    internal const ulong NewAccount = 25_000;
    internal const ulong Create = 32_000;
    internal const ulong CodeDepositByte = 200;
    internal const ulong StorageSet = 20_000;
    internal const ulong StorageReset = 5_000;
    internal const ulong KeccakWord = 6;
    internal const ulong CopyWord = 3;
    internal const ulong LogTopic = 375;
    internal const ulong LogByte = 8;
}
