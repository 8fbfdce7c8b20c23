using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>Transaction tests: bytes that are a valid transaction at a fork, or are not.</summary>
internal sealed class TransactionSuite : ISuite
{
    public string Name => "transactions";

    public bool Accepts(string path) =>
        path.EndsWith(".json", StringComparison.Ordinal)
        && path.Contains("transactions/ethereum-tests/", StringComparison.Ordinal);

    public IEnumerable<CaseResult> Run(FixtureFile file, SuiteContext context)
    {
        using JsonDocument document = Json.Parse(file);
        foreach (JsonProperty test in document.RootElement.EnumerateObject())
        {
            byte[]? bytes = BytesOf(test.Value.GetProperty("txbytes").GetString()!);
            foreach (JsonProperty fork in test.Value.GetProperty("result").EnumerateObject())
            {
                if (context.Wants(file, test.Name, fork.Name))
                {
                    yield return CaseResult.Of(
                        fork.Name, test.Name, Check(bytes, fork.Name, fork.Value));
                }
            }
        }
    }

    private static byte[]? BytesOf(string text) =>
        Hex.TryDecode(text, out byte[] bytes) ? bytes : null;

    private static string? Check(byte[]? bytes, string fork, JsonElement expected)
    {
        if (Networks.RulesOf(fork, 1, default) is not { } rules)
        {
            return "unknown fork";
        }
        string? refusal = Validate(bytes, rules, out RecoveredTransaction? recovered);
        bool mustFail = expected.TryGetProperty("exception", out JsonElement exception);
        if (mustFail != (refusal is not null))
        {
            return refusal is null ? $"accepted, want {exception}" : $"refused: {refusal}";
        }
        if (refusal is not null)
        {
            return null;
        }
        Hash256 hash = Json.HashFrom(expected.GetProperty("hash").GetString()!);
        if (recovered!.Hash != hash)
        {
            return $"hash {recovered.Hash}, want {hash}";
        }
        Address sender = Json.AddressFrom(expected.GetProperty("sender").GetString()!);
        if (recovered.Sender != sender)
        {
            return $"sender {recovered.Sender}, want {sender}";
        }
        ulong gas = IntrinsicGas.Of(recovered.Transaction, rules);
        ulong wanted = expected.UInt64Of("intrinsicGas");
        return gas == wanted ? null : $"intrinsic gas {gas}, want {wanted}";
    }

    private static string? Validate(
        byte[]? bytes, BlockRules rules, out RecoveredTransaction? recovered)
    {
        recovered = null;
        if (bytes is null)
        {
            return "not hexadecimal";
        }
        if (!Transaction.TryDecode(bytes, out Transaction transaction, out string error))
        {
            return error;
        }
        if (!RecoveredTransaction.TryRecover(transaction, out RecoveredTransaction found))
        {
            return "invalid sender";
        }
        recovered = found;
        return TransactionRules.CheckForm(found, rules)
            ?? TransactionRules.CheckGas(found, rules)
            ?? TransactionRules.CheckRange(found);
    }
}
