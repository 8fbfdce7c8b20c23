using Homeostat.Consensus;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Node.Rpc;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Steering;

namespace Homeostat.Node.Explain;

/// <summary>What a verification found.</summary>
/// <param name="Inputs">Inputs that are not what the block's hash commits to.</param>
/// <param name="Outputs">Parts of the decision that the inputs do not give.</param>
internal sealed record Verification(
    ulong Height, DecisionEvent? Decision, IReadOnlyList<string> Inputs,
    IReadOnlyList<string> Outputs)
{
    public bool Agrees => Inputs.Count == 0 && Outputs.Count == 0;
}

/// <summary>
/// Recomputes one decision from its evidence alone. Each input is first tied to the block's hash:
/// the block by its header, the parent by parentHash, storage by proofs from the parent's state
/// root, receipts by their roots, the payload by parentBeaconBlockRoot. Then transaction 0 is
/// composed anew and compared with the one in the block and with the event it emitted.
/// </summary>
internal static class DecisionVerifier
{
    public static Verification Verify(DecisionEvidence evidence)
    {
        if (!Block.TryDecode(evidence.Block, out Block block, out string error))
        {
            return new Verification(0, null, [$"the block: {error}"], []);
        }
        if (!BlockHeader.TryDecode(evidence.ParentHeader, out BlockHeader parent, out error))
        {
            return new Verification(
                block.Header.Number.Value, null, [$"the parent's header: {error}"], []);
        }
        List<string> inputs = CheckBlocks(evidence, block, parent);
        List<Address> validators = Validators(evidence);
        CheckStorage(evidence, parent, validators, inputs);
        var storage = new ProvenStorage(evidence.Proofs);
        CheckCodes(evidence, storage, inputs);
        StepCall? call = Recompute(evidence, storage, out DecisionEvent? ruled);
        foreach ((Address contract, UInt256 slot) in storage.Missing)
        {
            inputs.Add($"{SlotNames.Of(contract, slot, validators)}: no proof of it was given");
        }
        inputs.AddRange(storage.MissingAccounts.Select(
            account => $"account {account}: no proof of it was given"));
        inputs.AddRange(storage.MissingCodes.Select(
            account => $"the code of {account}: it was not given"));
        CheckValidatorSet(evidence, validators, inputs);
        CheckFinality(evidence, block.Header, inputs);
        DecisionEvent? decision = DecisionOf(evidence, block.Header, inputs);
        List<string> outputs = call is null ? [] : Compare(call, block, decision);
        CompareRuling(ruled, decision, outputs);
        return new Verification(block.Header.Number.Value, decision, inputs, outputs);
    }

    /// <summary>
    /// Transaction 0 by the evidence, checked or not; null when it can't be read at all.
    /// </summary>
    /// <param name="ruled">The decision as the contracts' own code records it when it is run on
    /// the proven state.</param>
    public static StepCall? Recompute(
        DecisionEvidence evidence, ProvenStorage storage, out DecisionEvent? ruled)
    {
        ruled = null;
        if (!Block.TryDecode(evidence.Block, out Block block, out _)
            || !BlockHeader.TryDecode(evidence.ParentHeader, out BlockHeader parent, out _)
            || ConsensusPayload.TryDecode(evidence.Payload, out ConsensusPayload? payload)
                is not null
            || ParentSteeringGas(evidence, parent) is not { } steeringGas)
        {
            return null;
        }
        StepCall call = SteeringProgram.Compose(storage, new BlockFacts(
            block.Header.Number, (ulong)payload!.TimeMs, Keccak.Hash(evidence.Payload),
            parent.GasUsed, steeringGas, parent.BaseFee ?? UInt256.Zero,
            ObservationsOf(payload.ParentNotarization, storage))
        {
            View = payload.View.Value,
            ParentView = payload.ParentView.Value,
            Voters = payload.ValidatorSetHash,
            Epoch = payload.Epoch.Value,
            Evidence = EvidenceCall.Of(payload),
        });
        ruled = RulingReplay.Run(evidence, block.Header, call.Encode(), storage);
        return call;
    }

    private static void CheckCodes(
        DecisionEvidence evidence, ProvenStorage storage, List<string> inputs)
    {
        foreach ((Address contract, byte[] code) in evidence.Codes)
        {
            if (storage.Account(contract) is not { } account
                || Keccak.Hash(code) != account.CodeHash)
            {
                inputs.Add($"the code of {contract}: not what its account's proof says");
            }
        }
    }

