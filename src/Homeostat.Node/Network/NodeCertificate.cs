using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Node.Network;

/// <summary>
/// TLS certificates bound to node identities, in the way of libp2p's TLS specification
/// (github.com/libp2p/specs, tls/tls.md). TLS 1.3 as the platforms ship it can't authenticate
/// secp256k1 keys. So each process makes a P-256 key and a certificate for it, and the
/// certificate carries an extension: the node's address and the node key's signature over the
/// certificate's public key. TLS proves that the other end holds the P-256 key; the extension
/// proves that the node key vouches for it. No authority is involved, and validity dates mean
/// nothing: an identity is known or it isn't.
/// </summary>
internal static class NodeCertificate
{
    // An arc under 2.25 (UUIDs) needs no registration.
    private const string ExtensionOid = "2.25.129481470386155714389101318204";
    private const int SignatureSize = 65;

    private static readonly byte[] Prefix = Encoding.ASCII.GetBytes("homeostat-tls-handshake:");

    /// <summary>
    /// A fresh certificate that speaks for the identity; sign signs with its key.
    /// </summary>
    public static X509Certificate2 Create(in Address identity, Func<Hash256, Signature> sign)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=homeostat", key, HashAlgorithmName.SHA256);
        Signature signature = sign(Digest(request.PublicKey.ExportSubjectPublicKeyInfo()));
        byte[] content = new byte[Address.Size + SignatureSize];
        identity.CopyTo(content);
        signature.R.WriteBigEndian(content.AsSpan(Address.Size, 32));
        signature.S.WriteBigEndian(content.AsSpan(Address.Size + 32, 32));
        content[^1] = signature.YParity ? (byte)1 : (byte)0;
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteOctetString(content);
        request.CertificateExtensions.Add(
            new X509Extension(ExtensionOid, writer.Encode(), critical: true));
        return request.CreateSelfSigned(
            new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2120, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    /// <summary>The identity a peer's certificate proves, or what is wrong with it.</summary>
    public static bool TryReadIdentity(
        X509Certificate2? certificate, out Address identity, out string error)
    {
        identity = default;
        X509Extension? extension = certificate?.Extensions
            .FirstOrDefault(x => x.Oid?.Value == ExtensionOid);
        if (certificate is null || extension is null)
        {
            error = "certificate without a node identity";
            return false;
        }
        if (!TryReadContent(extension.RawData, out byte[] content))
        {
            error = "certificate with a malformed identity extension";
            return false;
        }
        var claimed = new Address(content.AsSpan(0, Address.Size));
        var signature = new Signature(
            UInt256.FromBigEndian(content.AsSpan(Address.Size, 32)),
            UInt256.FromBigEndian(content.AsSpan(Address.Size + 32, 32)),
            content[^1] == 1);
        Hash256 digest = Digest(certificate.PublicKey.ExportSubjectPublicKeyInfo());
        if (!Secp256k1.TryRecover(digest, signature, out Address signer) || signer != claimed)
        {
            error = $"certificate's identity {claimed} is not signed by its key";
            return false;
        }
        identity = claimed;
        error = "";
        return true;
    }

    private static bool TryReadContent(byte[] raw, out byte[] content)
    {
        content = [];
        try
        {
            content = new AsnReader(raw, AsnEncodingRules.DER).ReadOctetString();
        }
        catch (AsnContentException)
        {
            return false;
        }
        return content.Length == Address.Size + SignatureSize && content[^1] <= 1;
    }

    private static Hash256 Digest(byte[] publicKeyInfo) =>
        Keccak.Hash([.. Prefix, .. publicKeyInfo]);
}
