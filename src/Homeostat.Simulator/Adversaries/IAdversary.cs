using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// A validator that does not keep to the protocol. It runs the production replica and changes what
/// leaves it, and what it hears of transactions.
/// </summary>
public interface IAdversary
{
    /// <summary>
    /// What really goes out, and to whom, where the replica would send these bytes.
    /// </summary>
    IEnumerable<(int Target, byte[] Bytes)> Send(int[] targets, byte[] bytes) =>
        targets.Select(target => (target, bytes));

    /// <summary>Whether its replica gets to see a raw transaction of a client or peer.</summary>
    bool Takes(byte[] rawTransaction) => true;

    /// <summary>A work of its replica has run; what it tells all others of its own.</summary>
    IEnumerable<byte[]> Ran(IWork work, WorkResult result) => [];
}
