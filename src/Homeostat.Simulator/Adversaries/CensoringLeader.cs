using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>
/// Never includes what one account sends, nor passes it on: to its replica the account is mute.
/// The others' blocks with it are verified as always.
/// </summary>
internal sealed class CensoringLeader(Address censored) : IAdversary
{
    public bool Takes(byte[] rawTransaction) =>
        !Transaction.TryDecode(rawTransaction, out Transaction transaction, out _)
        || !SimulatedKeys.Instance.TryRecover(transaction, out RecoveredTransaction recovered)
        || recovered.Sender != censored;
}
