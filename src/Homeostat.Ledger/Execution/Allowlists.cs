using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>What an account may not do where lists are in force.</summary>
[Flags]
public enum Refused : byte
{
    Nothing = 0,

    /// <summary>It may not send transactions.</summary>
    Sending = 1,

    /// <summary>It may not deploy, by a transaction or through a contract.</summary>
    Deploying = 2,
}

/// <summary>
/// The lists of who may send and who may deploy (docs/spec/ordering.md, "Allowlists"), as they are
/// in one state: what holds for a block is its parent's.
/// </summary>
public sealed class Allowlists
{
    /// <summary>contracts/src/Allowlists.sol.</summary>
    public static readonly Address Contract = Address.FromNumber(0x484f0007);

    private const int BitsShift = 160;
    private readonly WorldSnapshot _state;
    private readonly Refused _inForce;

    private Allowlists(WorldSnapshot state, Refused inForce) =>
        (_state, _inForce) = (state, inForce);

    /// <summary>Null where no list is in force, which costs one read a block.</summary>
    public static Allowlists? Of(WorldSnapshot state)
    {
        var bits = (Refused)((state.GetStorage(Contract, UInt256.Zero) >> BitsShift).U0 & 3);
        return bits == Refused.Nothing ? null : new Allowlists(state, bits);
    }

    /// <summary>What the lists in force keep this account from.</summary>
    public Refused RefusedTo(in Address account) =>
        _inForce & ~(Refused)(_state.GetStorage(Contract, SlotOf(account)).U0 & 3);

    /// <summary>Null when it may send this, else why not.</summary>
    public static string? Check(Refused refused, in Address sender, bool isCreation) =>
        refused.HasFlag(Refused.Sending)
            ? $"sender not allowed: {sender.ToChecksum()} is not on this network's list of senders"
        : isCreation && refused.HasFlag(Refused.Deploying)
            ? $"deployment not allowed: {sender.ToChecksum()} is not on this network's list of "
                + "deployers"
        : null;

    /// <summary>keccak256(address ‖ 1): a mapping at slot 1.</summary>
    public static UInt256 SlotOf(in Address account)
    {
        Span<byte> bytes = stackalloc byte[64];
        bytes.Clear();
        account.CopyTo(bytes[12..]);
        bytes[^1] = 1;
        return UInt256.FromHash256(Keccak.Hash(bytes));
    }
}
