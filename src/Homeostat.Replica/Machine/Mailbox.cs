using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// Inputs that the parts of a node have for its two consensus machines. They are given one after
/// another once the part at work has finished: no part is ever entered from within another.
/// </summary>
internal sealed class Mailbox
{
    public Queue<ConsensusInput> Consensus { get; } = new();

    /// <summary>The epoch under way.</summary>
    public Epoch Epoch { get; set; }

    public Queue<SyncInput> Sync { get; } = new();

    /// <summary>What was last said of it.</summary>
    public bool HasWork { get; private set; }

    public void Post(ConsensusInput input)
    {
        HasWork = input is ConsensusInput.WorkArrived work ? work.IsPending : HasWork;
        Consensus.Enqueue(input);
    }

    /// <summary>An answer to what was asked in an epoch, of use in it alone.</summary>
    public void Post(Epoch askedIn, ConsensusInput input)
    {
        if (askedIn == Epoch)
        {
            Post(input);
        }
    }

    /// <summary>What waits is for the machine that ends; peers say again what matters.</summary>
    public void BeginEpoch(Epoch epoch)
    {
        Epoch = epoch;
        Consensus.Clear();
    }

    public void Post(SyncInput input) => Sync.Enqueue(input);
}
