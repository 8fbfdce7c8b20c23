using Homeostat.Primitives;

namespace Homeostat.Ledger;

public sealed partial class Transaction
{
    /// <summary>
    /// Half the order of secp256k1: s over it is refused from Homestead on (EIP-2).
    /// </summary>
    public static readonly UInt256 HalfOrder =
        UInt256.Parse("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

    /// <summary>
    /// Reads the canonical encoding (no blob sidecar); false with geth's text when it is malformed.
    /// </summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> encoded, out Transaction transaction, out string error)
    {
        transaction = null!;
        if (encoded.IsEmpty)
        {
            error = "typed transaction too short";
            return false;
        }
        if (encoded[0] >= 0xc0)
        {
            var legacy = new RlpReader(encoded);
            transaction = ReadLegacy(ref legacy);
            return Finish(legacy, encoded, ref transaction, out error);
        }
        if (encoded[0] is 0 or > 4)
        {
            error = "transaction type not supported";
            return false;
        }
        var reader = new RlpReader(encoded[1..]);
        transaction = ReadTyped((TransactionType)encoded[0], ref reader);
        return Finish(reader, encoded, ref transaction, out error);
    }

    /// <summary>
    /// Reads a transaction as it stands in a block body: a list (legacy) or a string (typed).
    /// </summary>
    public static Transaction? ReadFromBody(ref RlpReader body)
    {
        ReadOnlySpan<byte> item = body.NextIsList ? body.ReadRaw() : body.ReadBytes();
        if (body.Failed)
        {
            return null;
        }
        if (!TryDecode(item, out Transaction transaction, out string error))
        {
            body.Fail(error);
            return null;
        }
        return transaction;
    }

    /// <summary>Writes it as it stands in a block body.</summary>
    public void WriteToBody(RlpWriter writer)
    {
        if (Type == TransactionType.Legacy)
        {
            writer.WriteRaw(Encoded);
        }
        else
        {
            writer.Write(Encoded);
        }
    }

    private static bool Finish(
        in RlpReader reader, ReadOnlySpan<byte> encoded, ref Transaction transaction,
        out string error)
    {
        error = reader.Error ?? (reader.Finished ? "" : "rlp: bytes after the transaction");
        if (error.Length > 0)
        {
            transaction = null!;
            return false;
        }
        transaction._encoded = encoded.ToArray();
        return true;
    }

    private static Transaction ReadLegacy(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        ulong nonce = list.ReadUInt64();
        UInt256 price = list.ReadUInt256();
        ulong gasLimit = list.ReadUInt64();
        Address? to = list.ReadOptionalAddress();
        UInt256 value = list.ReadUInt256();
        byte[] data = list.ReadBytes().ToArray();
        UInt256 v = list.ReadUInt256();
        UInt256 r = list.ReadUInt256();
        UInt256 s = list.ReadUInt256();
        ulong? chainId = ReadChainId(v, ref list, out bool parity);
        reader.Close(list);
        return new Transaction
        {
            Type = TransactionType.Legacy,
            ChainId = chainId,
            Nonce = nonce,
            MaxPriorityFee = price,
            MaxFee = price,
            GasLimit = gasLimit,
            To = to,
            Value = value,
            Data = data,
            Signature = new Signature(r, s, parity),
        };
    }

    /// <summary>v is 27 + parity, or 35 + 2 · chain id + parity (EIP-155).</summary>
    private static ulong? ReadChainId(in UInt256 v, ref RlpReader list, out bool parity)
    {
        parity = false;
        if (v == 27 || v == 28)
        {
            parity = v == 28;
            return null;
        }
        UInt256 rest = v - 35;
        UInt256 chainId = rest >> 1;
        if (v < 35 || !chainId.IsUInt64)
        {
            list.Fail("invalid transaction v, r, s values");
            return null;
        }
        parity = ((ulong)rest & 1) == 1;
        return chainId.ToUInt64Saturating();
    }

    private static Transaction ReadTyped(TransactionType type, ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        bool isDynamic = type >= TransactionType.DynamicFee;
        ulong chainId = list.ReadUInt64();
        ulong nonce = list.ReadUInt64();
        UInt256 tip = list.ReadUInt256();
        UInt256 fee = isDynamic ? list.ReadUInt256() : tip;
        ulong gasLimit = list.ReadUInt64();
        Address? to = type >= TransactionType.Blob
            ? list.ReadAddress()
            : list.ReadOptionalAddress();
        UInt256 value = list.ReadUInt256();
        byte[] data = list.ReadBytes().ToArray();
        AccessListEntry[] accessList = ReadAccessList(ref list);
        bool isBlob = type == TransactionType.Blob;
        UInt256 blobFee = isBlob ? list.ReadUInt256() : UInt256.Zero;
        Hash256[] blobHashes = isBlob ? ReadHashes(ref list) : [];
        Authorization[] authorizations =
            type == TransactionType.SetCode ? ReadAuthorizations(ref list) : [];
        Signature signature = ReadSignature(ref list);
        reader.Close(list);
        return new Transaction
        {
            Type = type,
            ChainId = chainId,
            Nonce = nonce,
            MaxPriorityFee = tip,
            MaxFee = fee,
            GasLimit = gasLimit,
            To = to,
            Value = value,
            Data = data,
            AccessList = accessList,
            MaxFeePerBlobGas = blobFee,
            BlobHashes = blobHashes,
            Authorizations = authorizations,
            Signature = signature,
        };
    }

    private static Signature ReadSignature(ref RlpReader list)
    {
        ulong parity = list.ReadUInt64();
        if (parity > 1)
        {
            list.Fail("invalid transaction v, r, s values");
        }
        return new Signature(list.ReadUInt256(), list.ReadUInt256(), parity == 1);
    }

    private static AccessListEntry[] ReadAccessList(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        var entries = new List<AccessListEntry>();
        while (list.HasMore)
        {
            RlpReader entry = list.ReadList();
            Address address = entry.ReadAddress();
            RlpReader slots = entry.ReadList();
            var values = new List<UInt256>();
            while (slots.HasMore)
            {
                values.Add(UInt256.FromHash256(slots.ReadHash256()));
            }
            entry.Close(slots);
            list.Close(entry);
            entries.Add(new AccessListEntry(address, [.. values]));
        }
        reader.Close(list);
        return [.. entries];
    }

    private static Hash256[] ReadHashes(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        var hashes = new List<Hash256>();
        while (list.HasMore)
        {
            hashes.Add(list.ReadHash256());
        }
        reader.Close(list);
        return [.. hashes];
    }

    private static Authorization[] ReadAuthorizations(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        var authorizations = new List<Authorization>();
        while (list.HasMore)
        {
            RlpReader entry = list.ReadList();
            UInt256 chainId = entry.ReadUInt256();
            Address target = entry.ReadAddress();
            ulong nonce = entry.ReadUInt64();
            ulong parity = entry.ReadUInt64();
            if (parity > byte.MaxValue)
            {
                entry.Fail("authorization y parity over 8 bits");
                parity = 0;
            }
            authorizations.Add(new Authorization(
                chainId, target, nonce, (byte)parity, entry.ReadUInt256(), entry.ReadUInt256()));
            list.Close(entry);
        }
        reader.Close(list);
        return [.. authorizations];
    }

    private byte[] Encode(bool signed)
    {
        var writer = new RlpWriter(Data.Length + 256);
        int list = writer.StartList();
        if (Type == TransactionType.Legacy)
        {
            WriteLegacy(writer, signed);
            writer.EndList(list);
            return writer.ToArray();
        }
        WriteTyped(writer);
        if (signed)
        {
            writer.Write(Signature.YParity ? 1UL : 0UL);
            writer.Write(Signature.R);
            writer.Write(Signature.S);
        }
        writer.EndList(list);
        return [(byte)Type, .. writer.WrittenSpan];
    }

    private void WriteLegacy(RlpWriter writer, bool signed)
    {
        writer.Write(Nonce);
        writer.Write(MaxFee);
        WriteCall(writer);
        ulong parity = Signature.YParity ? 1UL : 0UL;
        if (signed)
        {
            UInt256 v = ChainId is { } chain ? ((UInt256)chain << 1) + 35 : 27;
            writer.Write(v + parity);
            writer.Write(Signature.R);
            writer.Write(Signature.S);
        }
        else if (ChainId is { } chainId)
        {
            writer.Write(chainId);
            writer.Write(0UL);
            writer.Write(0UL);
        }
    }

    private void WriteCall(RlpWriter writer)
    {
        writer.Write(GasLimit);
        writer.Write(To);
        writer.Write(Value);
        writer.Write(Data);
    }

    private void WriteTyped(RlpWriter writer)
    {
        writer.Write(ChainId ?? 0);
        writer.Write(Nonce);
        writer.Write(MaxPriorityFee);
        if (Type >= TransactionType.DynamicFee)
        {
            writer.Write(MaxFee);
        }
        WriteCall(writer);
        WriteAccessList(writer);
        if (Type == TransactionType.Blob)
        {
            writer.Write(MaxFeePerBlobGas);
            int list = writer.StartList();
            foreach (Hash256 hash in BlobHashes)
            {
                writer.Write(hash);
            }
            writer.EndList(list);
        }
        else if (Type == TransactionType.SetCode)
        {
            WriteAuthorizations(writer);
        }
    }

    private void WriteAccessList(RlpWriter writer)
    {
        int list = writer.StartList();
        foreach (AccessListEntry entry in AccessList)
        {
            int item = writer.StartList();
            writer.Write(entry.Address);
            int slots = writer.StartList();
            foreach (UInt256 slot in entry.Slots)
            {
                writer.Write(slot.ToHash256());
            }
            writer.EndList(slots);
            writer.EndList(item);
        }
        writer.EndList(list);
    }

    private void WriteAuthorizations(RlpWriter writer)
    {
        int list = writer.StartList();
        foreach (Authorization authorization in Authorizations)
        {
            int item = writer.StartList();
            writer.Write(authorization.ChainId);
            writer.Write(authorization.Delegate);
            writer.Write(authorization.Nonce);
            writer.Write((ulong)authorization.YParity);
            writer.Write(authorization.R);
            writer.Write(authorization.S);
            writer.EndList(item);
        }
        writer.EndList(list);
    }
}
