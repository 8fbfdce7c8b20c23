using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Takes transactions from clients and peers into the pool: decoding and recovery as one work for
/// each batch, then the pool's verdict. What clients gave goes on to the gossip, and what observers
/// gave to a validator, for they may know few of the others. What validators gave does not: each
/// tells all others itself, so nothing echoes.
/// </summary>
internal sealed class TransactionIntake(
    ReplicaLimits limits, ISenderRecovery senders, Outbox outbox, TransactionPool pool,
    Gossip gossip, Func<PeerId, bool> isToldOn)
{
    private readonly SortedDictionary<PeerId, int> _inFlight = [];
    private readonly List<ReplicaEffect.Reply> _replies = [];

    /// <summary>True when the pool has changed since this was last cleared.</summary>
    public bool HasChanged { get; set; }

    public void Submit(ReplicaInput.SubmitTransactions submission)
    {
        if (submission.Raw.Count > limits.SubmitBatch)
        {
            Refuse(submission, $"too many transactions in one call, limit {limits.SubmitBatch}");
            return;
        }
        outbox.Run(
            new IntakeWork(submission.Raw, senders, limits.TransactionBytes),
            (result, _) => Answer(submission, result));
    }

    /// <summary>A peer's batch; dropped when it has more under way than its share.</summary>
    public void Receive(PeerId peer, TransactionsMessage message)
    {
        List<byte[]> fresh = Unknown(message.Transactions);
        int before = _inFlight.GetValueOrDefault(peer);
        if (fresh.Count == 0 || before + fresh.Count > limits.PeerTransactionsInFlight)
        {
            return;
        }
        _inFlight[peer] = before + fresh.Count;
        outbox.Run(
            new IntakeWork(fresh, senders, limits.TransactionBytes),
            (result, _) =>
            {
                if (_inFlight.TryGetValue(peer, out int count))
                {
                    _inFlight[peer] = Math.Max(0, count - fresh.Count);
                }
                Take(result, isToldOn(peer));
            });
    }

    /// <summary>
    /// Gives the step's answers, after the view that shows what they say: who then asks for its
    /// pending nonce finds it counted.
    /// </summary>
    public void Reply()
    {
        foreach (ReplicaEffect.Reply reply in _replies)
        {
            outbox.Add(reply);
        }
        _replies.Clear();
    }

    public void Forget(PeerId peer) => _inFlight.Remove(peer);

    /// <summary>
    /// Hashing is cheap beside decoding and recovering what is in the pool already.
    /// </summary>
    private List<byte[]> Unknown(IReadOnlyList<byte[]> transactions)
    {
        var unknown = new List<byte[]>(transactions.Count);
        foreach (byte[] raw in transactions)
        {
            if (raw.Length <= limits.TransactionBytes && !pool.Contains(Keccak.Hash(raw)))
            {
                unknown.Add(raw);
            }
        }
        return unknown;
    }

    private void Answer(ReplicaInput.SubmitTransactions submission, WorkResult result)
    {
        if (result is not IntakeWork.Decoded decoded)
        {
            Refuse(submission, "internal error");
            return;
        }
        var replies = new SubmitResult[decoded.Entries.Count];
        for (int i = 0; i < replies.Length; i++)
        {
            replies[i] = Add(decoded.Entries[i], submission.Raw[i], isOwn: true);
        }
        _replies.Add(new ReplicaEffect.Reply(submission.ReplyToken, replies));
    }

    private void Take(WorkResult result, bool isOwn)
    {
        if (result is IntakeWork.Decoded decoded)
        {
            foreach (IntakeWork.Entry entry in decoded.Entries)
            {
                Add(entry, [], isOwn);
            }
        }
    }

    private SubmitResult Add(in IntakeWork.Entry entry, byte[] raw, bool isOwn)
    {
        if (entry.Transaction is not { } transaction)
        {
            return new SubmitResult(Keccak.Hash(raw), entry.Error);
        }
        PoolAddResult added = pool.Add(transaction);
        if (added.IsTaken)
        {
            HasChanged = true;
            if (isOwn)
            {
                gossip.Offer(transaction);
            }
        }
        return new SubmitResult(transaction.Hash, added.Error);
    }

    private void Refuse(ReplicaInput.SubmitTransactions submission, string error)
    {
        var replies = new SubmitResult[submission.Raw.Count];
        Array.Fill(replies, new SubmitResult(Hash256.Zero, error));
        _replies.Add(new ReplicaEffect.Reply(submission.ReplyToken, replies));
    }
}
