using Homeostat.Node.Network;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Loop;

/// <summary>Whether enough validators are connected for blocks to become final.</summary>
internal sealed class ValidatorQuorum(
    IReadOnlyList<GenesisValidator> validators, Address self, PeerNetwork network)
{
    /// <summary>
    /// Null when more than 2/3 of the weight is here; else how much is, in words.
    /// </summary>
    public string? Missing
    {
        get
        {
            HashSet<Address> here = [self, .. network.Connected];
            UInt128 all = 0;
            UInt128 present = 0;
            foreach (GenesisValidator validator in validators)
            {
                all += validator.Weight;
                present += here.Contains(validator.Address) ? validator.Weight : 0UL;
            }
            return present * 3 > all * 2
                ? null
                : $"validators of weight {present} of {all} are connected, "
                    + "more than 2/3 are needed";
        }
    }
}
