using System.Buffers.Binary;
using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Consensus;

/// <summary>
/// What is signed, as EIP-712 typed data, so that a contract on any EVM chain can recompute it
/// (docs/spec/consensus.md has the type strings). The domain binds it to chain id and genesis.
/// </summary>
public sealed class VoteDigests
{
    private static readonly Hash256 DomainType =
        TypeHash("EIP712Domain(string name,string version,uint256 chainId,bytes32 salt)");

    private static readonly Hash256 VoteType = TypeHash(
        "Vote(uint64 epoch,uint64 view,uint8 kind,bytes32 blockHash,bytes32 observationHash)");

    private static readonly Hash256 RefusalType = TypeHash(
        "Refusal(uint64 epoch,uint64 view,bytes32 blockHash,bytes32 stateRoot,string reason)");

    private static readonly Hash256 StatusType = TypeHash(
        "Status(uint64 epoch,bytes32 nonce,uint64 enteredView,uint64 finalizedView)");

    private readonly Hash256 _domain;

    public VoteDigests(ConsensusConfig config)
    {
        Span<byte> words = stackalloc byte[5 * 32];
        words.Clear();
        DomainType.CopyTo(words);
        TypeHash("Homeostat").CopyTo(words[32..]);
        TypeHash("1").CopyTo(words[64..]);
        WriteNumber(words[96..], config.ChainId.Value);
        config.GenesisHash.CopyTo(words[128..]);
        _domain = Keccak.Hash(words);
    }

    public Hash256 Of(Vote vote) =>
        OfVote(vote.Kind, vote.Epoch, vote.View, vote.BlockHash, vote.ObservationHash);

    public Hash256 OfVote(
        VoteKind kind, Epoch epoch, View view, in Hash256 block, in Hash256 observation)
    {
        Span<byte> words = stackalloc byte[6 * 32];
        words.Clear();
        VoteType.CopyTo(words);
        WriteNumber(words[32..], epoch.Value);
        WriteNumber(words[64..], view.Value);
        WriteNumber(words[96..], (ulong)kind);
        block.CopyTo(words[128..]);
        observation.CopyTo(words[160..]);
        return Typed(Keccak.Hash(words));
    }

    public Hash256 OfRefusal(
        Epoch epoch, View view, in Hash256 block, in Hash256 stateRoot, string reason)
    {
        Span<byte> words = stackalloc byte[6 * 32];
        words.Clear();
        RefusalType.CopyTo(words);
        WriteNumber(words[32..], epoch.Value);
        WriteNumber(words[64..], view.Value);
        block.CopyTo(words[96..]);
        stateRoot.CopyTo(words[128..]);
        TypeHash(reason).CopyTo(words[160..]);
        return Typed(Keccak.Hash(words));
    }

    public Hash256 OfStatus(Epoch epoch, in Hash256 nonce, View entered, View finalized)
    {
        Span<byte> words = stackalloc byte[5 * 32];
        words.Clear();
        StatusType.CopyTo(words);
        WriteNumber(words[32..], epoch.Value);
        nonce.CopyTo(words[64..]);
        WriteNumber(words[96..], entered.Value);
        WriteNumber(words[128..], finalized.Value);
        return Typed(Keccak.Hash(words));
    }

    /// <summary>Any other struct of the same domain, by its EIP-712 hash.</summary>
    public Hash256 OfStruct(in Hash256 structHash) => Typed(structHash);

    private static Hash256 TypeHash(string text) => Keccak.Hash(Encoding.UTF8.GetBytes(text));

    private static void WriteNumber(Span<byte> word, ulong value) =>
        BinaryPrimitives.WriteUInt64BigEndian(word[24..32], value);

    private Hash256 Typed(in Hash256 structHash)
    {
        Span<byte> bytes = stackalloc byte[66];
        bytes[0] = 0x19;
        bytes[1] = 0x01;
        _domain.CopyTo(bytes[2..]);
        structHash.CopyTo(bytes[34..]);
        return Keccak.Hash(bytes);
    }
}
