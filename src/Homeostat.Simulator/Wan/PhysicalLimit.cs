namespace Homeostat.Simulator;

/// <summary>
/// The least time in which a block can be final: the proposal goes to all, notarize votes go from
/// each to each, finalize votes likewise, and each step needs more than two thirds of the votes.
/// With the average one-way delays of the links, and nothing else taking any time.
/// </summary>
internal sealed class PhysicalLimit
{
    private readonly long[,] _finalUs;

    public PhysicalLimit(int nodes, Func<int, int, long> oneWayUs)
    {
        _finalUs = new long[nodes, nodes];
        int quorum = 2 * nodes / 3 + 1;
        for (int leader = 0; leader < nodes; leader++)
        {
            // When each node has a quorum's notarize votes for what the leader sent.
            long[] notarized =
            [
                .. Enumerable.Range(0, nodes).Select(node => Smallest(
                    quorum,
                    Enumerable.Range(0, nodes).Select(voter =>
                        oneWayUs(leader, voter) + oneWayUs(voter, node)))),
            ];
            for (int node = 0; node < nodes; node++)
            {
                _finalUs[leader, node] = Smallest(
                    quorum,
                    Enumerable.Range(0, nodes).Select(voter =>
                        notarized[voter] + oneWayUs(voter, node)));
            }
        }
    }

    /// <summary>From the leader's proposal until this node can know that it is final.</summary>
    public long FinalUs(int leader, int node) => _finalUs[leader, node];

    private static long Smallest(int rank, IEnumerable<long> values) =>
        values.Order().ElementAt(rank - 1);
}