    private static void CheckFinality(
        DecisionEvidence evidence, BlockHeader header, List<string> inputs)
    {
        if (ConsensusPayload.TryDecode(evidence.Payload, out ConsensusPayload? payload) is null
            && Finality.Check(evidence, header, payload!,
                SetOf(new ProvenStorage(evidence.Proofs))) is { } reason)
        {
            inputs.Add(reason);
        }
    }

    private static void CompareRuling(
        DecisionEvent? ruled, DecisionEvent? recorded, List<string> outputs)
    {
        if (recorded is null)
        {
            return;
        }
        if (ruled is null)
        {
            outputs.Add("the ruling: the contracts' code records no such decision");
            return;
        }
        void Field<T>(string name, T mine, T theirs)
        {
            if (!EqualityComparer<T>.Default.Equals(mine, theirs))
            {
                outputs.Add($"{name}: recorded {theirs}, recomputed {mine}");
            }
        }
        if (recorded.Actor == Actor.Rule)
        {
            Field("rule", ruled.ModelHash, recorded.ModelHash);
            Field("readings", Text(ruled.Readings), Text(recorded.Readings));
            Field("inputs hash", ruled.InputsHash, recorded.InputsHash);
            Field("rule's proposal", Text(ruled.ModelProposal), Text(recorded.ModelProposal));
        }
        Field("actor", ruled.Actor, recorded.Actor);
        Field("ruling", ruled.Ruling, recorded.Ruling);
        Field("refusal of the model",
            DecisionEvent.RefusalText(ruled.Loop, ruled.ModelRefusal),
            DecisionEvent.RefusalText(recorded.Loop, recorded.ModelRefusal));
        Field("refusal of the twin",
            DecisionEvent.RefusalText(ruled.Loop, ruled.TwinRefusal),
            DecisionEvent.RefusalText(recorded.Loop, recorded.TwinRefusal));
        Field("vector in force", Text(ruled.InForce), Text(recorded.InForce));
        Field("failure after the ruling", ruled.Failure, recorded.Failure);
    }

    private static List<string> CheckBlocks(
        DecisionEvidence evidence, Block block, BlockHeader parent)
    {
        var inputs = new List<string>();
        void Require(bool holds, string text)
        {
            if (!holds)
            {
                inputs.Add(text);
            }
        }
        BlockHeader header = block.Header;
        Require(header.Hash == evidence.BlockHash,
            $"the block's header: it hashes to {header.Hash}, not {evidence.BlockHash}");
        Require(ListRoot.OfTransactions(block.Transactions) == header.TransactionsRoot,
            "the block's transactions: not those of its header's transactionsRoot");
        Require(ListRoot.Of(evidence.Receipts) == header.ReceiptsRoot,
            "the block's receipts: not those of its header's receiptsRoot");
        Require(parent.Hash == header.ParentHash,
            $"the parent's header: it hashes to {parent.Hash}, not {header.ParentHash}");
        Require(ListRoot.Of(evidence.ParentReceipts) == parent.ReceiptsRoot,
            "the parent's receipts: not those of its header's receiptsRoot");
        Require(Keccak.Hash(evidence.Payload) == header.ParentBeaconBlockRoot,
            "the consensus payload (time and observations): it does not hash to the header's "
            + "parentBeaconBlockRoot");
        return inputs;
    }

    private static void CheckStorage(
        DecisionEvidence evidence, BlockHeader parent, List<Address> validators,
        List<string> inputs)
    {
        foreach (AccountProof proof in evidence.Proofs)
        {
            if (!(proof with { Slots = [] }).Verify(parent.StateRoot))
            {
                inputs.Add($"account {proof.Address} (balance, nonce, code): not proven by the "
                    + "parent's state root");
                continue;
            }
            foreach (StorageProof slot in proof.Slots)
            {
                if (!(proof with { Slots = [slot] }).Verify(parent.StateRoot))
                {
                    inputs.Add(
                        $"{SlotNames.Of(proof.Address, slot.Slot, validators)}: the value "
                        + $"{slot.Value} is not proven by the parent's state root");
                }
            }
        }
    }

    private static void CheckValidatorSet(
        DecisionEvidence evidence, List<Address> validators, List<string> inputs)
    {
        if (ConsensusPayload.TryDecode(evidence.Payload, out ConsensusPayload? payload) is null
            && SetOf(new ProvenStorage(evidence.Proofs))?.Hash != payload!.ValidatorSetHash)
        {
            inputs.Add(
                $"the validators: the {validators.Count} in the state are not the set that the "
                + "consensus payload names");
        }
    }

    private static List<Address> Validators(DecisionEvidence evidence) =>
        [.. ValidatorStorage.Read(new ProvenStorage(evidence.Proofs)).Select(v => v.Address)];

