namespace Homeostat.Simulator;

/// <summary>
/// A validator that does not keep to the protocol. It runs the production replica and changes what
/// leaves it; what it gets is untouched.
/// </summary>
internal interface IAdversary
{
    /// <summary>
    /// What really goes out, and to whom, where the replica would send these bytes.
    /// </summary>
    IEnumerable<(int Target, byte[] Bytes)> Send(int[] targets, byte[] bytes);
}
