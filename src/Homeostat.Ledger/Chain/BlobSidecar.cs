using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// The form in which wallets send blob transactions: the transaction with its blobs, commitments
/// and proofs around it (EIP-4844, EIP-7594). Blocks hold the transaction alone.
/// </summary>
public static class BlobSidecar
{
    private const byte BlobType = 3;
    private const byte HashVersion = 1;

    /// <summary>
    /// The canonical encoding within; false, with the reason, when this is no such form or its
    /// commitments are not those the transaction names. Proofs are not verified.
    /// </summary>
    public static bool TryUnwrap(
        ReadOnlySpan<byte> raw, [NotNullWhen(true)] out byte[]? canonical, out string error)
    {
        canonical = null;
        error = "not a blob transaction with a sidecar";
        if (raw.Length < 2 || raw[0] != BlobType)
        {
            return false;
        }
        var reader = new RlpReader(raw[1..]);
        RlpReader list = reader.ReadList();
        if (!list.NextIsList)
        {
            return false;
        }
        ReadOnlySpan<byte> inner = list.ReadRaw();
        if (!list.NextIsList)
        {
            list.ReadBytes(); // The wrapper's version (EIP-7594).
        }
        SkipList(ref list);
        List<byte[]> hashes = ReadCommitments(ref list);
        byte[] encoded = [BlobType, .. inner];
        if (!Transaction.TryDecode(encoded, out Transaction transaction, out error))
        {
            return false;
        }
        bool matches = hashes.Count == transaction.BlobHashes.Length
            && hashes.Zip(transaction.BlobHashes).All(
                pair => pair.Second.Bytes.SequenceEqual(pair.First));
        error = matches ? "" : "blob sidecar does not match the transaction's versioned hashes";
        canonical = matches ? encoded : null;
        return matches;
    }

    private static void SkipList(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        while (list.HasMore)
        {
            list.ReadBytes();
        }
        reader.Close(list);
    }

    private static List<byte[]> ReadCommitments(ref RlpReader reader)
    {
        var hashes = new List<byte[]>();
        RlpReader list = reader.ReadList();
        while (list.HasMore)
        {
            byte[] hash = SHA256.HashData(list.ReadBytes());
            hash[0] = HashVersion;
            hashes.Add(hash);
        }
        reader.Close(list);
        return hashes;
    }
}
