using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// The state of the chain as one transaction's EVM sees it: a journal over some snapshot. The
/// Ledger implements it, tests do in memory. Access sets, transient storage, the created and the
/// self-destructed marks begin empty with each transaction; every change, warmth and logs
/// included, is undone by <see cref="Revert"/>. Not thread-safe.
/// </summary>
public interface IWorld
{
    /// <summary>The account is in the state, empty or not.</summary>
    bool Exists(in Address address);

    /// <summary>Absent, or empty as EIP-161 says: no code, nonce 0, balance 0.</summary>
    bool IsDead(in Address address);

    UInt256 GetBalance(in Address address);

    /// <summary>
    /// Makes the account when absent, and touches it (also when the amount is 0).
    /// </summary>
    void AddBalance(in Address address, in UInt256 amount);

    /// <summary>The caller has checked that the balance suffices.</summary>
    void SubtractBalance(in Address address, in UInt256 amount);

    ulong GetNonce(in Address address);

    void SetNonce(in Address address, ulong nonce);

    /// <summary>
    /// Keccak-256 of the code, <see cref="Hash256.Zero"/> when the account is absent.
    /// </summary>
    Hash256 GetCodeHash(in Address address);

    /// <summary>The account's own code (a delegation designator is not followed).</summary>
    Code GetCode(in Address address);

    void SetCode(in Address address, Code code);

    /// <summary>
    /// Makes the account a contract being created in this transaction: keeps its balance, marks it
    /// for <see cref="WasCreatedInTransaction"/>. The EVM sets its nonce and code.
    /// </summary>
    void CreateContract(in Address address);

    bool WasCreatedInTransaction(in Address address);

    /// <summary>Some storage slot is not zero (EIP-7610).</summary>
    bool HasStorage(in Address address);

    UInt256 GetStorage(in Address address, in UInt256 slot);

    /// <summary>The value at the start of the transaction (EIP-2200).</summary>
    UInt256 GetOriginalStorage(in Address address, in UInt256 slot);

    void SetStorage(in Address address, in UInt256 slot, in UInt256 value);

    UInt256 GetTransient(in Address address, in UInt256 slot);

    void SetTransient(in Address address, in UInt256 slot, in UInt256 value);

    /// <summary>Adds to the access set; true when it was cold (EIP-2929).</summary>
    bool WarmAddress(in Address address);

    /// <summary>Adds to the access set; true when it was cold (EIP-2929).</summary>
    bool WarmSlot(in Address address, in UInt256 slot);

    /// <summary>
    /// Marks the account to be deleted when the transaction ends. The EVM has moved its balance
    /// and has decided by EIP-6780 whether it may be deleted at all.
    /// </summary>
    void SelfDestruct(in Address address);

    bool HasSelfDestructed(in Address address);

    void AddLog(Log log);

    /// <summary>
    /// A mark for <see cref="Revert"/>; marks are taken and undone as on a stack.
    /// </summary>
    int Snapshot();

    void Revert(int snapshot);

    /// <summary>
    /// A message reached the account: makes it (empty) when absent, and lists it for deletion at
    /// the transaction's end where the fork clears empty accounts (EIP-161). Undone by a revert,
    /// but for address 3 as on mainnet.
    /// </summary>
    void Touch(in Address address);
}
