using System.Text;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>A proposed call in words, by the functions of the predeploys.</summary>
internal static class CallWords
{
    private static readonly (string Signature, string Words)[] Known =
    [
        ("adopt(bytes32)", "adopt a standing rule"),
        ("repeal(bytes32)", "repeal a standing rule"),
        ("resume(bytes32)", "put a suspended rule back into force"),
        ("ratify(bytes32,uint64[])", "ratify a loop's vector"),
        ("setMode(bytes32,uint8)", "switch a loop's mode"),
        ("setParameters(bytes32,bytes32[2])", "change a loop's parameters"),
        ("setInvariant(uint256,bytes)", "write an invariant"),
        ("setChampion(bytes32,bytes32)", "name a loop's model"),
        ("setChampions(bytes32,bytes32[3])", "name a loop's models"),
        ("setMinimumBond(uint256)", "change the least bond of models"),
        ("transferOwnership(address)", "GIVE THE CONTRACT AWAY"),
        ("dismissGuardian()", "end the guardian's term"),
        ("pay(address,uint256)", "pay from the Treasury"),
        ("setVotingDelay(uint48)", "change the notice before votes"),
        ("setVotingPeriod(uint32)", "change how long votes last"),
        ("setProposalThreshold(uint256)", "change the votes it takes to propose"),
        ("updateQuorumNumerator(uint256)", "change the quorum"),
        ("updateDelay(uint256)", "change the timelock's delay"),
        ("grantRole(bytes32,address)", "GIVE SOMEONE A ROLE IN THE TIMELOCK"),
    ];

    public static string Describe(ProposedCall call)
    {
        string data = Hex.Encode(call.Data);
        string words = Words(call.Data);
        string value = call.Value.IsZero ? "" : $" with {call.Value} wei";
        return $"{call.Target}{value}: {words} ({data})";
    }

    public static string Words(byte[] data)
    {
        foreach ((string signature, string words) in Known)
        {
            byte[] selector = Keccak.Hash(Encoding.ASCII.GetBytes(signature)).ToArray()[..4];
            if (data.AsSpan().StartsWith(selector))
            {
                return words;
            }
        }
        return data.Length == 0 ? "a payment" : "a call this program does not know";
    }
}
