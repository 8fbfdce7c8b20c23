using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Node.Explain;

/// <summary>
/// Everything one decision was computed from, with what ties it to the block's hash and the block
/// to the votes of its validators: whoever knows the genesis needs no node to check the rest.
/// </summary>
internal sealed record DecisionEvidence
{
    public required ulong Id { get; init; }

    public required Hash256 BlockHash { get; init; }

    /// <summary>
    /// Genesis and chain id are what is taken on trust: votes are signed over them.
    /// </summary>
    public required Hash256 GenesisHash { get; init; }

    public required ChainId ChainId { get; init; }

    /// <summary>
    /// Headers in RLP from the block's child to the block of the certificate; none when that is
    /// the block itself.
    /// </summary>
    public required IReadOnlyList<byte[]> Descendants { get; init; }

    /// <summary>A finalization certificate, as the block log keeps it.</summary>
    public required byte[] Certificate { get; init; }

    /// <summary>Code of the contracts that transaction 0 runs, at the parent.</summary>
    public required IReadOnlyDictionary<Address, byte[]> Codes { get; init; }

    /// <summary>The block in RLP.</summary>
    public required byte[] Block { get; init; }

    /// <summary>The parent's header in RLP: the state root that all proofs start from.</summary>
    public required byte[] ParentHeader { get; init; }

    /// <summary>The block's receipts as its receipts trie holds them.</summary>
    public required IReadOnlyList<byte[]> Receipts { get; init; }

    /// <summary>The parent's receipts; the first says what its transaction 0 used.</summary>
    public required IReadOnlyList<byte[]> ParentReceipts { get; init; }

    /// <summary>The block's consensus payload in RLP: its time and the observations.</summary>
    public required byte[] Payload { get; init; }

    /// <summary>The storage that steering read at the parent, one entry a contract.</summary>
    public required IReadOnlyList<AccountProof> Proofs { get; init; }

    public string ToJson()
    {
        var json = new JsonObject
        {
            ["decision"] = Id,
            ["blockHash"] = BlockHash.ToString(),
            ["genesisHash"] = GenesisHash.ToString(),
            ["chainId"] = ChainId.Value,
            ["descendants"] = List(Descendants),
            ["certificate"] = Hex.Encode(Certificate),
            ["codes"] = new JsonObject(Codes.OrderBy(code => code.Key).Select(code =>
                KeyValuePair.Create<string, JsonNode?>(
                    code.Key.ToString(), Hex.Encode(code.Value)))),
            ["block"] = Hex.Encode(Block),
            ["parentHeader"] = Hex.Encode(ParentHeader),
            ["receipts"] = List(Receipts),
            ["parentReceipts"] = List(ParentReceipts),
            ["payload"] = Hex.Encode(Payload),
            ["proofs"] = new JsonArray([.. Proofs.Select(Write)]),
        };
        return json.ToJsonString();
    }

    /// <summary>Throws InvalidDataException when the text is no evidence.</summary>
    public static DecisionEvidence FromJson(string text)
    {
        try
        {
            JsonElement json = JsonSerializer.Deserialize<JsonElement>(text);
            return new DecisionEvidence
            {
                Id = json.GetProperty("decision").GetUInt64(),
                BlockHash = new Hash256(Bytes(json, "blockHash", Hash256.Size)),
                GenesisHash = new Hash256(Bytes(json, "genesisHash", Hash256.Size)),
                ChainId = new ChainId(json.GetProperty("chainId").GetUInt64()),
                Descendants = ReadList(json.GetProperty("descendants")),
                Certificate = Bytes(json, "certificate"),
                Codes = json.GetProperty("codes").EnumerateObject().ToDictionary(
                    code => new Address(code.Name), code => Hex.Decode(code.Value.GetString())),
                Block = Bytes(json, "block"),
                ParentHeader = Bytes(json, "parentHeader"),
                Receipts = ReadList(json.GetProperty("receipts")),
                ParentReceipts = ReadList(json.GetProperty("parentReceipts")),
                Payload = Bytes(json, "payload"),
                Proofs = [.. json.GetProperty("proofs").EnumerateArray().Select(ReadProof)],
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException
            or InvalidOperationException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"not a decision's evidence: {e.Message}", e);
        }
    }

    /// <summary>An answer of eth_getProof.</summary>
    public static AccountProof ReadProof(JsonElement json)
    {
        var account = new AccountState(
            Number(json, "nonce").U0, Number(json, "balance"),
            new Hash256(Bytes(json, "storageHash", Hash256.Size)),
            new Hash256(Bytes(json, "codeHash", Hash256.Size)));
        var slots = new List<StorageProof>();
        foreach (JsonElement slot in json.GetProperty("storageProof").EnumerateArray())
        {
            slots.Add(new StorageProof(
                Number(slot, "key"), Number(slot, "value"), ReadList(slot.GetProperty("proof"))));
        }
        return new AccountProof(
            new Address(Bytes(json, "address", Address.Size)),
            account == AccountState.Empty ? null : account,
            ReadList(json.GetProperty("accountProof")), slots);
    }

    public static List<byte[]> ReadList(JsonElement list) =>
        [.. list.EnumerateArray().Select(item => Hex.Decode(item.GetString()))];

    private static JsonObject Write(AccountProof proof)
    {
        AccountState account = proof.Account ?? AccountState.Empty;
        return new JsonObject
        {
            ["address"] = proof.Address.ToString(),
            ["nonce"] = Word(account.Nonce),
            ["balance"] = Word(account.Balance),
            ["storageHash"] = account.StorageRoot.ToString(),
            ["codeHash"] = account.CodeHash.ToString(),
            ["accountProof"] = List(proof.Nodes),
            ["storageProof"] = new JsonArray([.. proof.Slots.Select(slot => new JsonObject
            {
                ["key"] = Word(slot.Slot),
                ["value"] = Word(slot.Value),
                ["proof"] = List(slot.Nodes),
            })]),
        };
    }

    private static JsonArray List(IEnumerable<byte[]> items) =>
        new([.. items.Select(item => JsonValue.Create(Hex.Encode(item)))]);

    public static string Word(in UInt256 value) => Hex.Encode(value.ToBigEndian());

    private static byte[] Bytes(JsonElement json, string name) =>
        Hex.Decode(json.GetProperty(name).GetString());

    private static byte[] Bytes(JsonElement json, string name, int size)
    {
        byte[] bytes = Bytes(json, name);
        return bytes.Length == size
            ? bytes
            : throw new FormatException($"{name} has {bytes.Length} bytes, not {size}");
    }

    // Quantities have no leading zeros, words do.
    private static UInt256 Number(JsonElement json, string name)
    {
        string text = json.GetProperty(name).GetString() ?? "";
        return text.Length is > 2 and <= 66
            ? UInt256.FromBigEndian(Hex.Decode(text[2..].PadLeft(64, '0')))
            : throw new FormatException($"{name} is no number of at most 256 bits");
    }
}
