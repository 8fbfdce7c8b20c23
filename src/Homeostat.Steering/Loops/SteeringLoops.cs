using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>All loops of the network. Their order breaks ties between those that are due.</summary>
public static class SteeringLoops
{
    public static readonly IReadOnlyList<ISteeringLoop> All =
        [new CapacityLoop(), new OrderingLoop(), new ConsensusLoop()];

    /// <summary>The loop of this name, or null.</summary>
    public static ISteeringLoop? Find(Hash256 name) => All.FirstOrDefault(l => l.Name == name);

    /// <summary>A name as bytes32 text.</summary>
    public static Hash256 NameOf(string text)
    {
        Invariant.Require(text.Length is > 0 and <= 24);
        byte[] word = new byte[Hash256.Size];
        Encoding.ASCII.GetBytes(text, word);
        return new Hash256(word);
    }
}
