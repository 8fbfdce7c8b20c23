using BenchmarkDotNet.Attributes;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Benchmarks.Crypto;

/// <summary>
/// Recovery managed beside native, Keccak one by one beside many at once, and the dearest
/// precompiles at a price that is printed with them:
/// <c>dotnet run -c Release --project bench/Homeostat.Benchmarks -- crypto --filter '*'</c>.
/// </summary>
[ShortRunJob]
[MemoryDiagnoser]
public class CryptoBenchmarks
{
    private readonly Hash256 _hash = Keccak.Hash("hash"u8);
    private readonly Hash256 _key = Keccak.Hash("key"u8);
    private readonly byte[] _publicKey = new byte[Secp256k1.PublicKeySize];
    private readonly byte[] _word = new byte[64];
    private readonly ReadOnlyMemory<byte>[] _nodes = new ReadOnlyMemory<byte>[256];
    private readonly Hash256[] _digests = new Hash256[256];
    private Signature _signature;
    private byte[] _modExp = [];
    private byte[] _evenModExp = [];
    private byte[] _bnPair = [];
    private byte[] _blsPair = [];

    [GlobalSetup]
    public void Setup()
    {
        _signature = Secp256k1.Sign(_hash, _key);
        for (int i = 0; i < _nodes.Length; i++)
        {
            // Branches of a trie beside leaves.
            _nodes[i] = new byte[i % 2 == 0 ? 532 : 100];
        }
        _modExp = ModExpInput(isOdd: true);
        _evenModExp = ModExpInput(isOdd: false);
        _bnPair =
        [
            .. UInt256.One.ToBigEndian(), .. new UInt256(2).ToBigEndian(),
            .. Word("1155973203298638710799100402139228578392"
                + "5812861821192530917403151452391805634"),
            .. Word("1085704699902305713594457076223282948137"
                + "0756359578518086990519993285655852781"),
            .. Word("4082367875863433681332203403145435568316851327593401208105741076214120093531"),
            .. Word("8495653923123431417604973247489272438418190587263600148770280649306958101930"),
        ];
        _blsPair =
        [
            .. Bls12Codec.Write(new BlsG1Sum(Bls12Groups.G1Generator)),
            .. Bls12Codec.Write(new BlsG2Sum(Bls12Groups.G2Generator)),
        ];
    }

    private static byte[] Word(string digits) => UInt256.Parse(digits).ToBigEndian();

    private static byte[] ModExpInput(bool isOdd)
    {
        byte[] digits = new byte[256];
        Array.Fill(digits, (byte)0xfd);
        digits[^1] = isOdd ? (byte)0xfd : (byte)0;
        byte[] length = new UInt256(256).ToBigEndian();
        return [.. length, .. length, .. length, .. digits, .. digits, .. digits];
    }

    private static byte[] Run(uint number, byte[] input)
    {
        Precompiles.TryGet(Fork.Osaka, Address.FromNumber(number), out IPrecompile? contract);
        return contract!.TryRun(input, out byte[] output) ? output : [];
    }

    [Benchmark]
    public bool RecoverManaged() =>
        ManagedSecp256k1.TryRecoverPublicKey(_hash, _signature, _publicKey);

    [Benchmark]
    public bool RecoverNative() => NativeSecp256k1.IsAvailable
        && NativeSecp256k1.TryRecoverPublicKey(_hash, _signature, _publicKey);

    [Benchmark]
    public Signature SignManaged() => ManagedSecp256k1.Sign(_hash, _key);

    [Benchmark]
    public Hash256 Keccak64() => Keccak.Hash(_word);

    [Benchmark]
    public void Keccak256NodesAtOnce() => Keccak.HashMany(_nodes, _digests);

    [Benchmark]
    public void Keccak256NodesOneByOne() => Keccak.HashMany(_nodes, _digests, width: 1);

    /// <summary>79,000 gas.</summary>
    [Benchmark]
    public byte[] Bn254Pairing() => Run(0x08, _bnPair);

    /// <summary>70,300 gas.</summary>
    [Benchmark]
    public byte[] Bls12Pairing() => Run(0x0f, _blsPair);

    /// <summary>2048 bits: 11.5 Mgas at Osaka's price.</summary>
    [Benchmark]
    public byte[] ModExpOdd() => Run(0x05, _modExp);

    [Benchmark]
    public byte[] ModExpEven() => Run(0x05, _evenModExp);
}
