using System.Text;
using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>
/// Inputs and outputs of the precompiles: geth's, the EIPs' and Besu's tables, and the KZG proof
/// cases of the consensus specs. Where a vector names a price it must be the fork's.
/// </summary>
internal sealed class PrecompileSuite : ISuite
{
    // By the file's name: the contract's number and the fork by whose prices it runs.
    private static readonly (string File, uint Number, Fork Fork)[] Contracts =
    [
        ("ecRecover", 0x01, Fork.Osaka),
        ("modexp_eip7883", 0x05, Fork.Osaka),
        ("modexp_eip2565", 0x05, Fork.Berlin),
        ("modexp", 0x05, Fork.Byzantium),
        ("bn256Add", 0x06, Fork.Istanbul),
        ("bn256ScalarMul", 0x07, Fork.Istanbul),
        ("bn256Pairing", 0x08, Fork.Istanbul),
        ("blake2F", 0x09, Fork.Osaka),
        ("fail-blake2f", 0x09, Fork.Osaka),
        ("pointEvaluation", 0x0a, Fork.Osaka),
        ("blsG1Add", 0x0b, Fork.Osaka),
        ("blsG1Mul", 0x0c, Fork.Osaka),
        ("blsG1MultiExp", 0x0c, Fork.Osaka),
        ("blsG2Add", 0x0d, Fork.Osaka),
        ("blsG2Mul", 0x0e, Fork.Osaka),
        ("blsG2MultiExp", 0x0e, Fork.Osaka),
        ("blsPairing", 0x0f, Fork.Osaka),
        ("blsMapG1", 0x10, Fork.Osaka),
        ("blsMapG2", 0x11, Fork.Osaka),
        ("add_G1_bls", 0x0b, Fork.Osaka),
        ("mul_G1_bls", 0x0c, Fork.Osaka),
        ("msm_G1_bls", 0x0c, Fork.Osaka),
        ("add_G2_bls", 0x0d, Fork.Osaka),
        ("mul_G2_bls", 0x0e, Fork.Osaka),
        ("msm_G2_bls", 0x0e, Fork.Osaka),
        ("pairing_check_bls", 0x0f, Fork.Osaka),
        ("map_fp_to_G1_bls", 0x10, Fork.Osaka),
        ("map_fp2_to_G2_bls", 0x11, Fork.Osaka),
        ("p256Verify", 0x100, Fork.Osaka),
        ("test-vectors", 0x100, Fork.Osaka),
        ("eip152TestCases", 0x09, Fork.Osaka),
    ];

    public string Name => "precompiles";

    public bool Accepts(string path) =>
        path.Contains("precompiles/", StringComparison.Ordinal)
        && (path.EndsWith("data.yaml", StringComparison.Ordinal)
            || TryFind(path, out _, out _));

