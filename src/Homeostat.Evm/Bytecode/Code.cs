using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// Immutable bytecode, with its hash and what the interpreter found out about it, both computed
/// once and on demand. Share one object between all users of the same code: threads may.
/// </summary>
public sealed class Code
{
    public static readonly Code Empty = new([]);

    private static readonly byte[] DelegationPrefix = [0xef, 0x01, 0x00];

    private StrongHash? _hash;
    private Decoded? _decoded, _traced;

    /// <param name="bytes">Not to be changed afterwards.</param>
    public Code(byte[] bytes)
    {
        Bytes = bytes;
    }

    public Code(byte[] bytes, in Hash256 hash) : this(bytes)
    {
        _hash = new StrongHash(hash);
    }

    public byte[] Bytes { get; }

    public int Length => Bytes.Length;

    public bool IsEmpty => Bytes.Length == 0;

    /// <summary>Keccak-256 of the bytes.</summary>
    public Hash256 Hash => (_hash ??= new StrongHash(Keccak.Hash(Bytes))).Value;

    /// <summary>The target of an EIP-7702 delegation designator.</summary>
    public bool TryGetDelegation(out Address target)
    {
        bool isDelegation = Bytes.Length == 23
            && Bytes.AsSpan(0, 3).SequenceEqual(DelegationPrefix);
        target = isDelegation ? new Address(Bytes.AsSpan(3)) : default;
        return isDelegation;
    }

    /// <summary>The designator that delegates to an address.</summary>
    public static Code DelegationTo(in Address target) =>
        new([.. DelegationPrefix, .. target.Bytes]);

    /// <summary>The decoded form under a fork's rules; the last fork's is kept.</summary>
    internal Program ProgramFor(ForkRules rules, bool isTraced)
    {
        ref Decoded? kept = ref isTraced ? ref _traced : ref _decoded;
        Decoded? decoded = kept;
        if (decoded is null || decoded.Rules != rules.Fork)
        {
            decoded = new Decoded(rules.Fork, Decoder.Decode(Bytes, rules, isTraced));
            kept = decoded;
        }
        return decoded.Program;
    }

    private sealed record Decoded(Fork Rules, Program Program);

    // A reference, so that another thread sees all of the hash or none of it.
    private sealed record StrongHash(Hash256 Value);
}
