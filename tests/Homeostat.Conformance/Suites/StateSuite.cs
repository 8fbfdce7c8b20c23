using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Conformance;

/// <summary>State tests: one transaction on a state, without what blocks do around it.</summary>
internal sealed class StateSuite : ISuite
{
    public string Name => "state";

    public bool Accepts(string path) =>
        path.EndsWith(".json", StringComparison.Ordinal)
        && (path.Contains("evm/state/", StringComparison.Ordinal)
            || path.Contains("benchmarks/evm-benchmarks/", StringComparison.Ordinal));

    public IEnumerable<CaseResult> Run(FixtureFile file, SuiteContext context)
    {
        using JsonDocument document = Json.Parse(file);
        foreach (JsonProperty test in document.RootElement.EnumerateObject())
        {
            if (!test.Value.TryGetProperty("post", out JsonElement post))
            {
                continue;
            }
            WorldSnapshot? pre = null;
            foreach (JsonProperty fork in post.EnumerateObject())
            {
                int index = 0;
                foreach (JsonElement expected in fork.Value.EnumerateArray())
                {
                    string name = $"{test.Name}#{index++}";
                    if (!context.Wants(file, name, fork.Name))
                    {
                        continue;
                    }
                    pre ??= FixtureState.Build(test.Value.GetProperty("pre"));
                    yield return RunCase(file, context, test.Value, pre, fork.Name, name, expected);
                }
            }
        }
    }

    private static CaseResult RunCase(
        FixtureFile file, SuiteContext context, JsonElement test, WorldSnapshot pre, string fork,
        string name, JsonElement expected)
    {
        if (context.SkipReason(file, name) is { } reason)
        {
            return new CaseResult(fork, name, CaseOutcome.Skipped, reason);
        }
        JsonElement config = test.TryGetProperty("config", out JsonElement found) ? found : default;
        BlockRules? rules = Networks.RulesOf(fork, Networks.ChainIdOf(config), config);
        return rules is null
            ? CaseResult.Fail(fork, name, "unknown fork")
            : CaseResult.Of(fork, name, Check(context, test, pre, rules, expected));
    }

    private static string? Check(
        SuiteContext context, JsonElement test, WorldSnapshot pre, BlockRules rules,
        JsonElement expected)
    {
        var world = new WorldState(pre);
        world.WarmAlways(rules.Precompiles);
        BlockEnvironment block = EnvironmentOf(test.GetProperty("env"), rules);
        string? refusal = Apply(
            context, world, block, rules, expected, out IReadOnlyList<Log> logs);
        (WorldSnapshot state, _) = world.Commit();
        bool mustFail = expected.TryGetProperty("expectException", out JsonElement exception);
        if (mustFail != (refusal is not null))
        {
            return refusal is null ? $"accepted, want {exception}" : $"refused: {refusal}";
        }
        Hash256 wantedRoot = Json.HashFrom(expected.GetProperty("hash").GetString()!);
        if (state.Root != wantedRoot)
        {
            string? difference = expected.TryGetProperty("state", out JsonElement accounts)
                ? FixtureState.Difference(state, accounts)
                : null;
            return difference ?? $"state root {state.Root}, want {wantedRoot}";
        }
        var writer = new RlpWriter();
        Receipt.WriteLogs(writer, logs);
        Hash256 wantedLogs = Json.HashFrom(expected.GetProperty("logs").GetString()!);
        return writer.Hash() == wantedLogs ? null : $"logs {writer.Hash()}, want {wantedLogs}";
    }

    private static string? Apply(
        SuiteContext context, WorldState world, BlockEnvironment block, BlockRules rules,
        JsonElement expected, out IReadOnlyList<Log> logs)
    {
        logs = [];
        byte[] bytes = Json.Bytes(expected.GetProperty("txbytes").GetString()!);
        if (!Transaction.TryDecode(bytes, out Transaction transaction, out string error))
        {
            return error;
        }
        if (!RecoveredTransaction.TryRecover(transaction, out RecoveredTransaction recovered))
        {
            return "invalid sender";
        }
        if (transaction.GasLimit > block.GasLimit)
        {
            return "gas limit reached";
        }
        ulong blobGas = TransactionProcessor.BlobGasOf(transaction);
        if (rules.Blobs is { } schedule && blobGas > schedule.Max * BlobSchedule.GasPerBlob)
        {
            return "too many blobs";
        }
        var processor = new TransactionProcessor(
            world, rules, block, context.Engine, context.Tracer, classes: null);
        if (processor.Validate(recovered, TransactionChecks.All) is { } refusal)
        {
            return refusal;
        }
        processor.Execute(recovered);
        world.Touch(block.Coinbase);
        logs = world.EndTransaction(rules.Evm.ClearsEmptyAccounts);
        return null;
    }

    private static BlockEnvironment EnvironmentOf(JsonElement env, BlockRules rules)
    {
        ulong excess = env.UInt64Of("currentExcessBlobGas");
        return new BlockEnvironment
        {
            Coinbase = Json.AddressFrom(env.GetProperty("currentCoinbase").GetString()!),
            Number = env.UInt64Of("currentNumber"),
            Timestamp = env.UInt64Of("currentTimestamp"),
            GasLimit = env.UInt64Of("currentGasLimit"),
            BaseFee = rules.BaseFeeRule == BaseFeeRule.None
                ? UInt256.Zero
                : env.UInt256Of("currentBaseFee"),
            PrevRandao = env.UInt256Of(
                rules.IsProofOfStake ? "currentRandom" : "currentDifficulty"),
            BlobBaseFee = rules.Blobs is { } schedule
                ? BlobGas.Price(excess, schedule)
                : UInt256.Zero,
            ChainId = rules.ChainId,
            BlockHashes = new NumberHashes(),
        };
    }

    /// <summary>
    /// The state tests' block hashes: Keccak-256 of the number in decimal digits.
    /// </summary>
    private sealed class NumberHashes : IBlockHashes
    {
        public Hash256 Get(ulong number) => Keccak.Hash(
            System.Text.Encoding.ASCII.GetBytes(
                number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }
}