    private static ValidatorSet? SetOf(IStorageReader storage)
    {
        ValidatorSet.TryCreate(
            ValidatorStorage.Read(storage).Select(v => new Validator(v.Address, v.Weight)),
            out ValidatorSet? set);
        return set;
    }

    // As the replica pairs them: the notarization names its signers by index.
    private static List<SignedObservation> ObservationsOf(
        Certificate? notarization, IStorageReader storage)
    {
        var observations = new List<SignedObservation>();
        if (notarization is null || SetOf(storage) is not { } set)
        {
            return observations;
        }
        int next = 0;
        foreach (ValidatorIndex signer in notarization.SignerIndexes())
        {
            if (next >= notarization.Observations.Count || !set.Contains(signer))
            {
                break;
            }
            observations.Add(new SignedObservation(
                set[signer].Address, notarization.Observations[next++]));
        }
        return observations;
    }

    // Receipts are decoded only once their root has shown that they are the chain's. Genesis has
    // none.
    private static ulong? ParentSteeringGas(DecisionEvidence evidence, BlockHeader parent) =>
        ListRoot.Of(evidence.ParentReceipts) != parent.ReceiptsRoot ? null
        : evidence.ParentReceipts.Count == 0 ? 0
        : StoredBlocks.DecodeReceipt(evidence.ParentReceipts[0]).CumulativeGasUsed;

    private static DecisionEvent? DecisionOf(
        DecisionEvidence evidence, BlockHeader header, List<string> inputs)
    {
        if (ListRoot.Of(evidence.Receipts) != header.ReceiptsRoot)
        {
            return null; // Said already.
        }
        if (evidence.Receipts.Count != 0)
        {
            foreach (Log log in StoredBlocks.DecodeReceipt(evidence.Receipts[0]).Logs)
            {
                if (log.Address == PredeployAddresses.Steering
                    && DecisionEvent.TryDecode(log.Topics, log.Data, out DecisionEvent? decision)
                    && decision!.Id == evidence.Id)
                {
                    return decision;
                }
            }
        }
        inputs.Add($"the block's receipts: no Decision {evidence.Id} in them");
        return null;
    }

    private static List<string> Compare(StepCall call, Block block, DecisionEvent? decision)
    {
        var outputs = new List<string>();
        // A rule's firing is the contracts' own, and not composed: CompareRuling looks at it.
        if (decision is not null && decision.Actor != Actor.Rule)
        {
            DecisionInput? own = call.Decisions.FirstOrDefault(d => d.Loop == decision.Loop);
            CompareDecision(own, decision, outputs);
        }
        bool isEqual = block.Transactions.Count != 0
            && block.Transactions[0].To == SteeringProgram.Target
            && block.Transactions[0].Data.AsSpan().SequenceEqual(call.Encode());
        if (!isEqual)
        {
            outputs.Add("transaction 0 as a whole: the inputs give other calldata");
        }
        return outputs;
    }

    private static void CompareDecision(
        DecisionInput? own, DecisionEvent recorded, List<string> outputs)
    {
        if (own is null)
        {
            outputs.Add("the decision: by the inputs none was due in this block");
            return;
        }
        void Field<T>(string name, T mine, T theirs)
        {
            if (!EqualityComparer<T>.Default.Equals(mine, theirs))
            {
                outputs.Add($"{name}: recorded {theirs}, recomputed {mine}");
            }
        }
        Field("model", own.ModelHash, recorded.ModelHash);
        Field("readings", Text(own.Readings), Text(recorded.Readings));
        Field("features", Text(own.Features), Text(recorded.Features));
        Field("inputs hash", own.InputsHash, recorded.InputsHash);
        Field("champions", Text(own.Champions), Text(recorded.Champions));
        Field("champions' outputs", Text(own.Outputs), Text(recorded.Outputs));
        Field("champions' failures", Text(own.Failures), Text(recorded.Failures));
        Field("model's forecast", own.ModelOutput, recorded.ModelOutput);
        Field("attributions", Text(own.Attributions), Text(recorded.Attributions));
        Field("twin's forecast", own.TwinOutput, recorded.TwinOutput);
        Field("model's proposal", Text(own.ModelProposal), Text(recorded.ModelProposal));
        Field("twin's proposal", Text(own.TwinProposal), Text(recorded.TwinProposal));
        if (recorded.Failure != SteeringFailure.NoRuling)
        {
            Field("failure", own.Failure, recorded.Failure);
        }
    }

    private static string Text<T>(IEnumerable<T> values) => $"[{string.Join(", ", values)}]";
}
