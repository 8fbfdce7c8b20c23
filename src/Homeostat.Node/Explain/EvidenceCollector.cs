using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Ledger;
using Homeostat.Node.Client;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Explain;

/// <summary>Asks a node for all that a decision was computed from.</summary>
internal sealed class EvidenceCollector(RpcClient rpc)
{
    /// <summary>
    /// Rounds of asking for proofs. Each finds the words whose places the words before named: the
    /// deepest way of a loop is head, pending decision, its block's record. A rule's condition
    /// stops at the first record that is not known: each of its up to 64 blocks takes a round.
    /// </summary>
    private const int Rounds = 128;

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
            Codes = await CodesAsync(parent, cancellation),
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

    private async Task<Dictionary<Address, byte[]>> CodesAsync(
        string block, CancellationToken cancellation)
    {
        var codes = new Dictionary<Address, byte[]>();
        foreach (Address proxy in RulingReplay.Predeploys)
        {
            string slot = DecisionEvidence.Word(PredeployAddresses.ImplementationSlot);
            UInt256 word = UInt256.FromBigEndian(Hex.Decode((await rpc.CallAsync(
                "eth_getStorageAt", [proxy.ToString(), slot, block], cancellation)).GetString()));
            foreach (Address account in (Address[])[proxy, Address.FromWord(word)])
            {
                codes[account] = Hex.Decode((await rpc.CallAsync(
                    "eth_getCode", [account.ToString(), block], cancellation)).GetString());
            }
        }
        return codes;
    }

    private async Task<DecisionEvidence> ProveAsync(
        DecisionEvidence evidence, string parent, CancellationToken cancellation)
    {
        var accounts = new List<AccountProof>();
        foreach (Address account in evidence.Codes.Keys.Order())
        {
            accounts.Add(await ProofAsync(account, RulingReplay.Predeploys.Contains(account)
                ? [PredeployAddresses.ImplementationSlot]
                : [], parent, cancellation));
        }
        evidence = evidence with { Proofs = accounts };
        for (int round = 0; round < Rounds; round++)
        {
            var storage = new ProvenStorage(evidence.Proofs);
            DecisionVerifier.Recompute(evidence, storage, out _);
            if (storage.Missing.Count == 0)
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
            evidence = evidence with { Proofs = proofs };
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

    private async Task<List<byte[]>> ListAsync(
        string method, string block, CancellationToken cancellation) =>
        DecisionEvidence.ReadList(await rpc.CallAsync(method, [block], cancellation));
}
