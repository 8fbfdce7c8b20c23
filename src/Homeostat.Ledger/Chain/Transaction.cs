using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// EIP-2718 types; the value is the envelope's first byte (legacy has no envelope).
/// </summary>
public enum TransactionType : byte
{
    Legacy = 0,
    AccessList = 1,
    DynamicFee = 2,
    Blob = 3,
    SetCode = 4,
}

/// <summary>An address and slots of it that are warm from the start (EIP-2930).</summary>
public sealed record AccessListEntry(Address Address, UInt256[] Slots);

/// <summary>
/// An account's wish to run another's code (EIP-7702). <see cref="ChainId"/> 0 holds on any chain.
/// <see cref="YParity"/> is as sent: other values than 0 and 1 make the authorisation void, not the
/// transaction invalid.
/// </summary>
public sealed record Authorization(
    UInt256 ChainId, Address Delegate, ulong Nonce, byte YParity, UInt256 R, UInt256 S);

/// <summary>
/// A signed transaction of any type, as decoded. Immutable. Fields a type does not have are zero or
/// empty. The sender is known only to a <see cref="RecoveredTransaction"/>.
/// </summary>
public sealed partial class Transaction
{
    private byte[]? _encoded;
    // An object, not a Hash256?: work threads may set it at once, and a word is never half set.
    private HashBox? _hash;

    public TransactionType Type { get; init; }

    /// <summary>Null for a legacy transaction signed without one (before EIP-155).</summary>
    public ulong? ChainId { get; init; }

    public ulong Nonce { get; init; }

    /// <summary>Types 0 and 1: the price. Types 2 to 4: the same as <see cref="MaxFee"/>.</summary>
    public UInt256 GasPrice => MaxFee;

    /// <summary>
    /// The tip at most per gas; for types 0 and 1 the same as <see cref="MaxFee"/>.
    /// </summary>
    public UInt256 MaxPriorityFee { get; init; }

    /// <summary>All that is paid per gas at most; the gas price for types 0 and 1.</summary>
    public UInt256 MaxFee { get; init; }

    public ulong GasLimit { get; init; }

    /// <summary>Null for a creation.</summary>
    public Address? To { get; init; }

    public UInt256 Value { get; init; }
    public byte[] Data { get; init; } = [];
    public AccessListEntry[] AccessList { get; init; } = [];
    public UInt256 MaxFeePerBlobGas { get; init; }
    public Hash256[] BlobHashes { get; init; } = [];
    public Authorization[] Authorizations { get; init; } = [];
    public Signature Signature { get; init; }

    public bool IsCreation => To is null;

    /// <summary>The canonical encoding: RLP, after the type byte if typed (EIP-2718).</summary>
    public ReadOnlySpan<byte> Encoded => _encoded ??= Encode(signed: true);

    public Hash256 Hash => (_hash ??= new HashBox(Keccak.Hash(Encoded))).Value;

    /// <summary>What the sender signs.</summary>
    public Hash256 SigningHash => Keccak.Hash(Encode(signed: false));

    /// <summary>
    /// The tip a validator gets per gas at this base fee; the base fee must be covered.
    /// </summary>
    public UInt256 EffectivePriorityFee(in UInt256 baseFee)
    {
        UInt256 room = MaxFee - baseFee;
        return MaxFee < baseFee ? UInt256.Zero : room < MaxPriorityFee ? room : MaxPriorityFee;
    }

    /// <summary>What is paid per gas at this base fee.</summary>
    public UInt256 EffectiveGasPrice(in UInt256 baseFee) => baseFee + EffectivePriorityFee(baseFee);

    /// <summary>The same fields under the signature of this key.</summary>
    public Transaction Sign(in Hash256 privateKey) =>
        WithSignature(Secp256k1.Sign(SigningHash, privateKey));

    /// <summary>The same fields under another signature.</summary>
    public Transaction WithSignature(Signature signature) => new()
    {
        Type = Type,
        ChainId = ChainId,
        Nonce = Nonce,
        MaxPriorityFee = MaxPriorityFee,
        MaxFee = MaxFee,
        GasLimit = GasLimit,
        To = To,
        Value = Value,
        Data = Data,
        AccessList = AccessList,
        MaxFeePerBlobGas = MaxFeePerBlobGas,
        BlobHashes = BlobHashes,
        Authorizations = Authorizations,
        Signature = signature,
    };

    private sealed class HashBox(Hash256 value)
    {
        public readonly Hash256 Value = value;
    }
}

/// <summary>A transaction whose signature was recovered to its sender.</summary>
public sealed record RecoveredTransaction(Transaction Transaction, Address Sender)
{
    public Hash256 Hash => Transaction.Hash;

    /// <summary>False when the signature is no one's (r, s out of range or s high).</summary>
    public static bool TryRecover(Transaction transaction, out RecoveredTransaction recovered)
    {
        Signature signature = transaction.Signature;
        bool isFrontier = transaction.Type == TransactionType.Legacy && transaction.ChainId is null;
        recovered = null!;
        if ((!isFrontier && signature.S > Transaction.HalfOrder)
            || !Secp256k1.TryRecover(transaction.SigningHash, signature, out Address sender))
        {
            return false;
        }
        recovered = new RecoveredTransaction(transaction, sender);
        return true;
    }
}
