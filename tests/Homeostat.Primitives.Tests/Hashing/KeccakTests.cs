namespace Homeostat.Primitives.Tests.Hashing;

public class KeccakTests
{
    [Fact]
    public void Known_digests()
    {
        Assert.Equal(
            "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
            Keccak.Empty.ToString());
        Assert.Equal(
            "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
            Keccak.Hash("abc"u8).ToString());
        byte[] long200 = new byte[200];
        Array.Fill(long200, (byte)0xa3);
        Assert.Equal(
            "0x3a57666b048777f2c953dc4456f45a2588e1cb6f2da760122d530ac2ce607d4a",
            Keccak.Hash(long200).ToString());
    }

    [Fact]
    public void Scalar_and_vector_forms_agree_at_every_length()
    {
        byte[] data = new byte[1000];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = unchecked((byte)((i * 7) ^ (i >> 3)));
        }
        var inputs = new ReadOnlyMemory<byte>[data.Length];
        var expected = new Hash256[data.Length];
        for (int i = 0; i < data.Length; i++)
        {
            inputs[i] = data.AsMemory(0, i * 37 % data.Length);
            expected[i] = Keccak.HashWith(inputs[i].Span, usePlanes: false);
            Assert.Equal(expected[i], Keccak.Hash(inputs[i].Span));
        }
        var digests = new Hash256[data.Length];
        foreach (int width in (int[])[1, 4, 8])
        {
            if (width == 8 && !System.Runtime.Intrinsics.X86.Avx512F.IsSupported)
            {
                Console.WriteLine("skipped: eight lanes need AVX-512");
                continue;
            }
            Array.Clear(digests);
            Keccak.HashMany(inputs, digests, width);
            Assert.Equal(expected, digests);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(9)]
    public void Few_inputs_are_hashed_too(int count)
    {
        var inputs = new ReadOnlyMemory<byte>[count];
        var digests = new Hash256[count];
        for (int i = 0; i < count; i++)
        {
            inputs[i] = new byte[] { (byte)i };
        }
        Keccak.HashMany(inputs, digests);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(Keccak.Hash([(byte)i]), digests[i]);
        }
    }
}
