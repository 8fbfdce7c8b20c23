using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>One call that a proposal makes.</summary>
public sealed record ProposedCall(Address Target, UInt256 Value, byte[] Data)
{
    /// <summary>ABI encoding that begins with (targets, values, calldatas); null where it does not.
    /// </summary>
    public static IReadOnlyList<ProposedCall>? DecodeList(ReadOnlySpan<byte> encoded)
    {
        var reader = new AbiReader(encoded);
        Hash256[] targets = reader.ReadHashArray();
        Hash256[] values = reader.ReadHashArray();
        byte[][] datas = reader.ReadBytesArray();
        return reader.Failed || values.Length != targets.Length || datas.Length != targets.Length
            ? null
            :
            [
                .. targets.Select((target, i) => new ProposedCall(
                    Address.FromWord(UInt256.FromHash256(target)),
                    UInt256.FromHash256(values[i]), datas[i])),
            ];
    }
}

/// <summary>
/// A proposal to the Governor: calls that the timelock makes, and why, in words.
/// </summary>
public sealed record Proposal(IReadOnlyList<ProposedCall> Calls, string Description)
{
    /// <summary>keccak256 of (targets, values, calldatas, keccak256(description)), as the Governor
    /// computes it (OpenZeppelin, IGovernor.hashProposal).</summary>
    public UInt256 Id => UInt256.FromHash256(
        Keccak.Hash(Body().Add(Keccak.Hash(Encoding.UTF8.GetBytes(Description))).Encode()));

    internal AbiTuple Body() => new AbiTuple()
        .AddWords([.. Calls.Select(call => call.Target.ToWord())])
        .AddWords([.. Calls.Select(call => call.Value)])
        .AddBytesArray([.. Calls.Select(call => call.Data)]);
}

/// <summary>How a vote goes (GovernorCountingSimple).</summary>
public enum VoteSupport : byte
{
    Against = 0,
    For = 1,
    Abstain = 2,
}

/// <summary>Where a proposal stands (IGovernor.ProposalState).</summary>
public enum ProposalState : byte
{
    Pending = 0,
    Active = 1,
    Canceled = 2,
    Defeated = 3,
    Succeeded = 4,
    Queued = 5,
    Expired = 6,
    Executed = 7,
}

/// <summary>Calldata of the governance predeploys.</summary>
public static class GovernorCalls
{
    public static byte[] Propose(Proposal proposal) => AbiCall.Encode(
        "propose(address[],uint256[],bytes[],string)",
        proposal.Body().AddBytes(Encoding.UTF8.GetBytes(proposal.Description)));

    public static byte[] Vote(in UInt256 proposal, VoteSupport support) => AbiCall.Encode(
        "castVote(uint256,uint8)", new AbiTuple().Add(proposal).Add((UInt256)(ulong)support));

    public static byte[] Queue(in UInt256 proposal) => OfProposal("queue(uint256)", proposal);

    public static byte[] Execute(in UInt256 proposal) => OfProposal("execute(uint256)", proposal);

    public static byte[] Cancel(in UInt256 proposal) => OfProposal("cancel(uint256)", proposal);

    public static byte[] State(in UInt256 proposal) => OfProposal("state(uint256)", proposal);

    private static byte[] OfProposal(string signature, in UInt256 proposal) =>
        AbiCall.Encode(signature, new AbiTuple().Add(proposal));
}

/// <summary>Calldata of any function.</summary>
public static class AbiCall
{
    /// <summary>The selector of a signature, "vote(uint256,uint8)", then arguments.</summary>
    public static byte[] Encode(string signature, AbiTuple? arguments = null) =>
    [
        .. Keccak.Hash(Encoding.ASCII.GetBytes(signature)).Bytes[..4],
        .. arguments?.Encode() ?? [],
    ];
}
