using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>A slot's value before and after; zero is absent.</summary>
public readonly record struct SlotChange(UInt256 Slot, UInt256 Before, UInt256 After);

/// <summary>An account before and after; null is absent.</summary>
/// <param name="Slots">
/// In the order of the slots. When <paramref name="StorageCleared"/>, slots that the account had
/// before and that nobody read are gone without being listed.
/// </param>
public sealed record AccountChange(
    Address Address,
    AccountState? Before,
    AccountState? After,
    IReadOnlyList<SlotChange> Slots,
    bool StorageCleared);

/// <summary>
/// What a block changed: accounts in the order of their addresses, code that is new to them, and
/// code that they have no more. Trie nodes come from <see cref="WorldSnapshot.Unstored"/>, for one
/// block or for many at once.
/// </summary>
public sealed record StateChanges(
    IReadOnlyList<AccountChange> Accounts,
    IReadOnlyList<Evm.Code> NewCodes,
    IReadOnlyList<Evm.Code> ReplacedCodes)
{
    public static readonly StateChanges None = new([], [], []);
}
