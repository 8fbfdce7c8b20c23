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
                PrevRandao = UInt256.FromHash256(header.MixHash),
                BlobBaseFee = UInt256.One,
                ChainId = evidence.ChainId.Value,
                BlockHashes = new ProvenHashes(header, storage),
            },
            new TransactionEnvironment { Origin = header.Coinbase });
        CallResult result = new EvmEngine().Execute(context, new CallMessage(
            CallKind.Call, header.Coinbase, SteeringProgram.Target, UInt256.Zero,
            SteeringProgram.GasLimitAt(storage, header.Number), calldata));
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

    /// <summary>Hashes of ancestors from the state (EIP-2935), the parent's from the header.
    /// </summary>
    private sealed class ProvenHashes(BlockHeader header, ProvenStorage storage) : IBlockHashes
    {
        private const ulong Served = 8_191;
        private static readonly Address History =
            new("0x0000f90827f1c53a10cb7a02335b175320002935");

        public Hash256 Get(ulong number) => number + 1 == header.Number.Value
            ? header.ParentHash
            : storage.Read(History, number % Served).ToHash256();
    }
}
