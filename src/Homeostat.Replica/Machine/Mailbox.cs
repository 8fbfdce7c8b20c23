using Homeostat.Consensus;

namespace Homeostat.Replica;

/// <summary>
/// Inputs that the parts of a node have for its two consensus machines. They are given one after
/// another once the part at work has finished: no part is ever entered from within another.
/// </summary>
internal sealed class Mailbox
{
    public Queue<ConsensusInput> Consensus { get; } = new();

    public Queue<SyncInput> Sync { get; } = new();

    public void Post(ConsensusInput input) => Consensus.Enqueue(input);

    public void Post(SyncInput input) => Sync.Enqueue(input);
}
