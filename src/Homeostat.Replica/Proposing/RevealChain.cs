using System.Buffers.Binary;
using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// A validator's reveals: a secret, its hash, the hash of that and so on, told from the end. The
/// secret follows from the validator's key alone (signatures are deterministic, RFC 6979), so a
/// node that lost its disk goes on where the chain says it stands.
///
/// The whole chain would be 32 bytes a reveal. Every <see cref="Stride"/>th is kept; those between
/// are hashed again.
/// </summary>
internal sealed class RevealChain
{
    /// <summary>Some hours of a quarter of all blocks; 40 ms to hash.</summary>
    public const int DefaultLength = 1 << 16;

    /// <summary>A commitment further from the secret is not looked for: 0.6 s to hash.</summary>
    public const int MaximumLength = 1 << 20;

    private const int Stride = 256;

    private readonly List<Hash256> _kept = [];

    // Those between two kept ones, where they were last asked for: places go down one by one.
    private readonly Hash256[] _run = new Hash256[Stride];
    private int _runStart = -1;

    // Where the chain's commitment was last found.
    private int _place;
    private Hash256 _unknown;

    private RevealChain(in Hash256 secret) => _kept.Add(secret);

    /// <param name="generation">The how manieth of this key; genesis has the first, 0.</param>
    public static RevealChain Of(ISigner signer, ulong chainId, uint generation = 0)
    {
        byte[] text = new byte[25 + sizeof(ulong)];
        "homeostat place reveals 1"u8.CopyTo(text);
        BinaryPrimitives.WriteUInt64BigEndian(text.AsSpan(25), chainId);
        Signature signature = signer.Sign(Keccak.Hash(text));
        byte[] material = new byte[64];
        signature.R.WriteBigEndian(material.AsSpan(0, 32));
        signature.S.WriteBigEndian(material.AsSpan(32));
        Hash256 first = Keccak.Hash(material);
        byte[] later = new byte[Hash256.Size + sizeof(uint)];
        first.CopyTo(later);
        BinaryPrimitives.WriteUInt32BigEndian(later.AsSpan(Hash256.Size), generation);
        return new RevealChain(generation == 0 ? first : Keccak.Hash(later));
    }

    /// <summary>Reveals left after the last commitment that was found.</summary>
    public int Left => _place;

    /// <summary>Whether the commitment is one of this chain's.</summary>
    public bool Has(in Hash256 commitment, int length) => TryFind(commitment, length);

    /// <summary>The secret hashed so often: what to commit to for that many reveals.</summary>
    public Hash256 CommitmentOf(int reveals) => At(reveals);

    /// <summary>
    /// The preimage of the commitment; zero when it is none of this chain's, or the chain is used
    /// up: the validator then has to commit to a new one (Randomness.commit).
    /// </summary>
    public Hash256 RevealFor(in Hash256 commitment)
    {
        if (commitment.IsZero || commitment == _unknown
            || !TryFind(commitment, MaximumLength))
        {
            _unknown = commitment;
            return Hash256.Zero;
        }
        return _place == 0 ? Hash256.Zero : At(_place - 1);
    }

    private bool TryFind(in Hash256 commitment, int length)
    {
        if (At(_place) == commitment)
        {
            return true;
        }
        if (_place > 0 && At(_place - 1) == commitment)
        {
            _place--;
            return true;
        }
        if (At(_place + 1) == commitment)
        {
            _place++; // The block with the last reveal was nullified.
            return true;
        }
        Hash256 value = _kept[0];
        for (int i = 0; i <= length; i++)
        {
            if (value == commitment)
            {
                _place = i;
                return true;
            }
            value = Keccak.Hash(value.Bytes);
        }
        return false;
    }

    private Hash256 At(int place)
    {
        while (_kept.Count <= place / Stride)
        {
            _kept.Add(Repeat(_kept[^1], Stride));
        }
        if (_runStart != place / Stride)
        {
            _runStart = place / Stride;
            _run[0] = _kept[_runStart];
            for (int i = 1; i < Stride; i++)
            {
                _run[i] = Keccak.Hash(_run[i - 1].Bytes);
            }
        }
        return _run[place % Stride];
    }

    private static Hash256 Repeat(Hash256 value, int times)
    {
        for (int i = 0; i < times; i++)
        {
            value = Keccak.Hash(value.Bytes);
        }
        return value;
    }
}
