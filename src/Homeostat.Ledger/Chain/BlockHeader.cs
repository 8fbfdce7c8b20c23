using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// A block's header in Ethereum's format, all fields up to Osaka. A field that a fork added is null
/// in the blocks before that fork; they are encoded up to the last one present.
/// </summary>
public sealed record BlockHeader
{
    /// <summary>Most bytes <see cref="ExtraData"/> may have (Yellow Paper, 4.4.4).</summary>
    public const int LongestExtraData = 32;

    private CachedHash? _hash;

    public Hash256 ParentHash { get; init; }
    public Hash256 OmmersHash { get; init; } = Keccak.EmptyList;
    public Address Coinbase { get; init; }
    public Hash256 StateRoot { get; init; } = Keccak.EmptyTrie;
    public Hash256 TransactionsRoot { get; init; } = Keccak.EmptyTrie;
    public Hash256 ReceiptsRoot { get; init; } = Keccak.EmptyTrie;
    public Bloom LogsBloom { get; init; } = Bloom.Empty;
    public UInt256 Difficulty { get; init; }
    public Height Number { get; init; }
    public ulong GasLimit { get; init; }
    public ulong GasUsed { get; init; }

    /// <summary>Seconds since 1970; ⌊ms / 1000⌋ in a Homeostat block.</summary>
    public ulong Timestamp { get; init; }

    public byte[] ExtraData { get; init; } = [];

    /// <summary>
    /// The beacon chain's randomness from Paris on (EIP-4399), before it the PoW mix.
    /// </summary>
    public Hash256 MixHash { get; init; }

    public ulong Nonce { get; init; }

    /// <summary>Wei per gas that is burned (EIP-1559, London).</summary>
    public UInt256? BaseFee { get; init; }

    /// <summary>EIP-4895, Shanghai.</summary>
    public Hash256? WithdrawalsRoot { get; init; }

    /// <summary>EIP-4844, Cancun.</summary>
    public ulong? BlobGasUsed { get; init; }

    /// <summary>EIP-4844, Cancun.</summary>
    public ulong? ExcessBlobGas { get; init; }

    /// <summary>EIP-4788, Cancun; in a Homeostat block the hash of its consensus payload.</summary>
    public Hash256? ParentBeaconBlockRoot { get; init; }

    /// <summary>EIP-7685, Prague.</summary>
    public Hash256? RequestsHash { get; init; }

    /// <summary>Keccak-256 of the RLP: the block's hash.</summary>
    public Hash256 Hash
    {
        get
        {
            CachedHash? cached = _hash;
            if (cached is null || !ReferenceEquals(cached.Owner, this))
            {
                cached = new CachedHash(this, Keccak.Hash(Encode()));
                _hash = cached;
            }
            return cached.Hash;
        }
    }

    public byte[] Encode()
    {
        var writer = new RlpWriter(640);
        WriteTo(writer);
        return writer.ToArray();
    }

    public void WriteTo(RlpWriter writer)
    {
        int list = writer.StartList();
        writer.Write(ParentHash);
        writer.Write(OmmersHash);
        writer.Write(Coinbase);
        writer.Write(StateRoot);
        writer.Write(TransactionsRoot);
        writer.Write(ReceiptsRoot);
        writer.Write(LogsBloom.Bytes);
        writer.Write(Difficulty);
        writer.Write(Number.Value);
        writer.Write(GasLimit);
        writer.Write(GasUsed);
        writer.Write(Timestamp);
        writer.Write(ExtraData);
        writer.Write(MixHash);
        Span<byte> nonce = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(nonce, Nonce);
        writer.Write(nonce);
        WriteForkFields(writer);
        writer.EndList(list);
    }

    private void WriteForkFields(RlpWriter writer)
    {
        if (BaseFee is { } baseFee)
        {
            writer.Write(baseFee);
        }
        if (WithdrawalsRoot is { } withdrawals)
        {
            writer.Write(withdrawals);
        }
        if (BlobGasUsed is { } blobGas)
        {
            writer.Write(blobGas);
        }
        if (ExcessBlobGas is { } excess)
        {
            writer.Write(excess);
        }
        if (ParentBeaconBlockRoot is { } root)
        {
            writer.Write(root);
        }
        if (RequestsHash is { } requests)
        {
            writer.Write(requests);
        }
    }

    /// <summary>
    /// Reads one header; false with the reason when the bytes are not exactly one.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> rlp, out BlockHeader header, out string error)
    {
        var reader = new RlpReader(rlp);
        header = ReadFrom(ref reader);
        error = reader.Error ?? (reader.Finished ? "" : "bytes after the header");
        return error.Length == 0;
    }

    /// <summary>Reads a header; the reader fails when it is malformed.</summary>
    public static BlockHeader ReadFrom(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        var header = new BlockHeader
        {
            ParentHash = list.ReadHash256(),
            OmmersHash = list.ReadHash256(),
            Coinbase = list.ReadAddress(),
            StateRoot = list.ReadHash256(),
            TransactionsRoot = list.ReadHash256(),
            ReceiptsRoot = list.ReadHash256(),
            LogsBloom = new Bloom(list.ReadExactly(Bloom.Size)),
            Difficulty = list.ReadUInt256(),
            Number = new Height(list.ReadUInt64()),
            GasLimit = list.ReadUInt64(),
            GasUsed = list.ReadUInt64(),
            Timestamp = list.ReadUInt64(),
            ExtraData = list.ReadBytes().ToArray(),
            MixHash = list.ReadHash256(),
            Nonce = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(list.ReadExactly(8)),
            BaseFee = list.HasMore ? list.ReadUInt256() : null,
            WithdrawalsRoot = list.HasMore ? list.ReadHash256() : null,
            BlobGasUsed = list.HasMore ? list.ReadUInt64() : null,
            ExcessBlobGas = list.HasMore ? list.ReadUInt64() : null,
            ParentBeaconBlockRoot = list.HasMore ? list.ReadHash256() : null,
            RequestsHash = list.HasMore ? list.ReadHash256() : null,
        };
        reader.Close(list);
        return header;
    }

    public bool Equals(BlockHeader? other) => other is not null && Hash == other.Hash;

    public override int GetHashCode() => Hash.GetHashCode();

    /// <summary>
    /// Belongs to one object only: a `with` copy has another owner and hashes anew.
    /// </summary>
    private sealed class CachedHash(BlockHeader owner, Hash256 hash)
    {
        public BlockHeader Owner { get; } = owner;
        public Hash256 Hash { get; } = hash;
    }
}
