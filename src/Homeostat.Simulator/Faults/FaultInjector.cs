using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>Makes the planned faults happen to a cluster, and ends them all.</summary>
internal sealed class FaultInjector(Cluster cluster)
{
    /// <summary>As long as a node waits between its farewell and its end.</summary>
    private const long LeaveUs = 250_000;

    private bool _isHealed;

    public void Plan(FaultPlan plan)
    {
        foreach (PlannedFault planned in plan.Faults)
        {
            cluster.At(planned.AtUs, () => Begin(planned.Fault));
        }
    }

    /// <summary>Everything is whole again, and stays so.</summary>
    public void Heal()
    {
        _isHealed = true;
        cluster.Network.MendAll();
        cluster.Network.Faults = NetworkFaults.None;
        foreach (SimulatedNode node in cluster.Nodes)
        {
            node.SkewMs = 0;
            node.DriftPerMille = 0;
            node.Disk.IsFull = false;
            node.Timing.SlowSyncUs = 0;
            if (node.HaltReason is null)
            {
                cluster.Start(node.Index);
            }
        }
    }

    private void Begin(Fault fault)
    {
        switch (fault)
        {
            case Fault.Crash crash:
                cluster.Stop(crash.Node, crash.LosesPower);
                After(crash.DownUs, () => Restart(crash.Node));
                break;
            case Fault.Restart restart:
                cluster.Nodes[restart.Node].Give(new ReplicaInput.Leave());
                After(LeaveUs, () => cluster.Stop(restart.Node, losesPower: false));
                After(LeaveUs + restart.DownUs, () => Restart(restart.Node));
                break;
            case Fault.Blackout blackout:
                Blackout(blackout);
                break;
            case Fault.LostDisk lost:
                cluster.LoseDisk(lost.Node);
                After(lost.DownUs, () => Restart(lost.Node));
                break;
            case Fault.TornJournal torn:
                cluster.TearJournal(torn.Node);
                After(torn.DownUs, () => Restart(torn.Node));
                break;
            case Fault.Partition partition:
                Cut(partition, cluster.Network.Cut);
                After(partition.ForUs, () => Cut(partition, cluster.Network.Mend));
                break;
            case Fault.Flapping flapping:
                Flap(flapping, cluster.NowUs + flapping.ForUs);
                break;
            default:
                Impair(fault);
                break;
        }
    }

    /// <summary>Faults that leave a node up, but worse than it should be.</summary>
    private void Impair(Fault fault)
    {
        switch (fault)
        {
            case Fault.BadLinks links:
                cluster.Network.Faults = links.Faults;
                After(links.ForUs, () => cluster.Network.Faults = NetworkFaults.None);
                break;
            case Fault.SlowDisk slow:
                cluster.Nodes[slow.Node].Timing.SlowSyncUs = slow.SyncUs;
                After(slow.ForUs, () => cluster.Nodes[slow.Node].Timing.SlowSyncUs = 0);
                break;
            case Fault.ClockJump jump:
                cluster.Nodes[jump.Node].SkewMs = jump.SkewMs;
                After(jump.ForUs, () => cluster.Nodes[jump.Node].SkewMs = 0);
                break;
            case Fault.ClockDrift drift:
                cluster.Nodes[drift.Node].DriftPerMille = drift.PerMille;
                After(drift.ForUs, () => cluster.Nodes[drift.Node].DriftPerMille = 0);
                break;
            case Fault.FullDisk full:
                cluster.Nodes[full.Node].Disk.IsFull = true;
                After(full.ForUs, () => MakeRoom(full.Node));
                break;
            default:
                throw new InvalidOperationException($"fault {fault}");
        }
    }

    private void After(long delayUs, Action end) => cluster.At(cluster.NowUs + delayUs, () =>
    {
        if (!_isHealed)
        {
            end();
        }
    });

    private void MakeRoom(int index)
    {
        cluster.Nodes[index].Disk.IsFull = false;
        Restart(index);
    }

    /// <summary>Cut for a period, whole for one, until the end.</summary>
    private void Flap(Fault.Flapping flapping, long endUs)
    {
        if (cluster.NowUs + 2 * flapping.PeriodUs > endUs)
        {
            return;
        }
        var partition = new Fault.Partition(flapping.Mask, OneWay: false, flapping.PeriodUs);
        Cut(partition, cluster.Network.Cut);
        After(flapping.PeriodUs, () => Cut(partition, cluster.Network.Mend));
        After(2 * flapping.PeriodUs, () => Flap(flapping, endUs));
    }

    private void Restart(int index)
    {
        if (cluster.Nodes[index].HaltReason is null)
        {
            cluster.Start(index);
        }
    }

    private void Blackout(Fault.Blackout blackout)
    {
        foreach (SimulatedNode node in cluster.Nodes)
        {
            cluster.Stop(node.Index, losesPower: true);
            After(blackout.DownUs, () => Restart(node.Index));
        }
    }

    private void Cut(Fault.Partition partition, Action<int, int> change)
    {
        for (int from = 0; from < cluster.Nodes.Count; from++)
        {
            for (int to = 0; to < cluster.Nodes.Count; to++)
            {
                bool fromInside = (partition.Mask >> from & 1) != 0;
                bool toInside = (partition.Mask >> to & 1) != 0;
                if (fromInside != toInside && (fromInside || !partition.OneWay))
                {
                    change(from, to);
                }
            }
        }
    }
}
