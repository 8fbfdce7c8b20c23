using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>How a frame came to be.</summary>
public enum CallKind
{
    Call,
    CallCode,
    DelegateCall,
    StaticCall,
    Create,
    Create2,
}

/// <summary>
/// A transaction's outermost call or create, or a system call. Intrinsic gas is already taken,
/// the sender's nonce already raised and the gas bought; value is moved by the engine.
/// </summary>
/// <param name="Kind">Call, StaticCall or Create.</param>
/// <param name="Target">
/// The account called, or for a create the new contract's address
/// (<see cref="ContractAddress.FromNonce"/>).
/// </param>
/// <param name="Input">Calldata, or the initcode of a create.</param>
public readonly record struct CallMessage(
    CallKind Kind,
    Address Caller,
    Address Target,
    UInt256 Value,
    ulong Gas,
    ReadOnlyMemory<byte> Input);

/// <summary>
/// How an execution ended. All after <see cref="Revert"/> take the frame's whole gas.
/// </summary>
public enum ExecutionStatus
{
    Success,
    Revert,
    OutOfGas,
    StackUnderflow,
    StackOverflow,
    InvalidOpcode,
    InvalidJump,
    StaticViolation,
    ReturnDataOutOfBounds,
    CallDepthExceeded,
    InsufficientBalance,
    NonceOverflow,
    AddressCollision,
    CodeSizeExceeded,
    InitcodeSizeExceeded,
    InvalidCodePrefix,
    PrecompileFailure,
}

/// <summary>The end of an execution.</summary>
/// <param name="GasLeft">0 after a failure other than a revert.</param>
/// <param name="Refund">
/// The refund counter, 0 unless it succeeded; the quotient is not applied.
/// </param>
/// <param name="Output">Return data or revert data; a create's is empty when it succeeded.</param>
/// <param name="CreatedAddress">Of a create that succeeded, else the zero address.</param>
public readonly record struct CallResult(
    ExecutionStatus Status,
    ulong GasLeft,
    long Refund,
    byte[] Output,
    Address CreatedAddress)
{
    public bool IsSuccess => Status == ExecutionStatus.Success;
}

/// <summary>
/// Executes messages to their end. An engine owns buffers and is used by one thread at a time;
/// no execution throws for anything bytecode does. State changes of a message that did not succeed
/// are undone in the world when this returns.
/// </summary>
public interface IEvmEngine
{
    CallResult Execute(EvmContext context, in CallMessage message);
}

/// <summary>The addresses of new contracts.</summary>
public static class ContractAddress
{
    /// <summary>CREATE and creation transactions: keccak(rlp(sender, nonce)).</summary>
    public static Address FromNonce(in Address sender, ulong nonce)
    {
        Span<byte> bytes = stackalloc byte[31];
        int leadingZeros = System.Numerics.BitOperations.LeadingZeroCount(nonce);
        int nonceBytes = nonce < 0x80 ? 0 : 8 - leadingZeros / 8;
        bytes[0] = (byte)(0xc0 + 22 + nonceBytes);
        bytes[1] = 0x94;
        sender.CopyTo(bytes[2..]);
        bytes[22] = nonce == 0 ? (byte)0x80
            : nonceBytes == 0 ? (byte)nonce : (byte)(0x80 + nonceBytes);
        for (int i = 0; i < nonceBytes; i++)
        {
            bytes[23 + i] = unchecked((byte)(nonce >> (8 * (nonceBytes - 1 - i))));
        }
        return LastBytes(Keccak.Hash(bytes[..(23 + nonceBytes)]));
    }

    /// <summary>CREATE2: keccak(0xff ++ sender ++ salt ++ keccak(initcode)) (EIP-1014).</summary>
    public static Address FromSalt(
        in Address sender, in UInt256 salt, ReadOnlySpan<byte> initcode)
    {
        Span<byte> bytes = stackalloc byte[85];
        bytes[0] = 0xff;
        sender.CopyTo(bytes[1..]);
        salt.WriteBigEndian(bytes[21..53]);
        Keccak.Hash(initcode).CopyTo(bytes[53..]);
        return LastBytes(Keccak.Hash(bytes));
    }

    private static Address LastBytes(in Hash256 hash) => new(hash.Bytes[12..]);
}
