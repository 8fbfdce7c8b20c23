using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

/// <summary>Retraining from the bounded log in state.</summary>
public sealed class DemandLogTests
{
    // Two chains executed apart reach the same state, and the same bytes come out of both; what
    // the log says is what the loop saw.
    [Fact]
    public void The_log_in_state_gives_the_same_model_wherever_the_state_is()
    {
        SteeredChain first = Run();
        SteeredChain second = Run();
        List<Fixed> log = DemandLog.Read(first.Reader, 90);
        Assert.Equal(90, log.Count);
        // The slots named beforehand are all that is read.
        LookupSet<UInt256> named = new();
        foreach (UInt256 slot in DemandLog.Slots(first.Head.Number, 90))
        {
            named.Add(slot);
        }
        Assert.Equal(log, DemandLog.Read(new Named(first.Reader, named), 90));
        var trial = new ForecastTrial(new DemandSeries(log), log.Count - 1);
        Assert.True(trial.TryTrain(1, out LinearForecaster? model));
        var again = new ForecastTrial(
            new DemandSeries(DemandLog.Read(second.Reader, 90)), log.Count - 1);
        Assert.True(again.TryTrain(1, out LinearForecaster? other));
        Assert.Equal(model!.Hash, other!.Hash);
    }

    private static SteeredChain Run()
    {
        var chain = new SteeredChain();
        var random = new SeededRandom(17);
        for (int i = 0; i < 110; i++)
        {
            chain.Next(transactions:
                [SteeringTransactionTests.Burn(chain, 1_000_000 + random.NextBelow(14_000_000UL))]);
        }
        return chain;
    }

    private sealed class Named(IStorageReader inner, LookupSet<UInt256> named) : IStorageReader
    {
        public UInt256 Read(in Address contract, in UInt256 slot) =>
            slot == SteeringStorage.HeadSlot || named.Contains(slot)
                ? inner.Read(contract, slot)
                : throw new InvariantViolation($"slot {slot} was not named");
    }
}
