using System.Collections.Concurrent;
using Homeostat.Primitives;

namespace Homeostat.Node.Loop;

/// <summary>
/// How much of the event loop's time each peer's messages take. Bytes and messages are cheap to
/// count and say little of what they cost; this is the cost. A peer that has used its share of a
/// second is not read from until the second is over, and TCP slows it down; others are not
/// affected. Nothing is dropped.
/// </summary>
internal sealed class PeerTime(long shareMicroseconds, Func<long> nowMs)
{
    private const int MostPeers = 1_024;

    private readonly ConcurrentDictionary<Address, Account> _accounts = [];

    /// <summary>A message of the peer took so long.</summary>
    public void Charge(in Address peer, long microseconds)
    {
        Account account = AccountOf(peer);
        lock (account)
        {
            Refill(account);
            account.Left -= microseconds;
        }
    }

    /// <summary>Milliseconds until the peer's next message may be read; 0: now.</summary>
    public int PauseMs(in Address peer)
    {
        Account account = AccountOf(peer);
        lock (account)
        {
            Refill(account);
            return account.Left > 0
                ? 0
                : (int)Math.Min(10_000, 1 + (-account.Left * 1_000 / shareMicroseconds));
        }
    }

    public void Forget(in Address peer) => _accounts.TryRemove(peer, out _);

    private Account AccountOf(in Address peer)
    {
        if (_accounts.Count > MostPeers)
        {
            _accounts.Clear();
        }
        return _accounts.GetOrAdd(
            peer, _ => new Account { Left = shareMicroseconds, AtMs = nowMs() });
    }

    private void Refill(Account account)
    {
        long now = nowMs();
        long elapsed = Math.Clamp(now - account.AtMs, 0, 60_000);
        account.Left = Math.Min(
            shareMicroseconds, account.Left + (elapsed * shareMicroseconds / 1_000));
        account.AtMs = now;
    }

    private sealed class Account
    {
        public long Left { get; set; }
        public long AtMs { get; set; }
    }
}
