using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;
using Xunit.Abstractions;

namespace Homeostat.Steering.Tests;

/// <summary>
/// The costliest transaction 0: an epoch's end at which 128 validators change whole, eight go to
/// jail, a revision is counted and put in force, sixteen rules fill every phase of their epoch, one
/// calls out with all the gas a rule has, and the outcome of a rule that is gone is read beside.
/// </summary>
public sealed class Transaction0GasTests(ITestOutputHelper output)
{
    private const ulong EpochBlocks = 64;
    private const ulong Horizon = 8;
    private const int RuleBudget = RuleCondition.MaximumCost / 4; // Four rules to a phase.
    private const int Absent = 8;
    private static readonly Hash256 Spec = ProtocolRevisions.Find(2)!.Spec;
    private static readonly Address Burner = Address.FromNumber(0xabcdef02);

    [Theory]
    [InlineData("mean(demandKilogas, 41) + 1 > 0")]
    [InlineData("median(demandKilogas, 24) + 1 > 0")]
    [InlineData("last(executionMicros) + 1 > 0")]
    [InlineData("decisions(capacity) + 1 > 0")]
    [InlineData("height{ + 1 × 82} > 0")]
    public void An_epochs_end_stays_within_its_gas_at_its_worst(string condition)
    {
        StandingRule[] rules = [.. Enumerable.Range(0, 17).Select(i => Rule(condition, i))];
        Assert.Null(rules[0].CostProblem);
        long cost = (long)rules[0].Condition.Cost * rules[0].SustainBlocks;
        Assert.InRange(cost, RuleBudget * 9 / 10, RuleBudget);
        SteeredChain chain = Chain();
        Ask(chain, PredeployAddresses.RuleBook, StandingRule.Bond,
            [.. rules.Select(rule => rule.Write())]);
        Ask(chain, PredeployAddresses.Timelock, UInt256.Zero,
            [.. rules[..16].Select(rule => rule.Adoption().Data)]);
        Assert.Equal(16, RuleStorage.Active(chain.Reader).Count);
        RunTo(chain, EpochBlocks - Horizon);
        // What fires eight blocks before the end is repealed, and another takes its place.
        DecisionEvent gone = chain.Blocks[^1].Decisions.Single(d => d.Actor == Actor.Rule);
        Ask(chain, PredeployAddresses.Timelock, UInt256.Zero,
        [
            AbiCall.Encode("repeal(bytes32)", new AbiTuple().Add(gone.ModelHash)),
            rules[16].Adoption().Data,
        ]);
        RunTo(chain, EpochBlocks - 1);
        ulong usual = chain.Blocks.Max(block => block.SteeringGas);
        SteeredBlock end = Next(chain);
        output.WriteLine(
            $"{condition}: an epoch's end {end.SteeringGas}, most before it {usual}; at the end "
            + $"{end.Decisions.Count} decisions, {end.Outcomes.Count} outcomes, of rules "
            + $"{end.Decisions.Count(d => d.Actor == Actor.Rule)} and "
            + $"{end.Outcomes.Count(o => o.Id == gone.Id)}");
        Assert.True(end.Receipts[0].Succeeded);
        Assert.Contains(end.Outcomes, outcome => outcome.Id == gone.Id);
        Assert.Equal(128 - Absent, ValidatorStorage.Read(chain.Reader).Count);
        Assert.Equal(128, ValidatorStorage.ReadPrevious(chain.Reader).Count);
        Assert.Equal(2UL, RevisionStorage.Read(chain.Reader)!.Number);
        Assert.InRange(usual, 700_000UL, SteeringProgram.GasLimit * 9 / 10);
        Assert.InRange(
            end.SteeringGas, 3_000_000UL, SteeringProgram.EpochEndGasLimit * 9 / 10);
        // Each has its turn though all phases are full.
        RunTo(chain, EpochBlocks + 32);
        Assert.Equal(16, RuleStorage.Active(chain.Reader).Count);
        Assert.Equal(16, chain.Blocks[^32..].SelectMany(block => block.Decisions)
            .Where(d => d.Actor == Actor.Rule).Select(d => d.ModelHash).Distinct().Count());
    }

    // Whatever the RuleBook does with its gas, the step has enough left for two decisions.
    [Fact]
    public void A_rule_book_that_burns_its_gas_fails_no_step()
    {
        SteeredChain chain = Chain(world => world.SetCode(
            PredeployAddresses.ImplementationOf(PredeployAddresses.RuleBook),
            new Code([0x5b, 0x5f, 0x56])));
        RunTo(chain, EpochBlocks);
        Assert.All(chain.Blocks, block => Assert.True(block.Receipts[0].Succeeded));
        Assert.Contains(chain.Blocks, block => block.Decisions.Count == 2);
        Assert.Equal(2UL, RevisionStorage.Read(chain.Reader)!.Number);
    }

