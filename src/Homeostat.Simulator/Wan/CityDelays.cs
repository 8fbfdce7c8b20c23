using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>
/// Validator i stands in city i: half the average round trip, and a jitter of about the measured
/// deviation (the sum of four uniform draws has a shape like the normal's), never below nine
/// tenths of the average: light does not hurry. A lag of the sender comes on top.
/// </summary>
internal sealed class CityDelays(CityPings pings, Func<int, long> lagUs) : ILinkDelays
{
    private const int Draws = 4;

    public long DrawUs(int from, int to, SeededRandom random)
    {
        long mean = pings.OneWayUs(from, to);
        long jitter = pings.JitterUs(from, to);
        long sum = 0;
        for (int i = 0; i < Draws; i++)
        {
            sum += random.NextBetween(-1_000, 1_001);
        }
        // Four uniform draws from −1 to 1 have a deviation of 2 / √3.
        long delay = mean + jitter * sum * 866 / 1_000_000;
        return lagUs(from) + Math.Max(Math.Max(1, mean * 9 / 10), delay);
    }
}
