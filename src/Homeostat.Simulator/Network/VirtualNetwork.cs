using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>
/// Links between nodes: delay, loss, duplication, overtaking, and cuts in one direction or both.
/// TLS over TCP would hide loss and reordering; the replica must not depend on that.
/// </summary>
internal sealed class VirtualNetwork(EventQueue queue, SeededRandom random, int nodes)
{
    private readonly int[,] _cuts = new int[nodes, nodes];
    private readonly long[,] _latest = new long[nodes, nodes];
    private long _sent;

    public NetworkFaults Faults { get; set; } = NetworkFaults.None;

    /// <summary>Null: uniform between the two delays of <see cref="Faults"/>.</summary>
    public ILinkDelays? Delays { get; set; }

    public long Delivered { get; private set; }

    public long Lost { get; private set; }

    public long Doubled { get; private set; }

    /// <summary>Messages that arrived after one sent later on the same link.</summary>
    public long Overtaken { get; private set; }

    /// <param name="from">The sender.</param>
    /// <param name="to">The receiver.</param>
    /// <param name="lagUs">Until the sender has got round to it.</param>
    /// <param name="isReliable">
    /// For the first message of a connection, which comes or there is no connection.
    /// </param>
    /// <param name="deliver">What happens when it arrives.</param>
    public void Send(int from, int to, long lagUs, bool isReliable, Action deliver)
    {
        if (_cuts[from, to] > 0 || (!isReliable && random.Chance(Faults.LossPerMille, 1_000)))
        {
            Lost++;
            return;
        }
        Deliver(from, to, lagUs, deliver);
        if (!isReliable && random.Chance(Faults.DuplicatePerMille, 1_000))
        {
            Doubled++;
            Deliver(from, to, lagUs, deliver);
        }
    }

    /// <summary>Cuts one direction; cuts add up, each needs its mending.</summary>
    public void Cut(int from, int to) => _cuts[from, to]++;

    public void Mend(int from, int to) => _cuts[from, to] = Math.Max(0, _cuts[from, to] - 1);

    public bool IsCut(int from, int to) => _cuts[from, to] > 0;

    public void MendAll() => Array.Clear(_cuts);

    private void Deliver(int from, int to, long lagUs, Action deliver)
    {
        long delay = lagUs + (Delays?.DrawUs(from, to, random)
            ?? random.NextBetween(Faults.MinDelayUs, Faults.MaxDelayUs + 1));
        if (random.Chance(Faults.LatePerMille, 1_000))
        {
            delay += random.NextBetween(0, Faults.LongDelayUs);
        }
        long number = _sent++;
        queue.After(delay, () =>
        {
            Overtaken += number < _latest[from, to] ? 1 : 0;
            _latest[from, to] = Math.Max(_latest[from, to], number);
            // What was under way when the link was cut is lost with it.
            if (_cuts[from, to] == 0)
            {
                Delivered++;
                deliver();
            }
        });
    }
}
