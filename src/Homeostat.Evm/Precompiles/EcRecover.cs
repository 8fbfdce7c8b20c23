using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>0x01: the signer of hash, v (27 or 28), r, s; no output where there is none.</summary>
internal sealed class EcRecover : IPrecompile
{
    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) => 3000;

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        Span<byte> words = stackalloc byte[128];
        InputReader.Read(input, 0, words);
        output = [];
        int v = words[63];
        if (words[32..63].ContainsAnyExcept((byte)0) || v is not (27 or 28))
        {
            return true;
        }
        var signature = new Signature(
            UInt256.FromBigEndian(words[64..96]), UInt256.FromBigEndian(words[96..]), v == 28);
        if (Secp256k1.TryRecover(new Hash256(words[..32]), signature, out Address signer))
        {
            output = signer.ToWord().ToBigEndian();
        }
        return true;
    }
}
