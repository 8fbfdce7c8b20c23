using System.Text;
using Homeostat.Node.Keys;
using Homeostat.Primitives;

namespace Homeostat.Node.Tests.Keys;

public sealed class KeystoreTests
{
    // The two test vectors of the Web3 Secret Storage definition: password "testpassword".
    private const string Secret =
        "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

    private const string Pbkdf2File =
        """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256",
        "salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
        "mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},
        "id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    private const string ScryptFile =
        """
        {"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf":"scrypt","kdfparams":{"dklen":32,"n":262144,"p":8,"r":1,
        "salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
        "mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},
        "id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}
        """;

    [Theory]
    [InlineData(Pbkdf2File)]
    [InlineData(ScryptFile)]
    public void The_definitions_vectors_decrypt(string file)
    {
        Assert.True(KeystoreV3.TryDecrypt(file, "testpassword", out Hash256 key, out _));
        Assert.Equal(Secret, key.ToString());
    }

    [Fact]
    public void What_was_encrypted_decrypts_with_its_password_only()
    {
        Hash256 key = KeystoreV3.NewKey();
        string file = KeystoreV3.Encrypt(key, "pass", KeystoreV3.LightCost);
        Assert.True(KeystoreV3.TryDecrypt(file, "pass", out Hash256 read, out _));
        Assert.Equal(key, read);
        Assert.False(KeystoreV3.TryDecrypt(file, "Pass", out _, out string error));
        Assert.Equal("wrong password", error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""{"version":3,"crypto":{"cipher":"aes-128-ctr","kdf":"scrypt"}}""")]
    public void Malformed_files_are_refused_in_words(string file)
    {
        Assert.False(KeystoreV3.TryDecrypt(file, "x", out _, out string error));
        Assert.NotEmpty(error);
    }

    [Fact]
    public void Scrypt_gives_rfc_7914s_vector()
    {
        byte[] derived = Scrypt.Derive(
            Encoding.ASCII.GetBytes("password"), Encoding.ASCII.GetBytes("NaCl"), 1024, 8, 16, 64);
        Assert.StartsWith("fdbabe1c9d3472007856e7190d01e9fe", Convert.ToHexStringLower(derived),
            StringComparison.Ordinal);
    }
}
