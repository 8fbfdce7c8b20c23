using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Node.Client;
using Homeostat.Node.Explain;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>A vote of the Governor as the chain shows it; amounts are wei of stake.</summary>
internal sealed record VoteStatus(
    UInt256 Id, ProposalState State, IReadOnlyList<ProposedCall> Calls,
    UInt256 Against, UInt256 For, UInt256 Abstain, UInt256 Quorum, ulong Deadline, ulong Eta);

/// <summary>Reads the governance predeploys of a node and sends them transactions.</summary>
internal sealed class GovernanceClient(IRpcCaller rpc)
{
    private readonly RuleReader _reader = new(rpc);
    private readonly TransactionSender _sender = new(rpc);

    public RuleReader Rules => _reader;

    /// <summary>What a view returns.</summary>
    public Task<byte[]> CallAsync(
        Address to, string signature, AbiTuple? arguments, CancellationToken cancellation) =>
        _reader.CallAsync(to, AbiCall.Encode(signature, arguments), cancellation);

    public async Task<UInt256> WordAsync(
        Address to, string signature, AbiTuple? arguments, CancellationToken cancellation)
    {
        byte[] word = await CallAsync(to, signature, arguments, cancellation);
        return word.Length >= 32
            ? UInt256.FromBigEndian(word.AsSpan(0, 32))
            : throw new RpcException(-32000,
                $"nothing at {to} answers {signature}: this chain has no such contract");
    }

    /// <summary>Any method of the node.</summary>
    public Task<JsonElement> AskAsync(
        string method, JsonArray parameters, CancellationToken cancellation) =>
        rpc.CallAsync(method, parameters, cancellation);

    /// <summary>Unix seconds of the newest block.</summary>
    public async Task<ulong> NowAsync(CancellationToken cancellation) => RpcClient.Quantity(
        (await rpc.CallAsync("eth_getBlockByNumber", ["latest", false], cancellation))
            .GetProperty("timestamp"));

    /// <summary>The newest votes first, at most so many.</summary>
    public async Task<IReadOnlyList<VoteStatus>> VotesAsync(
        int most, CancellationToken cancellation)
    {
        UInt256 count = await WordAsync(
            PredeployAddresses.Governor, "proposalCount()", null, cancellation);
        var votes = new List<VoteStatus>();
        for (ulong i = count.U0; i > 0 && votes.Count < most; i--)
        {
            byte[] details = await CallAsync(PredeployAddresses.Governor,
                "proposalDetailsAt(uint256)", new AbiTuple().Add((UInt256)(i - 1)), cancellation);
            UInt256 id = UInt256.FromBigEndian(details.AsSpan(0, 32));
            votes.Add(await VoteAsync(id, cancellation));
        }
        return votes;
    }

    public async Task<VoteStatus> VoteAsync(UInt256 id, CancellationToken cancellation)
    {
        async Task<byte[]> AskAsync(string signature, UInt256 argument) => await CallAsync(
            PredeployAddresses.Governor, signature, new AbiTuple().Add(argument), cancellation);
        byte[] state = await AskAsync("state(uint256)", id);
        byte[] counts = await AskAsync("proposalVotes(uint256)", id);
        byte[] details = await AskAsync("proposalDetails(uint256)", id);
        UInt256 snapshot = Word(await AskAsync("proposalSnapshot(uint256)", id), 0);
        UInt256 now = await NowAsync(cancellation);
        UInt256 quorum = now > snapshot
            ? Word(await AskAsync("quorum(uint256)", snapshot), 0)
            : UInt256.Zero;
        return new VoteStatus(
            id, (ProposalState)Word(state, 0).U0, ProposedCall.DecodeList(details) ?? [],
            Word(counts, 0), Word(counts, 1), Word(counts, 2), quorum,
            Word(await AskAsync("proposalDeadline(uint256)", id), 0).U0,
            Word(await AskAsync("proposalEta(uint256)", id), 0).U0);
    }

    /// <summary>Signs, sends and waits for a receipt; throws with the reason of a revert.</summary>
    public Task<Hash256> SendAsync(
        Hash256 key, Address to, byte[] data, UInt256 value, CancellationToken cancellation) =>
        _sender.SendAsync(key, to, data, value, gas: null, cancellation);

    /// <summary>The calls of a vote, or of an optimistic proposal, whose numbers are small.
    /// </summary>
    public async Task<IReadOnlyList<ProposedCall>> CallsOfAsync(
        UInt256 subject, CancellationToken cancellation)
    {
        if (!subject.IsUInt64)
        {
            return (await VoteAsync(subject, cancellation)).Calls;
        }
        byte[] proposal = await CallAsync(PredeployAddresses.OptimisticProposals,
            "proposal(uint256)", new AbiTuple().Add(subject), cancellation);
        return await OptimisticCallAsync(proposal, cancellation);
    }

    /// <summary>The call that an optimistic proposal stands for.</summary>
    /// <param name="proposal">What `proposal(uint256)` returned.</param>
    public async Task<IReadOnlyList<ProposedCall>> OptimisticCallAsync(
        byte[] proposal, CancellationToken cancellation)
    {
        (ulong kind, byte[] arguments) = OptimisticAction(proposal);
        byte[] call = await CallAsync(PredeployAddresses.OptimisticProposals,
            "callOf(uint8,bytes)", new AbiTuple().Add((UInt256)kind).AddBytes(arguments),
            cancellation);
        return [CallOf(call)];
    }

    private static (ulong Kind, byte[] Arguments) OptimisticAction(byte[] proposal)
    {
        var outer = new AbiReader(proposal);
        var reader = new AbiReader(outer.ReadTuple());
        reader.ReadWord();
        ulong kind = reader.ReadUInt64();
        for (int i = 0; i < 6; i++)
        {
            reader.ReadWord();
        }
        return (kind, reader.ReadBytes());
    }

    private static ProposedCall CallOf(byte[] returned)
    {
        var reader = new AbiReader(returned);
        Address target = Address.FromWord(reader.ReadWord());
        return new ProposedCall(target, UInt256.Zero, reader.ReadBytes());
    }

    /// <summary>The dry run of a proposal, as homeostat_dryRun has it.</summary>
    public Task<JsonElement> DryRunAsync(UInt256 subject, CancellationToken cancellation) =>
        AskAsync("homeostat_dryRun", [subject.ToQuantity()], cancellation);

    /// <summary>Whether calls with privileged effects are among these.</summary>
    public async Task<bool> NeedsDryRunAsync(
        IReadOnlyList<ProposedCall> calls, CancellationToken cancellation) =>
        !(await WordAsync(PredeployAddresses.DryRuns, "needsDryRun(address[],bytes[])",
            new AbiTuple()
                .AddWords([.. calls.Select(call => call.Target.ToWord())])
                .AddBytesArray([.. calls.Select(call => call.Data)]), cancellation)).IsZero;

    private static UInt256 Word(byte[] returned, int index) =>
        UInt256.FromBigEndian(returned.AsSpan(32 * index, 32));
}
