namespace Homeostat.Primitives;

/// <summary>A recoverable ECDSA signature: r and s big-endian, parity of the nonce point's y.</summary>
public readonly record struct Signature(UInt256 R, UInt256 S, bool YParity);

/// <summary>ECDSA over secp256k1 as Ethereum uses it.</summary>
public static class Secp256k1
{
    /// <summary>The address whose key signed the hash, or false when there is none.</summary>
    public static bool TryRecover(in Hash256 hash, in Signature signature, out Address signer) =>
        throw new NotSupportedException();

    /// <summary>Deterministic (RFC 6979), low-s signature.</summary>
    public static Signature Sign(in Hash256 hash, in Hash256 privateKey) =>
        throw new NotSupportedException();

    /// <summary>The address of a private key.</summary>
    public static Address AddressOf(in Hash256 privateKey) => throw new NotSupportedException();
}