    // The table of docs/evidence.md: no rules, epochs that do not end.
    [Theory]
    [InlineData(4)]
    [InlineData(64)]
    public void A_block_costs_by_what_it_decides(int validators)
    {
        var chain = new SteeredChain(validators);
        for (int i = 0; i < 100; i++)
        {
            Next(chain);
        }
        var least = new SortedDictionary<int, ulong>();
        output.WriteLine($"{validators} validators, first block {chain.Blocks[0].SteeringGas}");
        foreach (IGrouping<int, ulong> blocks in chain.Blocks.Skip(1)
            .GroupBy(block => block.Decisions.Count, block => block.SteeringGas)
            .OrderBy(group => group.Key))
        {
            output.WriteLine($"{blocks.Key} decisions: {blocks.Count()} blocks, "
                + $"{blocks.Min()} to {blocks.Max()}");
            Assert.InRange(blocks.Max(), 50_000UL, SteeringProgram.GasLimit * 9 / 10 - 400_000);
            least[blocks.Key] = blocks.Min();
        }
        // What rules leave for a decision (Steering.sol, DECISION_GAS) is enough for it.
        Assert.True(least[2] - least[0] < 2 * 250_000, $"{least[2] - least[0]}");
        Assert.Contains(chain.Blocks, block => block.Decisions.Count == 2);
    }

    private static StandingRule Rule(string text, int number)
    {
        string ones = string.Concat(Enumerable.Repeat(" + 1", 82));
        RuleCondition condition = RuleText.Parse(
            text.Replace("{ + 1 × 82}", ones, StringComparison.Ordinal), _ => 0);
        return new StandingRule(
            condition, RuleAction.Call(Burner, 1, 200_000, []),
            (uint)(RuleBudget / condition.Cost), 1, 1_000,
            DevelopmentNetwork.GenesisTimeMs / 1_000 + 86_400, 1_000_000_000_000_000_000,
            $"rule {number}");
    }

    private static SteeredChain Chain(Action<WorldState>? amend = null) => new(64, world =>
    {
        Amend(world);
        amend?.Invoke(world);
    }, change: config => config with
    {
        Staking = config.Staking with { EpochBlocks = EpochBlocks, Presence = 5_000 },
        Validators =
        [
            .. config.Validators.Concat(Enumerable.Range(1, 64).Select(i =>
                    new GenesisValidator(Address.FromNumber(0xabcd0000U + (uint)i), 1, "")))
                .OrderBy(v => v.Address).Select((v, i) => v with
                {
                    Weight = 1_000 + (ulong)i,
                    Owner = DevelopmentNetwork.FundedAccounts[i % 4].Address,
                }),
        ],
    });

    private static void Amend(WorldState world)
    {
        world.AddBalance(PredeployAddresses.Treasury, 1_000_000_000_000_000_000);
        // While over 3,000 gas is left: burn it.
        world.SetCode(Burner, new Code(
            [0x5b, 0x61, 0x0b, 0xb8, 0x5a, 0x11, 0x5f, 0x57, 0x00]));
        // In the timelock's place: whatever it is sent it asks of the RuleBook.
        world.SetCode(PredeployAddresses.Timelock, new Code(
        [
            0x36, 0x5f, 0x5f, 0x37, 0x5f, 0x5f, 0x36, 0x5f, 0x34, 0x73,
            .. PredeployAddresses.RuleBook.ToArray(),
            0x5a, 0xf1, 0x60, 0x26, 0x57, 0x5f, 0x5f, 0xfd, 0x5b, 0x00,
        ]));
        // Revision 2, proposed and locked in: this end puts it in force.
        UInt256[] words =
        [
            new(2, DevelopmentNetwork.GenesisTimeMs / 1_000 + 86_400, 0, 1),
            UInt256.FromHash256(Spec),
            UInt256.FromBigEndian([.. "0.2.0"u8, .. new byte[26], 10]),
        ];
        for (int i = 0; i < words.Length; i++)
        {
            world.SetStorage(PredeployAddresses.Revisions, (UInt256)(ulong)(i + 1), words[i]);
        }
    }

    // Eight accounts send one each to a block.
    private static void Ask(
        SteeredChain chain, in Address to, in UInt256 value, IReadOnlyList<byte[]> calls)
    {
        for (int at = 0; at < calls.Count; at += 8)
        {
            var transactions = new List<Transaction>();
            for (int i = at; i < Math.Min(at + 8, calls.Count); i++)
            {
                transactions.Add(chain.CallOf(i - at, to, calls[i], 1_500_000, value));
            }
            SteeredBlock block = chain.Next(Observed(chain), transactions);
            Assert.All(block.Receipts, receipt => Assert.True(receipt.Succeeded));
        }
    }

    private static void RunTo(SteeredChain chain, ulong height)
    {
        while (chain.Head.Number.Value < height)
        {
            Next(chain);
        }
    }

    // Demand rises from block to block, the worst order to sort in.
    private static SteeredBlock Next(SteeredChain chain)
    {
        byte[] gas = new UInt256(100_000 + 50_000 * chain.Head.Number.Value).ToBigEndian();
        return chain.Next(Observed(chain), [chain.CallOf(
            6, PredeployAddresses.GasBurner, gas, 8_000_000)]);
    }

    // Of everyone in the set; eight fall silent. First words in the first blocks, and in the last
    // two of the epoch other digests: the most that observations cost.
    private static IReadOnlyList<SignedObservation> Observed(SteeredChain chain)
    {
        ulong height = chain.Head.Number.Value;
        ulong digest = height is EpochBlocks - 1 or EpochBlocks - 2 ? height : 1;
        var signals = new ObservationSignals(Spec, Keccak.Hash(new UInt256(digest).ToBigEndian()));
        return
        [
            .. ValidatorStorage.Read(chain.Reader).Skip(height < 20 ? 0 : Absent).Select(
                v => new SignedObservation(
                    v.Address, new ObservationReport(default, signals, []).Encode())),
        ];
    }
}
