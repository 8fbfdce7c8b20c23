using Homeostat.Primitives;

namespace Homeostat.Ledger;

// Sealed transactions (docs/spec/ordering.md, "Sealed").
//
// A draw keeps nobody from sending many copies, so who pays for enough of them stands before a
// transaction it has read. What helps is that nobody has read it: its sender first puts only its
// hash's hash into a block, and then the transaction itself. Within the next blocks it stands
// before all that was not committed to before, that is before all who had to read it first.

/// <summary>
/// Which transactions the chain was told of before anybody could know them: commitments in recent
/// blocks, kept in the state by the ledger.
/// </summary>
public sealed class SealedCommitments
{
    /// <summary>Blocks after its commitment's in which a transaction counts as sealed.</summary>
    public const int Window = 4;

    /// <summary>Commitments of one block that count, the first ones in it.</summary>
    public const int MostOfBlock = 256;

    /// <summary>
    /// A transaction to this account, which has no code, commits to its 32 bytes of calldata.
    /// </summary>
    public static readonly Address Target = Address.FromNumber(0x484f0008);

    public static readonly SealedCommitments None = new();

    /// <summary>The ring's first slot in FeePool's storage.</summary>
    private static readonly UInt256 FirstSlot =
        UInt256.FromHash256(Keccak.Hash("homeostat.sealed"u8.ToArray()));

    private readonly LookupSet<Hash256> _commitments = new();

    /// <summary>True when no transaction of this block can be sealed.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Of a transaction: keccak256 of its hash.</summary>
    public static Hash256 CommitmentTo(in Hash256 transaction) => Keccak.Hash(transaction.Bytes);

    /// <summary>Whether this transaction was committed to.</summary>
    public bool Opens(in Hash256 transaction) =>
        !IsEmpty && _commitments.Contains(CommitmentTo(transaction));

    public static SealedCommitments Of(IEnumerable<Hash256> commitments)
    {
        var all = new SealedCommitments();
        foreach (Hash256 commitment in commitments)
        {
            all._commitments.Add(commitment);
            all.IsEmpty = false;
        }
        return all;
    }

    /// <summary>Those that count in a block of this number on this state.</summary>
    /// <param name="pool">FeePool, in whose storage the ring lies.</param>
    public static SealedCommitments Read(
        WorldSnapshot parent, in Address pool, Height number)
    {
        var found = new List<Hash256>();
        for (ulong back = 1; back <= Window && back <= number.Value; back++)
        {
            ulong height = number.Value - back;
            UInt256 head = HeadOf(height);
            UInt256 word = parent.GetStorage(pool, head);
            if (word.U1 != height)
            {
                continue; // Of an earlier round.
            }
            for (ulong i = 1; i <= Math.Min(word.U0, MostOfBlock); i++)
            {
                found.Add(parent.GetStorage(pool, head + i).ToHash256());
            }
        }
        return found.Count == 0 ? None : Of(found);
    }

    /// <summary>
    /// Writes what the block's transactions commit to: nothing at all where none does.
    /// </summary>
    public static void Record(
        WorldState state, in Address pool, Height number,
        IReadOnlyList<RecoveredTransaction> transactions)
    {
        UInt256 head = HeadOf(number.Value);
        ulong count = 0;
        foreach (RecoveredTransaction recovered in transactions)
        {
            if (count < MostOfBlock && Committed(recovered.Transaction) is { } commitment)
            {
                count++;
                state.SetStorage(pool, head + count, UInt256.FromHash256(commitment));
            }
        }
        if (count > 0)
        {
            state.SetStorage(pool, head, new UInt256(count, number.Value));
        }
    }

    private static Hash256? Committed(Transaction transaction) =>
        transaction.To == Target && transaction.Data.Length == Hash256.Size
            ? new Hash256(transaction.Data)
            : null;

    private static UInt256 HeadOf(ulong height) =>
        FirstSlot + height % Window * (MostOfBlock + 1);
}
