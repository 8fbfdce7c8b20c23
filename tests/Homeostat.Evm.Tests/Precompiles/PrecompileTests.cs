using System.Numerics;
using Homeostat.Primitives;

namespace Homeostat.Evm.Tests;

public class PrecompileTests
{
    private static readonly Fork[] Forks = Enum.GetValues<Fork>();

    private static IPrecompile At(uint number, Fork fork = Fork.Osaka)
    {
        Assert.True(Precompiles.TryGet(
            fork, Address.FromNumber(number), out IPrecompile? precompile));
        return precompile;
    }

    private static byte[] Run(uint number, byte[] input)
    {
        Assert.True(At(number).TryRun(input, out byte[] output));
        return output;
    }

    [Theory]
    [InlineData(Fork.Frontier, 4)]
    [InlineData(Fork.Byzantium, 8)]
    [InlineData(Fork.Istanbul, 9)]
    [InlineData(Fork.Shanghai, 9)]
    [InlineData(Fork.Cancun, 10)]
    [InlineData(Fork.Prague, 17)]
    [InlineData(Fork.Osaka, 18)]
    public void Each_fork_has_its_precompiles(Fork fork, int count)
    {
        Assert.Equal(count, Precompiles.Addresses(fork).Length);
        foreach (Address address in Precompiles.Addresses(fork))
        {
            Assert.True(Precompiles.TryGet(fork, address, out _));
        }
        Assert.False(Precompiles.TryGet(fork, Address.Zero, out _));
        Assert.False(Precompiles.TryGet(fork, Address.FromNumber(0x12), out _));
        Assert.False(Precompiles.TryGet(fork, Address.FromNumber(0x101), out _));
        Assert.False(Precompiles.TryGet(
            fork, new Address("0x0100000000000000000000000000000000000001"), out _));
    }

    [Fact]
    public void Hashes_of_no_input_are_known()
    {
        Assert.Equal(
            "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            Hex.Encode(Run(2, [])));
        Assert.Equal(
            "0x0000000000000000000000009c1185a5c5e9fc54612808977ee8f548b2258d31",
            Hex.Encode(Run(3, [])));
    }

    [Fact]
    public void Ripemd160_of_long_input_is_known()
    {
        byte[] digits = new byte[80];
        for (int i = 0; i < digits.Length; i++)
        {
            digits[i] = (byte)('0' + ((i + 1) % 10));
        }
        Assert.Equal(
            "0x0000000000000000000000009b752e45573d4b39f4dbd3323cab82bf63326bfb",
            Hex.Encode(Run(3, digits)));
    }

    [Fact]
    public void Recovery_gives_the_signer_and_nothing_for_nonsense()
    {
        var key = UInt256.One.ToHash256();
        Hash256 hash = Keccak.Hash("message"u8);
        Signature signature = Secp256k1.Sign(hash, key);
        byte[] input =
        [
            .. hash.ToArray(),
            .. new UInt256(signature.YParity ? 28UL : 27UL).ToBigEndian(),
            .. signature.R.ToBigEndian(), .. signature.S.ToBigEndian(),
        ];
        Assert.Equal(Secp256k1.AddressOf(key).ToWord().ToBigEndian(), Run(1, input));
        input[63] = 29;
        Assert.Empty(Run(1, input));
        Assert.Empty(Run(1, []));
    }

    [Fact]
    public void Modular_powers_agree_with_big_integers()
    {
        var random = new SeededRandom(7);
        for (int i = 0; i < 400; i++)
        {
            byte[] b = Bytes(random, 80), e = Bytes(random, 12), m = Bytes(random, 80);
            if (i % 3 == 0)
            {
                Array.Clear(m, m.Length / 2, m.Length - (m.Length / 2));
            }
            byte[] input =
            [
                .. new UInt256((ulong)b.Length).ToBigEndian(),
                .. new UInt256((ulong)e.Length).ToBigEndian(),
                .. new UInt256((ulong)m.Length).ToBigEndian(), .. b, .. e, .. m,
            ];
            BigInteger modulus = Big(m);
            BigInteger expected = modulus.IsZero
                ? BigInteger.Zero
                : BigInteger.ModPow(Big(b), Big(e), modulus);
            byte[] output = Run(5, input);
            Assert.Equal(m.Length, output.Length);
            Assert.Equal(expected, Big(output));
        }
    }

    private static BigInteger Big(byte[] bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static byte[] Bytes(SeededRandom random, int most)
    {
        byte[] bytes = new byte[(int)(random.NextUInt64() % (ulong)most) + 1];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(random.NextUInt64() & 0xff);
        }
        return bytes;
    }

    [Fact]
    public void Prices_never_throw_nor_wrap()
    {
        byte[] ones = new byte[96];
        Array.Fill(ones, (byte)0xff);
        foreach (Fork fork in Forks.Where(fork => fork >= Fork.Byzantium))
        {
            Assert.Equal(ulong.MaxValue, At(5, fork).GasCost(ones, fork));
        }
        var random = new SeededRandom(11);
        for (int i = 0; i < 300; i++)
        {
            byte[] input = Bytes(random, 400);
            input[0] = (byte)(i % 2 == 0 ? 0 : input[0]);
            foreach (Fork fork in Forks)
            {
                foreach (Address address in Precompiles.Addresses(fork))
                {
                    Precompiles.TryGet(fork, address, out IPrecompile? contract);
                    contract!.GasCost(input, fork);
                    contract.GasCost([], fork);
                }
            }
        }
    }

    [Fact]
    public void Long_exponents_of_nothing_are_cheap()
    {
        byte[] input = new byte[96];
        Array.Fill(input, (byte)0xff, 32, 32);
        Assert.Equal(0UL, At(5, Fork.Byzantium).GasCost(input, Fork.Byzantium));
        Assert.Equal(200UL, At(5, Fork.Berlin).GasCost(input, Fork.Berlin));
        Assert.True(At(5, Fork.Berlin).TryRun(input, out byte[] output));
        Assert.Empty(output);
    }

    [Fact]
    public void Malformed_input_fails_without_throwing()
    {
        var random = new SeededRandom(13);
        int[] sizes = [0, 1, 63, 64, 128, 160, 192, 213, 256, 288, 384, 512];
        foreach (int size in sizes)
        {
            byte[] input = new byte[size];
            for (int i = 0; i < size; i++)
            {
                input[i] = (byte)(random.NextUInt64() & 0xff);
            }
            foreach (uint number in (uint[])[6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17])
            {
                Assert.False(size > 0 && At(number).TryRun(input, out _));
            }
        }
    }
}
