using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Reads consecutive final blocks for a node that syncs, up to the last one within the limits
/// whose own finalization certificate is in the log; none beyond the epoch of the first, whose
/// validators are the only ones that the other node knows.
/// </summary>
internal sealed record ServeWork(
    IBlockLog Log, EpochSchedule Epochs, SyncEffect.ReadArchive Request) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Background;

    public int Load => Request.MaxBlocks;

    public WorkResult Run()
    {
        var blocks = new List<byte[]>();
        int proven = 0;
        Certificate? proof = null;
        long bytes = 0;
        ulong most = Math.Min((ulong)Request.MaxBlocks, Epochs.LeftFrom(Request.From));
        for (Height height = Request.From; (ulong)blocks.Count < most; height = height.Next)
        {
            if (!Log.TryGet(height, out FinalizedBlock block))
            {
                break;
            }
            bytes += block.Encoded.Length;
            if (bytes > Request.MaxBytes && blocks.Count > 0)
            {
                break;
            }
            blocks.Add(block.Encoded);
            Certificate? certificate = CertificateCodec.TryDecode(block.Certificate);
            if (certificate?.BlockHash == block.Hash)
            {
                (proven, proof) = (blocks.Count, certificate);
            }
        }
        blocks.RemoveRange(proven, blocks.Count - proven);
        return new Read(blocks, proof);
    }

    public sealed record Read(IReadOnlyList<byte[]> Blocks, Certificate? Finalization)
        : WorkResult;
}
