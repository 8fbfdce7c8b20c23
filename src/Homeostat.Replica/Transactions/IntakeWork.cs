using Homeostat.Ledger;

namespace Homeostat.Replica;

/// <summary>Decodes raw transactions and recovers their senders.</summary>
internal sealed record IntakeWork(
    IReadOnlyList<byte[]> Raw, ISenderRecovery Senders, int LongestBytes) : IWork
{
    public WorkUrgency Urgency => WorkUrgency.Transactions;

    public int Load => Raw.Count;

    public WorkResult Run()
    {
        var entries = new Entry[Raw.Count];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = Read(Raw[i]);
        }
        return new Decoded(entries);
    }

    private Entry Read(byte[] raw)
    {
        if (raw.Length > LongestBytes)
        {
            return new Entry(
                null, $"oversized data: transaction size {raw.Length}, limit {LongestBytes}");
        }
        if (!Transaction.TryDecode(raw, out Transaction transaction, out string error))
        {
            return new Entry(null, error);
        }
        return Senders.TryRecover(transaction, out RecoveredTransaction recovered)
            ? new Entry(recovered, null)
            : new Entry(null, "invalid sender");
    }

    /// <summary>A transaction with its sender, or why it is none.</summary>
    public readonly record struct Entry(RecoveredTransaction? Transaction, string? Error);

    public sealed record Decoded(IReadOnlyList<Entry> Entries) : WorkResult;
}