    private static bool TryFind(string path, out uint number, out Fork fork)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        name = name.StartsWith("fail-bls", StringComparison.Ordinal)
            || name.StartsWith("fail-", StringComparison.Ordinal)
                && name.EndsWith("_bls", StringComparison.Ordinal) ? name[5..] : name;
        foreach ((string file, uint contract, Fork since) in Contracts)
        {
            if (file == name)
            {
                (number, fork) = (contract, since);
                return true;
            }
        }
        (number, fork) = (0, default);
        return false;
    }

    public IEnumerable<CaseResult> Run(FixtureFile file, SuiteContext context)
    {
        if (file.Path.EndsWith(".yaml", StringComparison.Ordinal))
        {
            return RunProof(file, context);
        }
        TryFind(file.Path, out uint number, out Fork fork);
        return file.Path.EndsWith(".csv", StringComparison.Ordinal)
            ? RunTable(file, number, fork, context)
            : RunList(file, number, fork, context);
    }

    private static IEnumerable<CaseResult> RunList(
        FixtureFile file, uint number, Fork fork, SuiteContext context)
    {
        using JsonDocument document = Json.Parse(file);
        string label = fork.ToString();
        // EIP-7951's own table still carries the price of its draft (RIP-7212), 3450; the EIP's
        // text and geth's table say 6900.
        bool hasPrices = !file.Path.Contains("eip-7951/", StringComparison.Ordinal);
        foreach (JsonElement test in document.RootElement.EnumerateArray())
        {
            string name = test.TextOf("Name") ?? "";
            if (context.Wants(file, name, label))
            {
                string? detail = Check(
                    number, fork, Json.Bytes(test.TextOf("Input")!),
                    test.TextOf("Expected") is { } output ? Json.Bytes(output) : null,
                    hasPrices && test.TryGetProperty("Gas", out JsonElement gas)
                        ? gas.GetUInt64()
                        : null);
                yield return CaseResult.Of(label, name, detail);
            }
        }
    }

    /// <summary>Besu's lines: input, expected output (nothing where it must fail).</summary>
    private static IEnumerable<CaseResult> RunTable(
        FixtureFile file, uint number, Fork fork, SuiteContext context)
    {
        string[] lines = Encoding.UTF8.GetString(file.Content).Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string[] fields = lines[i].Trim().Split(',');
            string name = $"line {i + 1}";
            if (fields.Length < 2 || !Hex.TryDecode(fields[0], out byte[] input)
                || !context.Wants(file, name, fork.ToString()))
            {
                continue;
            }
            bool succeeds = Hex.TryDecode(fields[1], out byte[] output) && output.Length > 0;
            yield return CaseResult.Of(
                fork.ToString(), name, Check(number, fork, input, succeeds ? output : null, null));
        }
    }

    /// <summary>Null where all agrees; expected null: the call must fail.</summary>
    private static string? Check(
        uint number, Fork fork, byte[] input, byte[]? expected, ulong? gas)
    {
        if (!Precompiles.TryGet(fork, Address.FromNumber(number), out IPrecompile? contract))
        {
            return $"no precompile {number}";
        }
        ulong cost = contract.GasCost(input, fork);
        if (gas is { } wanted && cost != wanted)
        {
            return $"gas {cost}, want {wanted}";
        }
        bool succeeded = contract.TryRun(input, out byte[] output);
        if (succeeded != expected is not null)
        {
            return succeeded ? "succeeded, must fail" : "failed, must succeed";
        }
        return expected is null || output.AsSpan().SequenceEqual(expected)
            ? null
            : $"output {Hex.Encode(output)}, want {Hex.Encode(expected)}";
    }

    /// <summary>
    /// verify_kzg_proof through the precompile, whose versioned hash is made to fit; a proof that
    /// does not hold and one that cannot be read both fail there.
    /// </summary>
    private static IEnumerable<CaseResult> RunProof(FixtureFile file, SuiteContext context)
    {
        string name = Path.GetFileName(Path.GetDirectoryName(file.Path)!);
        if (!context.Wants(file, name, "-"))
        {
            yield break;
        }
        SortedDictionary<string, string> fields = ReadFields(file);
        byte[] commitment = Hex.Decode(fields["commitment"]);
        byte[] hash = System.Security.Cryptography.SHA256.HashData(commitment);
        hash[0] = 1;
        byte[] input =
        [
            .. hash, .. Hex.Decode(fields["z"]), .. Hex.Decode(fields["y"]), .. commitment,
            .. Hex.Decode(fields["proof"]),
        ];
        Precompiles.TryGet(Fork.Osaka, Address.FromNumber(0x0a), out IPrecompile? contract);
        bool holds = contract!.TryRun(input, out _);
        yield return CaseResult.Of(
            "-", name, holds == (fields["output"] == "true") ? null : $"proof holds: {holds}");
    }

    /// <summary>The scalar fields of a flat YAML file.</summary>
    private static SortedDictionary<string, string> ReadFields(FixtureFile file)
    {
        var fields = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in Encoding.UTF8.GetString(file.Content).Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                fields[line[..colon].Trim()] = line[(colon + 1)..].Trim().Trim('\'', '"');
            }
        }
        return fields;
    }
}
