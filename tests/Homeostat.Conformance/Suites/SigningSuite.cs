using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>
/// The ethers vectors of operations this node has: signed transactions, RLP, Keccak-256,
/// checksummed addresses.
/// </summary>
internal sealed class SigningSuite : ISuite
{
    private static readonly string[] Files =
        ["transactions.json", "typed-transactions.json", "rlp-coder.json", "hashes.json",
            "accounts.json"];

    public string Name => "signing";

    public bool Accepts(string path) =>
        path.Contains("abi-tx-signing/ethers/", StringComparison.Ordinal)
        && Files.Contains(Path.GetFileName(path));

    public IEnumerable<CaseResult> Run(FixtureFile file, SuiteContext context)
    {
        using JsonDocument document = Json.Parse(file);
        string kind = Path.GetFileNameWithoutExtension(file.Path);
        int index = 0;
        foreach (JsonElement test in document.RootElement.EnumerateArray())
        {
            string name = $"{kind}#{index++} {test.TextOf("name")}";
            if (context.Wants(file, name, "-"))
            {
                yield return CaseResult.Of("-", name, Check(kind, test));
            }
        }
    }

    private static string? Check(string kind, JsonElement test) => kind switch
    {
        "transactions" => CheckLegacy(test),
        "typed-transactions" => CheckSigned(test, "unsigned", "signed", "key", "address"),
        "rlp-coder" => CheckRlp(test),
        "hashes" => Keccak.Hash(Json.Bytes(test.TextOf("data")!)).ToString()
            == test.TextOf("keccak256") ? null : "keccak256 differs",
        _ => CheckAddress(test),
    };

    private static string? CheckAddress(JsonElement test)
    {
        var address = new Address(test.TextOf("address")!);
        return address.ToChecksum() == test.TextOf("checksumAddress")
            ? null
            : $"checksum {address.ToChecksum()}";
    }

    private static string? CheckRlp(JsonElement test)
    {
        byte[] encoded = Json.Bytes(test.TextOf("encoded")!);
        var writer = new RlpWriter();
        WriteItem(writer, test.GetProperty("decoded"));
        return writer.WrittenSpan.SequenceEqual(encoded) ? null : "encoding differs";
    }

    private static void WriteItem(RlpWriter writer, JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Array)
        {
            writer.Write(Json.Bytes(item.GetString()!));
            return;
        }
        int list = writer.StartList();
        foreach (JsonElement inner in item.EnumerateArray())
        {
            WriteItem(writer, inner);
        }
        writer.EndList(list);
    }

    private static string? CheckLegacy(JsonElement test) =>
        CheckSigned(
            test, "unsignedTransaction", "signedTransaction", "privateKey", "accountAddress")
        ?? CheckSigned(
            test, "unsignedTransactionChainId5", "signedTransactionChainId5", "privateKey",
            "accountAddress");

    /// <summary>
    /// ethers signs what no chain accepts: a gas limit or nonce over 64 bits (EIP-2681, 1985),
    /// which must be refused.
    /// </summary>
    private static bool IsBeyond64Bits(JsonElement test) =>
        IsBeyond64Bits(test.TextOf("gasLimit")) || IsBeyond64Bits(test.TextOf("nonce"));

    private static bool IsBeyond64Bits(string? text) =>
        text is not null && text != "0x" && Json.Number(text).BitLength > 64;

    private static string? CheckSigned(
        JsonElement test, string unsigned, string signed, string key, string address)
    {
        byte[] bytes = Json.Bytes(test.TextOf(signed)!);
        if (!Transaction.TryDecode(bytes, out Transaction transaction, out string error))
        {
            return IsBeyond64Bits(test) ? null : $"refused: {error}";
        }
        Hash256 signing = Keccak.Hash(Json.Bytes(test.TextOf(unsigned)!));
        if (transaction.SigningHash != signing)
        {
            return $"{unsigned}: signing hash {transaction.SigningHash}, want {signing}";
        }
        if (!RecoveredTransaction.TryRecover(transaction, out RecoveredTransaction recovered)
            || recovered.Sender != Json.AddressFrom(test.TextOf(address)!))
        {
            return $"{signed}: sender {recovered?.Sender}";
        }
        Transaction again = transaction.Sign(Json.HashFrom(test.TextOf(key)!));
        return again.Encoded.SequenceEqual(bytes) ? null : $"{signed}: own signature differs";
    }
}
