using Homeostat.Consensus;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Tells all validators of the transactions clients gave to this one, so that whoever leads next
/// has them. Messages may be lost: what is still in the pool after a while is told again.
/// </summary>
internal sealed class Gossip(
    ReplicaLimits limits, Outbox outbox, TransactionPool pool, Timers timers, StepClock clock)
{
    /// <summary>Hashes told as overdue: those of hundreds of blocks.</summary>
    private const int MostOverdueRemembered = 4_096;

    private readonly LookupSet<Hash256> _overdue = new();
    private readonly List<byte[]> _waiting = [];
    private readonly Queue<(Hash256 Hash, long SentMs)> _own = new();

    /// <summary>
    /// Sent with the next batch: at once when it is full, else within milliseconds.
    /// </summary>
    public void Offer(RecoveredTransaction transaction)
    {
        _waiting.Add(transaction.Transaction.Encoded.ToArray());
        _own.Enqueue((transaction.Hash, clock.NowMs));
        if (_own.Count > limits.ResendMemory)
        {
            _own.Dequeue();
        }
        timers.SetAtLatest(TimerKind.Resend, clock.NowMs + limits.ResendMs);
        if (_waiting.Count >= limits.GossipBatch)
        {
            Flush();
        }
        else
        {
            timers.SetAtLatest(TimerKind.Gossip, clock.NowMs + limits.GossipDelayMs);
        }
    }

    /// <summary>
    /// What this node lists as overdue is its own business too: told again and again until final.
    /// </summary>
    public void OfferOverdue(RecoveredTransaction transaction)
    {
        if (_overdue.Count >= MostOverdueRemembered)
        {
            _overdue.Clear(); // At worst some are told twice.
        }
        if (_overdue.Add(transaction.Hash))
        {
            Offer(transaction);
        }
    }

    /// <summary>Sends what waits.</summary>
    public void Flush()
    {
        for (int at = 0; at < _waiting.Count; at += limits.GossipBatch)
        {
            int count = Math.Min(limits.GossipBatch, _waiting.Count - at);
            outbox.Broadcast(new TransactionsMessage(_waiting.GetRange(at, count)));
        }
        _waiting.Clear();
    }

    /// <summary>Tells again, oldest first, one batch of what is still in the pool.</summary>
    public void Resend()
    {
        while (_own.TryPeek(out (Hash256 Hash, long SentMs) oldest)
            && oldest.SentMs + limits.ResendMs <= clock.NowMs
            && _waiting.Count < limits.GossipBatch)
        {
            _own.Dequeue();
            if (pool.TryGet(oldest.Hash, out PooledTransaction known))
            {
                _waiting.Add(known.Transaction.Transaction.Encoded.ToArray());
                _own.Enqueue((oldest.Hash, clock.NowMs));
            }
        }
        Flush();
        if (_own.TryPeek(out (Hash256 Hash, long SentMs) next))
        {
            long dueMs = Math.Max(next.SentMs + limits.ResendMs, clock.NowMs + 1);
            timers.SetAtLatest(TimerKind.Resend, dueMs);
        }
    }

    /// <summary>A peer that was away gets a batch of this node's own transactions.</summary>
    public void Greet(PeerId peer)
    {
        var batch = new List<byte[]>();
        foreach ((Hash256 hash, _) in _own)
        {
            if (batch.Count >= limits.GossipBatch)
            {
                break;
            }
            if (pool.TryGet(hash, out PooledTransaction known))
            {
                batch.Add(known.Transaction.Transaction.Encoded.ToArray());
            }
        }
        if (batch.Count > 0)
        {
            outbox.Send(peer, new TransactionsMessage(batch));
        }
    }
}
