using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

/// <summary>The contract's language and the program's are one.</summary>
public sealed class RuleConditionTests
{
    private const int Programs = 400;

    [Fact]
    public void The_contract_and_the_program_agree_on_random_code()
    {
        var governed = new GovernedChain();
        for (int i = 0; i < 40; i++)
        {
            byte[] burn = new UInt256(1_000_000UL * (ulong)(i % 7)).ToBigEndian();
            governed.Chain.Next(transactions: [governed.Chain.CallOf(
                6, PredeployAddresses.GasBurner, burn, 4_100_000)]);
        }
        BlockHeader head = governed.Chain.Head;
        // A call runs in the block whose state it is, with a base fee of 0.
        var reads = new StateRuleReads(governed.Chain.Reader, new RuleBlock(
            head.Number, head.Timestamp, UInt256.Zero, UInt256.Zero));
        var random = new SeededRandom(0x2b1e);
        int held = 0;
        int refused = 0;
        for (int i = 0; i < Programs; i++)
        {
            byte[] code = RandomCode(random);
            int sustain = (int)random.NextBetween(1, 4);
            bool isCode = RuleCondition.TryCreate(code, out RuleCondition? condition);
            CallOutcome outcome = governed.Call(PredeployAddresses.RuleBook, AbiCall.Encode(
                "evaluate(bytes,uint256)",
                new AbiTuple().AddBytes(code).Add((UInt256)(ulong)sustain)));
            bool isAffordable = isCode && condition!.Cost * sustain <= RuleCondition.MaximumCost;
            Assert.Equal(isAffordable, outcome.Succeeded);
            if (!isAffordable)
            {
                refused++;
                continue;
            }
            bool holds = condition!.Holds(reads, sustain, out IReadOnlyList<ulong> readings);
            var reader = new AbiReader(outcome.Output);
            Assert.Equal(holds ? 1UL : 0, reader.ReadUInt64());
            Assert.Equal(readings, reader.ReadUInt64Array());
            held += holds ? 1 : 0;
        }
        Assert.InRange(held, Programs / 20, Programs);
        Assert.InRange(refused, Programs / 20, Programs);
    }

    [Fact]
    public void Text_becomes_the_code_it_says()
    {
        byte[] code = RuleText.Parse(
            "median(executionMicros, 8) > 50000 and not (mode(capacity) == 2)", _ => 0)
            .Bytes.ToArray();
        Assert.Equal(
            "0x01010501040802000000000000c350161107000001021601020700001614010001011714",
            Hex.Encode(code));
    }

    // Mostly code: pushes and reads while the stack is low, operations while it is high.
    private static byte[] RandomCode(SeededRandom random)
    {
        var code = new List<byte>();
        int depth = 0;
        for (int i = 0; i < 24 && (i < 3 || depth != 1); i++)
        {
            if (depth < 2 || (depth < 6 && random.NextBetween(0, 2) == 0))
            {
                AddPush(code, random);
                depth++;
            }
            else
            {
                byte op = (byte)(0x10 + random.NextBetween(0, depth > 2 ? 8 : 7));
                code.Add(op);
                depth -= op == 0x17 ? 2 : 1;
            }
        }
        while (depth-- > 1)
        {
            code.Add(0x10);
        }
        if (random.NextBetween(0, 8) == 0)
        {
            code[(int)random.NextBetween(0, code.Count)] ^= (byte)random.NextBetween(1, 256);
        }
        return [.. code];
    }

    private static void AddPush(List<byte> code, SeededRandom random)
    {
        byte Small(int below) => (byte)random.NextBetween(0, below);
        switch (random.NextBetween(0, 7))
        {
            case 0:
                code.AddRange([1, Small(256)]);
                break;
            case 1:
                code.AddRange([2, 0, 0, 0, 0, 0, Small(256), Small(256), Small(256)]);
                break;
            case 2:
                code.AddRange([3, Small(16)]);
                break;
            case 3:
                code.AddRange([4, Small(32)]);
                break;
            case 4:
                code.AddRange([6, Small(5)]);
                break;
            case 5:
                code.AddRange([7, Small(6), Small(3)]);
                break;
            default:
                byte kind = Small(6);
                code.AddRange([5, Small(6), kind, kind == 0 ? (byte)1 : (byte)(1 + Small(20))]);
                break;
        }
    }
}
