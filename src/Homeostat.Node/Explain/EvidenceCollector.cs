using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Ledger;
using Homeostat.Node.Client;
using Homeostat.Primitives;

namespace Homeostat.Node.Explain;

/// <summary>Asks a node for all that a decision was computed from.</summary>
internal sealed class EvidenceCollector(RpcClient rpc)
{
    /// <summary>
    /// Rounds of asking for proofs. Each finds the words whose places the words before named: the
    /// deepest way of a loop is head, pending decision, its block's record. A rule's condition
    /// stops at the first record that is not known: each of its up to 64 blocks takes a round, of
    /// up to four rules evaluated in a block; so do accounts and codes of what it calls.
    /// </summary>
    private const int Rounds = 384;

    /// <summary>Slots of one eth_getProof; nodes answer at most 1,024.</summary>
    private const int SlotsAtOnce = 512;

    public async Task<DecisionEvidence> CollectAsync(
        FoundDecision found, CancellationToken cancellation)
    {
        string number = $"0x{found.Height:x}";
        string parent = $"0x{found.Height - 1:x}";
        JsonElement payload = await rpc.CallAsync("homeostat_payload", [number], cancellation);
        if (payload.ValueKind != JsonValueKind.Object)
        {
            throw new RpcException(0, $"the node has no consensus payload of block {found.Height}");
        }
        JsonElement certificate = await rpc.CallAsync(
            "homeostat_certificate", [number], cancellation);
        if (certificate.ValueKind != JsonValueKind.Object)
        {
            throw new RpcException(
                0, $"no finalization certificate covers block {found.Height} yet: ask again");
        }
        var evidence = new DecisionEvidence
        {
            Id = found.Decision.Id,
            BlockHash = found.BlockHash,
            GenesisHash = await GenesisAsync(cancellation),
            ChainId = new ChainId(RpcClient.Quantity(
                await rpc.CallAsync("eth_chainId", [], cancellation))),
            Certificate = Hex.Decode(certificate.GetProperty("certificate").GetString()),
            Descendants = await DescendantsAsync(
                found.Height, RpcClient.Quantity(certificate.GetProperty("certifiedNumber")),
                cancellation),
            Codes = new Dictionary<Address, byte[]>(),
            Block = await BytesAsync("debug_getRawBlock", number, cancellation),
            ParentHeader = await BytesAsync("debug_getRawHeader", parent, cancellation),
            Receipts = await ListAsync("debug_getRawReceipts", number, cancellation),
            ParentReceipts = await ListAsync("debug_getRawReceipts", parent, cancellation),
            Payload = Hex.Decode(payload.GetProperty("payload").GetString()),
            Proofs = [],
        };
        return await ProveAsync(evidence, parent, cancellation);
    }

    private async Task<Hash256> GenesisAsync(CancellationToken cancellation) => new(
        (await rpc.CallAsync("eth_getBlockByNumber", ["0x0", false], cancellation))
            .GetProperty("hash").GetString()!);

    private async Task<List<byte[]>> DescendantsAsync(
        ulong height, ulong certified, CancellationToken cancellation)
    {
        var headers = new List<byte[]>();
        for (ulong next = height + 1; next <= certified; next++)
        {
            headers.Add(await BytesAsync("debug_getRawHeader", $"0x{next:x}", cancellation));
        }
        return headers;
    }

    private async Task<DecisionEvidence> ProveAsync(
        DecisionEvidence evidence, string parent, CancellationToken cancellation)
    {
        for (int round = 0; round < Rounds; round++)
        {
            var storage = new ProvenStorage(evidence.Proofs);
            DecisionVerifier.Recompute(evidence, storage, out _);
            if (storage.IsWhole)
            {
                return evidence;
            }
            var proofs = evidence.Proofs.ToList();
            foreach (var wanted in storage.Missing.GroupBy(place => place.Contract))
            {
                foreach (var slots in wanted.Select(place => place.Slot).Chunk(SlotsAtOnce))
                {
                    AccountProof more = await ProofAsync(
                        wanted.Key, slots, parent, cancellation);
                    Merge(proofs, more);
                }
            }
            foreach (Address account in storage.MissingAccounts)
            {
                Merge(proofs, await ProofAsync(account, [], parent, cancellation));
            }
            var codes = new Dictionary<Address, byte[]>(evidence.Codes);
            foreach (Address account in storage.MissingCodes)
            {
                codes[account] = await BytesAsync(
                    "eth_getCode", account.ToString(), parent, cancellation);
            }
            evidence = evidence with { Proofs = proofs, Codes = codes };
        }
        throw new InvalidDataException(
            $"steering reads ever more of the state after {Rounds} rounds of proofs");
    }

    private async Task<AccountProof> ProofAsync(
        Address contract, UInt256[] slots, string block, CancellationToken cancellation)
    {
        var keys = new JsonArray([.. slots.Select(
            slot => JsonValue.Create(DecisionEvidence.Word(slot)))]);
        try
        {
            return DecisionEvidence.ReadProof(await rpc.CallAsync(
                "eth_getProof", [contract.ToString(), keys, block], cancellation));
        }
        catch (RpcException e) when (
            e.Message.Contains("historical state", StringComparison.Ordinal))
        {
            throw new RpcException(
                e.Code,
                "nodes prove only recent states, and this decision's is gone: verify a decision "
                + "while it is fresh, or keep its evidence then with --save and verify that any "
                + $"time with --from ({e.Message})");
        }
    }

    private static void Merge(List<AccountProof> proofs, AccountProof more)
    {
        int known = proofs.FindIndex(proof => proof.Address == more.Address);
        if (known < 0)
        {
            proofs.Add(more);
        }
        else
        {
            proofs[known] = proofs[known] with { Slots = [.. proofs[known].Slots, .. more.Slots] };
        }
    }

    private async Task<byte[]> BytesAsync(
        string method, string block, CancellationToken cancellation) =>
        Hex.Decode((await rpc.CallAsync(method, [block], cancellation)).GetString());

    private async Task<byte[]> BytesAsync(
        string method, string account, string block, CancellationToken cancellation) =>
        Hex.Decode((await rpc.CallAsync(method, [account, block], cancellation)).GetString());

    private async Task<List<byte[]>> ListAsync(
        string method, string block, CancellationToken cancellation) =>
        DecisionEvidence.ReadList(await rpc.CallAsync(method, [block], cancellation));
}
