namespace Homeostat.Ledger;

/// <summary>Gas a transaction costs before any of it executes (Yellow Paper, g0).</summary>
public static class IntrinsicGas
{
    public const ulong Transaction = 21_000;
    public const ulong Creation = 32_000;
    public const ulong ZeroByte = 4;
    public const ulong AccessListAddress = 2_400;
    public const ulong AccessListSlot = 1_900;

    /// <summary>For each authorisation (EIP-7702).</summary>
    public const ulong Authorization = 25_000;

    /// <summary>Given back for an authorisation whose account exists (EIP-7702).</summary>
    public const long ExistingAuthorityRefund = 12_500;

    private const ulong FloorPerToken = 10;

    public static ulong Of(Transaction transaction, BlockRules rules)
    {
        ulong zeros = (ulong)transaction.Data.AsSpan().Count((byte)0);
        ulong others = (ulong)transaction.Data.Length - zeros;
        ulong gas = Transaction + zeros * ZeroByte + others * rules.CalldataByteGas;
        if (transaction.IsCreation)
        {
            ulong words = ((ulong)transaction.Data.Length + 31) / 32;
            gas += (rules.Evm.IsHomestead ? Creation : 0) + words * rules.Evm.InitcodeWordGas;
        }
        foreach (AccessListEntry entry in transaction.AccessList)
        {
            gas += AccessListAddress + AccessListSlot * (ulong)entry.Slots.Length;
        }
        return gas + Authorization * (ulong)transaction.Authorizations.Length;
    }

    /// <summary>
    /// The least a transaction pays for its calldata (EIP-7623); 0 before Prague.
    /// </summary>
    public static ulong Floor(Transaction transaction, BlockRules rules)
    {
        if (!rules.HasCalldataFloor)
        {
            return 0;
        }
        ulong zeros = (ulong)transaction.Data.AsSpan().Count((byte)0);
        ulong tokens = zeros + 4 * ((ulong)transaction.Data.Length - zeros);
        return Transaction + FloorPerToken * tokens;
    }
}
