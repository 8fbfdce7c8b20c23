using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>Consensus' journal on its way to the disk.</summary>
internal sealed class Journal(Outbox outbox, Mailbox mail)
{
    private View _keepFrom;

    public void Append(ConsensusEffect.Persist request)
    {
        _keepFrom = request.KeepFrom > _keepFrom ? request.KeepFrom : _keepFrom;
        var batch = new PersistBatch
        {
            Durable = request.Urgent,
            Journal = [.. request.Records.Select(Entry)],
        };
        Epoch epoch = mail.Epoch; // Each epoch's machine counts its tickets from 1.
        outbox.Persist(
            batch, () => mail.Post(epoch, new ConsensusInput.Persisted(request.Ticket)));
    }

    /// <summary>
    /// Below which view the journal may be cut once a final block of this view is on disk:
    /// consensus may be further, but the bodies between are not in the log yet.
    /// </summary>
    public View PruneBelow(View finalized) => _keepFrom < finalized ? _keepFrom : finalized;

    private static JournalEntry Entry(JournalRecord record) => new(record.View, record.Encode());
}
