namespace Homeostat.Primitives.Tests.Signatures;

public class Secp256k1Tests
{
    // The first account of the mnemonic "test test … junk".
    private static readonly Hash256 Key =
        new("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");

    [Fact]
    public void The_address_of_a_known_key_is_known()
    {
        Assert.Equal(
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", Secp256k1.AddressOf(Key).ToChecksum());
    }

    [Fact]
    public void Signing_follows_rfc_6979()
    {
        // Key 1 over sha256("Satoshi Nakamoto"), the vector that Bitcoin wallets share.
        var one = UInt256.One.ToHash256();
        var hash = new Hash256(
            System.Security.Cryptography.SHA256.HashData("Satoshi Nakamoto"u8));
        Signature signature = ManagedSecp256k1.Sign(hash, one);
        Assert.Equal(
            UInt256.Parse("0x934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"),
            signature.R);
        Assert.Equal(
            UInt256.Parse("0x2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"),
            signature.S);
    }

    [Fact]
    public void Recovery_gives_the_signer()
    {
        for (uint i = 0; i < 50; i++)
        {
            Hash256 key = Keccak.Hash([(byte)i, 1]);
            Hash256 hash = Keccak.Hash([(byte)i, 2]);
            Signature signature = Secp256k1.Sign(hash, key);
            Assert.True(signature.S <= Secp256k1.HalfOrder);
            Assert.True(Secp256k1.TryRecover(hash, signature, out Address signer));
            Assert.Equal(Secp256k1.AddressOf(key), signer);
        }
    }

    [Fact]
    public void Managed_and_native_agree()
    {
        if (!NativeSecp256k1.IsAvailable)
        {
            Console.WriteLine("skipped: libsecp256k1 is not installed");
            return;
        }
        byte[] managed = new byte[64], native = new byte[64];
        for (uint i = 0; i < 500; i++)
        {
            Hash256 key = Keccak.Hash(BitConverter.GetBytes(i));
            Hash256 hash = Keccak.Hash(key.Bytes);
            Signature signature = ManagedSecp256k1.Sign(hash, key);
            Assert.Equal(NativeSecp256k1.Sign(hash, key), signature);
            ManagedSecp256k1.PublicKeyOf(key, managed);
            NativeSecp256k1.PublicKeyOf(key, native);
            Assert.Equal(native, managed);
            Compare(hash, signature);
            Compare(hash, signature with { YParity = !signature.YParity });
            Compare(hash, signature with { S = Secp256k1.Order - signature.S });
            Compare(hash, new Signature(signature.S, signature.R, false));
            Compare(key, new Signature(UInt256.FromHash256(hash), signature.S, true));
            Assert.True(ManagedSecp256k1.Verify(hash, signature.R, signature.S, managed));
            Assert.False(ManagedSecp256k1.Verify(key, signature.R, signature.S, managed));
        }
    }

    [Theory]
    [InlineData("0", "1")]
    [InlineData("1", "0")]
    [InlineData("1", "1")]
    [InlineData("2", "1")]
    [InlineData("5", "1")]
    [InlineData("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", "1")]
    [InlineData("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140", "1")]
    [InlineData("1", "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    [InlineData("1", "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140")]
    [InlineData("1", "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "1")]
    public void Managed_and_native_agree_at_the_edges(string r, string s)
    {
        if (!NativeSecp256k1.IsAvailable)
        {
            Console.WriteLine("skipped: libsecp256k1 is not installed");
            return;
        }
        foreach (Hash256 hash in (Hash256[])[default, Secp256k1.Order.ToHash256(),
            UInt256.MaxValue.ToHash256(), UInt256.One.ToHash256()])
        {
            Compare(hash, new Signature(UInt256.Parse(r), UInt256.Parse(s), false));
            Compare(hash, new Signature(UInt256.Parse(r), UInt256.Parse(s), true));
            Assert.Equal(NativeSecp256k1.Sign(hash, Key), ManagedSecp256k1.Sign(hash, Key));
        }
    }

    private static void Compare(in Hash256 hash, in Signature signature)
    {
        byte[] managed = new byte[64], native = new byte[64];
        bool recovered = NativeSecp256k1.TryRecoverPublicKey(hash, signature, native);
        Assert.Equal(
            recovered, ManagedSecp256k1.TryRecoverPublicKey(hash, signature, managed));
        Assert.Equal(native, managed);
    }
}
