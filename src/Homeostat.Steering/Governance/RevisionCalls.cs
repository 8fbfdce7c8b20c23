using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>What a vote may ask of the Revisions predeploy.</summary>
public static class RevisionCalls
{
    /// <param name="number">One above the revision in force.</param>
    /// <param name="spec">keccak256 of its specification's text.</param>
    /// <param name="version">Node software that knows it: 1 to 31 letters, digits, . - +</param>
    /// <param name="deadline">Unix seconds.</param>
    public static ProposedCall Propose(
        ulong number, in Hash256 spec, string version, ulong deadline) => new(
            PredeployAddresses.Revisions, UInt256.Zero,
            AbiCall.Encode("propose(uint64,bytes32,string,uint64)", new AbiTuple()
                .Add((UInt256)number).Add(spec).AddBytes(Encoding.ASCII.GetBytes(version))
                .Add((UInt256)deadline)));

    public static ProposedCall Withdraw(in Hash256 spec) => new(
        PredeployAddresses.Revisions, UInt256.Zero,
        AbiCall.Encode("withdraw(bytes32)", new AbiTuple().Add(spec)));
}
