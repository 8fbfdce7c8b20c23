using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Steering.Tests;

/// <summary>Who is passed over as a leader, from a record of turns to the schedule.</summary>
public sealed class LeaderProbationTests
{
    private const ulong EpochBlocks = 16;
    private const int Bad = 2;

    [Theory]
    [InlineData(0, 9, 0, 0)] // Led all of its turns.
    [InlineData(0, 8, 4, 0)] // A third is not too much.
    [InlineData(0, 9, 5, 3)] // More than a third.
    [InlineData(3, 0, 0, 3)] // Had none: nothing was learnt.
    [InlineData(3, 1, 0, 2)]
    [InlineData(3, 4, 0, 0)]
    [InlineData(2, 4, 1, 0)]
    [InlineData(1, 1, 1, 3)] // Led, and held the next up.
    [InlineData(2, 0, 1, 3)]
    public void A_record_says_how_many_turns_are_to_be_led_well(
        int before, ulong led, ulong failed, int after)
    {
        LeaderRecord[] records = Records(7);
        records[Bad] = new LeaderRecord(led, failed);
        int[] left = new int[7];
        left[Bad] = before;
        left = LeaderProbation.Judge(left, records);
        Assert.Equal(after, left[Bad]);
        Assert.Equal(after, left.Sum());
    }

    [Fact]
    public void No_more_are_passed_over_than_may_be_faulty_and_the_worst_first()
    {
        LeaderRecord[] records = Records(7);
        records[1] = new LeaderRecord(4, 5);
        records[5] = new LeaderRecord(2, 7);
        records[6] = new LeaderRecord(4, 5);
        Assert.Equal([0, 3, 0, 0, 0, 3, 0], LeaderProbation.Judge([0, 0, 2, 0, 0, 0, 0], records));
        // Where most fail it is the network, and nobody's fault.
        Assert.Equal(
            new int[7],
            LeaderProbation.Judge(new int[7], [.. records.Select(_ => new LeaderRecord(4, 5))]));
    }

    [Fact]
    public void Who_fails_is_passed_over_until_it_has_led_well()
    {
        var chain = new SteeredChain(7, change: config => config with
        {
            Staking = config.Staking with { EpochBlocks = EpochBlocks, Presence = 0 },
        });
        ulong view = 0;
        for (int epoch = 0; epoch < 4; epoch++)
        {
            RunEpoch(chain, ref view, failing: Bad);
            Assert.Equal((ulong)epoch + 1, ValidatorStorage.ReadEpoch(chain.Reader));
            // Three epochs of 16 blocks are too short for a turn of one in 193 in each.
            Assert.Equal(3, LeaderProbation.Read(chain.Reader)[Bad]);
            Assert.Equal(1, LeaderSchedule.Read(chain.Reader).Turns.Count(turn => turn == Bad));
        }
        int epochs = 0;
        while (LeaderProbation.Read(chain.Reader)[Bad] > 0)
        {
            RunEpoch(chain, ref view, failing: -1);
            Assert.InRange(++epochs, 1, 3 * 193 / (int)EpochBlocks + 1);
        }
        Assert.True(epochs > 1);
        Assert.Equal(7, LeaderSchedule.Read(chain.Reader).Turns.Count);
    }

    // At 128 each block's presence takes nine words of the loop's; gaps of views and an epoch's end
    // come on top.
    [Fact]
    public void The_largest_set_is_within_what_a_loop_may_write()
    {
        var chain = new SteeredChain(64, change: config => config with
        {
            Staking = config.Staking with { EpochBlocks = EpochBlocks, Presence = 0 },
            Validators =
            [
                .. config.Validators.Concat(Enumerable.Range(1, 64).Select(i =>
                        new GenesisValidator(Address.FromNumber(0xabcd0000U + (uint)i), 1, "")))
                    .OrderBy(v => v.Address).Select((v, i) => v with
                    {
                        Weight = 1_000,
                        Owner = DevelopmentNetwork.FundedAccounts[i % 4].Address,
                    }),
            ],
        });
        ulong view = 0;
        while (chain.Head.Number.Value < 2 * EpochBlocks)
        {
            ulong parent = view;
            view += 4;
            // Three views failed, now and then of leaders whose counts are in two words.
            Next(chain, parent, view);
            if (chain.Head.Number.Value % EpochBlocks == 0)
            {
                // A loop that asks for more is left out of the block, and its counts are lost. An
                // epoch's first block has its parent's leader in another epoch: it counts none.
                Assert.Equal(
                    EpochBlocks - 1,
                    (ulong)ValidatorStanding.ReadAll(chain.Reader).Sum(x => (long)x.LedBefore));
            }
        }
    }

    private static LeaderRecord[] Records(int validators) =>
        [.. Enumerable.Repeat(new LeaderRecord(9, 0), validators)];

    private static void RunEpoch(SteeredChain chain, ref ulong view, int failing)
    {
        do
        {
            ulong parent = view++;
            while (LeaderSchedule.Read(chain.Reader).LeaderOf(view) == failing)
            {
                view++;
            }
            Next(chain, parent, view);
        }
        while (chain.Head.Number.Value % EpochBlocks != 0);
    }

    private static void Next(SteeredChain chain, ulong parentView, ulong view)
    {
        IReadOnlyList<ValidatorEntry> set = ValidatorStorage.Read(chain.Reader);
        byte[] report = SteeredChain.Report(
            new Observation { PropagationMs = (ushort)(20 + chain.Head.Number.Value % 2) });
        chain.Next(
            [.. set.Select(v => new SignedObservation(v.Address, report))],
            epoch: ValidatorStorage.ReadEpoch(chain.Reader),
            tell: facts => facts with
            {
                View = view,
                ParentView = parentView,
                Voters = ValidatorStorage.HashOf(set),
            });
    }
}
