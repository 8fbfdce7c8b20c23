using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

public sealed class TransactionTests
{
    /// <summary>The worked example of EIP-155.</summary>
    [Fact]
    public void Signs_as_EIP_155_shows()
    {
        var transaction = new Transaction
        {
            ChainId = 1,
            Nonce = 9,
            MaxFee = 20_000_000_000,
            MaxPriorityFee = 20_000_000_000,
            GasLimit = 21_000,
            To = new Address("0x3535353535353535353535353535353535353535"),
            Value = UInt256.Parse("1000000000000000000"),
        };
        Assert.Equal(
            "0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53",
            transaction.SigningHash.ToString());
        Transaction signed = transaction.Sign(
            new Hash256(string.Concat(Enumerable.Repeat("46", 32))));
        Assert.Equal(
            "0xf86c098504a817c800825208943535353535353535353535353535353535353535"
            + "880de0b6b3a76400008025"
            + "a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
            + "a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83",
            Hex.Encode(signed.Encoded));
        Address signer = Secp256k1.AddressOf(
            new Hash256(string.Concat(Enumerable.Repeat("46", 32))));
        Assert.Equal(signer, Recovered(signed).Sender);
    }

    [Fact]
    public void Every_type_survives_encoding()
    {
        foreach (TransactionType type in Enum.GetValues<TransactionType>())
        {
            Transaction signed = Sample(type).Sign(Accounts.Key(1));
            bool isRead = Transaction.TryDecode(
                signed.Encoded, out Transaction read, out string error);
            Assert.True(isRead, error);
            Assert.Equal(signed.Hash, read.Hash);
            Assert.Equal(signed.SigningHash, read.SigningHash);
            Assert.Equal(Accounts.Address(1), Recovered(read).Sender);
        }
    }

    [Fact]
    public void Cut_or_changed_bytes_never_throw()
    {
        var random = new SeededRandom(7);
        foreach (TransactionType type in Enum.GetValues<TransactionType>())
        {
            byte[] encoded = Sample(type).Sign(Accounts.Key(1)).Encoded.ToArray();
            for (int i = 0; i < encoded.Length; i++)
            {
                Assert.False(Transaction.TryDecode(encoded.AsSpan(0, i), out _, out _));
            }
            for (int i = 0; i < 2_000; i++)
            {
                byte[] changed = [.. encoded];
                changed[(int)(random.NextUInt64() % (ulong)changed.Length)] =
                    (byte)(random.NextUInt64() & 0xff);
                Transaction.TryDecode(changed, out _, out _);
            }
        }
    }

    [Theory]
    [InlineData("", "typed transaction too short")]
    [InlineData("0x05c0", "transaction type not supported")]
    [InlineData("0x02", "input ended too early at byte 0")]
    public void Says_what_is_wrong(string encoded, string error)
    {
        Assert.False(Transaction.TryDecode(Hex.Decode(encoded), out _, out string found));
        Assert.Equal(error, found);
    }

    internal static RecoveredTransaction Recovered(Transaction transaction)
    {
        Assert.True(RecoveredTransaction.TryRecover(transaction, out RecoveredTransaction item));
        return item;
    }

    private static Transaction Sample(TransactionType type) => new()
    {
        Type = type,
        ChainId = 4242,
        Nonce = 3,
        MaxPriorityFee = 2,
        MaxFee = type >= TransactionType.DynamicFee ? 7UL : 2,
        GasLimit = 100_000,
        To = Accounts.Address(2),
        Value = 5,
        Data = [1, 2, 3],
        AccessList = type == TransactionType.Legacy
            ? []
            : [new AccessListEntry(Accounts.Address(3), [1, 2])],
        MaxFeePerBlobGas = type == TransactionType.Blob ? 9UL : 0,
        BlobHashes = type == TransactionType.Blob ? [Hash256.Zero] : [],
        Authorizations = type == TransactionType.SetCode
            ? [new Authorization(1, Accounts.Address(4), 1, 1, 5, 6)]
            : [],
    };
}
