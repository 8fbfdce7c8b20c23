using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>How long a message is under way, before anything goes wrong with it.</summary>
internal interface ILinkDelays
{
    /// <summary>Microseconds from one node to another; at least 1.</summary>
    long DrawUs(int from, int to, SeededRandom random);
}
