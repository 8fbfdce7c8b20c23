using Homeostat.Consensus;
using Homeostat.Ledger;

namespace Homeostat.Replica;

/// <summary>Builds, executes and encodes a block: transaction 0, then the candidates.</summary>
internal sealed record BuildWork(
    Protocol Protocol,
    TreeBlock Parent,
    ConsensusPayload Payload,
    ISigner Signer,
    BlockSelection Selection) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Block;

    public int Load => Selection.Transactions.Count;

    public WorkResult Run()
    {
        BlockInputs inputs = Protocol.InputsOf(Parent, Payload, Signer.Address);
        BlockProcessor processor = Protocol.ProcessorOn(Parent);
        BlockHeader header = processor.Prepare(Parent.Header, inputs, Signer.Address);
        var request = new BuildRequest
        {
            ParentState = Parent.State,
            Header = header,
            Rules = processor.Rules.At(header.Number, header.Timestamp),
            Inputs = inputs,
            Transaction0 = SignTransaction0(inputs),
            Candidates = Selection.Transactions,
            RoomToLeave = Selection.RoomToLeave,
        };
        var builder = new BlockBuilder(processor.Engine);
        if (!builder.TryBuild(request, out BuiltBlock? built, out BlockRefusal? refusal))
        {
            return new Failed(refusal.Reason);
        }
        ExecutedBlock block = built.Block;
        byte[] encoded = BlockCodec.Encode(block.Block, Payload);
        var reference = new BlockReference(
            header.Number, Payload.View, Payload.ParentView, block.Hash, header.ParentHash,
            Payload.TimeMs);
        return new Built(
            TreeBlock.Of(Parent, Protocol, reference, encoded, block), built.LeftOut);
    }

    /// <summary>
    /// An ordinary type-2 transaction of the proposer at zero price (DESIGN, Chain).
    /// </summary>
    private RecoveredTransaction SignTransaction0(BlockInputs inputs)
    {
        var unsigned = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = Protocol.Rules.ChainId.Value,
            Nonce = Parent.State.GetAccount(Signer.Address)?.Nonce ?? 0,
            GasLimit = inputs.Transaction0Gas,
            To = inputs.Transaction0Target,
            Data = inputs.Transaction0Data,
        };
        Transaction signed = unsigned.WithSignature(Signer.Sign(unsigned.SigningHash));
        return new RecoveredTransaction(signed, Signer.Address);
    }

    public sealed record Built(TreeBlock Block, IReadOnlyList<LeftOut> LeftOut) : WorkResult;

    public sealed record Failed(string Reason) : WorkResult;
}
