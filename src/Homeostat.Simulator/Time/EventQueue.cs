namespace Homeostat.Simulator;

/// <summary>
/// Virtual time: events in the order of their time, those of one time in the order they were
/// planned. Nothing here waits; time jumps to the next event.
/// </summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<Action, (long AtUs, long Order)> _events = new();
    private long _order;

    /// <summary>Microseconds since the run began.</summary>
    public long NowUs { get; private set; }

    public int Waiting => _events.Count;

    /// <summary>Plans an event; one in the past happens now.</summary>
    public void At(long atUs, Action happen) =>
        _events.Enqueue(happen, (Math.Max(atUs, NowUs), _order++));

    public void After(long delayUs, Action happen) => At(NowUs + delayUs, happen);

    /// <summary>Lets the next event up to this time happen; false when there is none.</summary>
    public bool Next(long untilUs)
    {
        if (!_events.TryPeek(out Action? happen, out (long AtUs, long Order) key)
            || key.AtUs > untilUs)
        {
            NowUs = Math.Max(NowUs, untilUs);
            return false;
        }
        _events.Dequeue();
        NowUs = key.AtUs;
        happen();
        return true;
    }
}
