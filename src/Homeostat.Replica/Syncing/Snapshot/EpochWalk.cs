using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// From the validators that a checkpoint names to those of a block above it, an epoch at a time, as
/// a light client goes. Each epoch's last block is final by a quorum of the set known so far, and
/// its receipts, to which its header commits, say who votes next (EpochBegun of the ValidatorSet).
/// So nothing is believed but the checkpoint, and that no quorum of a set younger than unbonding
/// signed two chains.
/// </summary>
internal static class EpochWalk
{
    /// <summary>Receipts of all ends in an answer; a server offers no more.</summary>
    public const int MostReceiptBytes = 4 * 1024 * 1024;

    /// <summary>
    /// What is wrong, or null when the offer's validators follow from those of the payload that it
    /// gives as the checkpoint's.
    /// </summary>
    public static string? Check(SnapshotResponseMessage offer, Height height, SnapshotTrust trust)
    {
        EpochSchedule schedule = trust.Protocol.Epochs;
        IReadOnlyList<Validator> first =
            offer.FirstValidators.Count > 0 ? offer.FirstValidators : offer.Validators;
        if (ConsensusPayload.TryDecode(offer.CheckpointPayload, out ConsensusPayload? payload)
                is not null
            || ValidatorSet.TryCreate(first, out ValidatorSet? voters) is not null
            || voters!.Hash != payload!.ValidatorSetHash
            || payload.Epoch != schedule.Of(trust.Checkpoint.Height))
        {
            return "the validators are not those of the checkpoint's payload";
        }
        Height last = LastOf(trust.Checkpoint.Height, schedule);
        foreach (EpochEnd end in offer.Epochs)
        {
            if (last >= height)
            {
                return "more epochs than there are between checkpoint and block";
            }
            if (Next(end, last, voters, trust, out voters) is { } error)
            {
                return error;
            }
            last = LastOf(last.Next, schedule);
        }
        if (last < height)
        {
            return "epochs between checkpoint and block are missing";
        }
        return ValidatorSet.TryCreate(offer.Validators, out ValidatorSet? ofBlock) is { } wrong
            ? wrong
            : ofBlock!.Hash != voters!.Hash ? "the block is of other validators" : null;
    }

    /// <summary>The last height of the epoch that the given one is of.</summary>
    public static Height LastOf(Height height, EpochSchedule schedule)
    {
        ulong left = schedule.LeftFrom(height);
        return left > ulong.MaxValue - height.Value
            ? new Height(ulong.MaxValue)
            : new Height(height.Value + left - 1);
    }

    /// <summary>
    /// Who votes after the block, as its receipts say. A recovery changes who of them votes, and
    /// ends an epoch without the contract's doing.
    /// </summary>
    private static ValidatorSet After(
        Height height, byte[] receipts, ValidatorSet voters, Protocol protocol)
    {
        if (!protocol.Epochs.IsRegularLast(height))
        {
            return protocol.VotersAfter(height, voters);
        }
        // Where the contract failed, the set stands.
        return protocol.VotersAfter(height, Named(receipts) ?? voters);
    }

    /// <summary>The set that these receipts begin an epoch with; null where they begin none.
    /// </summary>
    public static ValidatorSet? Named(byte[] receipts)
    {
        EpochBegunEvent? begun = ReceiptList.FirstLogs(receipts)
            .Where(log => log.Address == PredeployAddresses.ValidatorSet)
            .Select(log => EpochBegunEvent.TryDecode(log.Topics, log.Data, out var e) ? e : null)
            .FirstOrDefault(e => e is not null);
        ValidatorSet? named = null;
        if (begun is not null)
        {
            ValidatorSet.TryCreate(
                begun.Validators.Select(entry => new Validator(entry.Address, entry.Weight)),
                out named);
        }
        return named;
    }

    private static string? Next(
        EpochEnd end, Height height, ValidatorSet voters, SnapshotTrust trust,
        out ValidatorSet next)
    {
        next = voters;
        if (!BlockHeader.TryDecode(end.Header, out BlockHeader header, out _)
            || header.Number != height
            || end.Finalization.Kind != VoteKind.Finalize
            || end.Finalization.BlockHash != header.Hash)
        {
            return $"block {height}, the last of its epoch, is not shown to be final";
        }
        if (new CertificateVerifier(
            new VoteDigests(trust.Network), trust.Protocol.Epochs.Of(height), voters, trust.Votes)
            .Check(end.Finalization) is { } error)
        {
            return $"block {height}, the last of its epoch: {error}";
        }
        if (!ReceiptList.TryRoot(end.Receipts, out Hash256 root) || root != header.ReceiptsRoot)
        {
            return $"receipts of block {height} are not those of its header";
        }
        next = After(height, end.Receipts, voters, trust.Protocol);
        return null;
    }
}
