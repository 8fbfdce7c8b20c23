using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Explain;

/// <summary>
/// Runs a block's transaction 0 once more, the contracts' own code on the proven state, so that
/// the ruling is recomputed and not taken from the record.
/// </summary>
internal static class RulingReplay
{
    /// <summary>The contracts it runs: each is a proxy, with the code to run elsewhere.</summary>
    public static readonly IReadOnlyList<Address> Predeploys =
    [
        PredeployAddresses.Steering, PredeployAddresses.Constitution, PredeployAddresses.RuleBook,
        PredeployAddresses.ModelRegistry,
    ];

    /// <summary>
    /// The accounts whose code it runs: the proxies and, by their storage, their implementations.
    /// </summary>
    public static IEnumerable<Address> CodesOf(IStorageReader storage) => Predeploys.Concat(
        Predeploys.Select(proxy => Address.FromWord(
            storage.Read(proxy, PredeployAddresses.ImplementationSlot))));

    /// <summary>
    /// The decision as the run records it, or null where it records none of this number. Words that
    /// no proof speaks of are noted in <paramref name="storage"/>.
    /// </summary>
    public static DecisionEvent? Run(
        DecisionEvidence evidence, BlockHeader header, byte[] calldata, ProvenStorage storage)
    {
        var world = new ProvenWorld(
            storage, evidence.Codes.ToDictionary(c => c.Key, c => new Code(c.Value)));
        var context = new EvmContext(
            world,
            ForkRules.For(Fork.Osaka),
            new BlockEnvironment
            {
                Coinbase = header.Coinbase,
                Number = header.Number.Value,
                Timestamp = header.Timestamp,
                GasLimit = header.GasLimit,
                BaseFee = header.BaseFee ?? UInt256.Zero,
                ChainId = 0,
                BlockHashes = new NoBlockHashes(),
            },
            new TransactionEnvironment { Origin = header.Coinbase });
        CallResult result = new EvmEngine().Execute(context, new CallMessage(
            CallKind.Call, header.Coinbase, SteeringProgram.Target, UInt256.Zero,
            SteeringProgram.GasLimit, calldata));
        if (!result.IsSuccess)
        {
            return null;
        }
        foreach (Evm.Log log in world.Logs)
        {
            if (log.Address == PredeployAddresses.Steering
                && DecisionEvent.TryDecode(log.Topics, log.Data, out DecisionEvent? decision)
                && decision!.Id == evidence.Id)
            {
                return decision;
            }
        }
        return null;
    }

    private sealed class NoBlockHashes : IBlockHashes
    {
        public Hash256 Get(ulong number) => Hash256.Zero;
    }
}
