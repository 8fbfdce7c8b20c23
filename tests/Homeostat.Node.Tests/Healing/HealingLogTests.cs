using Homeostat.Node.Healing;
using Homeostat.Node.Network;
using Homeostat.Node.Tests.Rpc;
using Homeostat.Primitives;
using Homeostat.Replica;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Tests.Healing;

/// <summary>What a node remembers of what it mended, over its starts.</summary>
public sealed class HealingLogTests : IDisposable
{
    private static readonly Address Self = Address.FromNumber(7);
    private static readonly Address Peer = Address.FromNumber(8);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("homeostat-healing-");
    private long _now = 1_000;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Only_a_start_after_an_end_nobody_asked_for_is_a_restart()
    {
        Start().EndCleanly();
        HealingLog killed = Start();
        Assert.Equal((2UL, 0UL), (killed.Record.Starts, killed.Record.Restarts));
        HealingLog again = Start();
        Assert.Equal((3UL, 1UL), (again.Record.Starts, again.Record.Restarts));
        Assert.Equal("restart", Assert.Single(again.Record.Events).Kind);
        Assert.Equal(Self.ToString(), HealingRecord.Read(_folder.FullName)!.Address);
    }

    [Fact]
    public void A_file_that_is_no_record_begins_anew()
    {
        foreach (string text in (string[])["", "{", "[]", "{\"starts\":-1}", "{\"starts\":\"x\"}"])
        {
            File.WriteAllText(Path.Combine(_folder.FullName, HealingRecord.FileName), text);
            Assert.Null(HealingRecord.Read(_folder.FullName));
            Assert.Equal(1UL, Start().Record.Starts);
        }
        using (FileStream file = File.Create(
            Path.Combine(_folder.FullName, HealingRecord.FileName)))
        {
            file.SetLength(HealingRecord.MostBytes + 1);
        }
        Assert.Null(HealingRecord.Read(_folder.FullName));
    }

    [Fact]
    public void Events_are_bounded_and_counts_are_not()
    {
        HealingLog log = Start();
        for (int i = 0; i < HealingRecord.MostEvents + 10; i++)
        {
            log.Repaired($"file {i}");
        }
        HealingRecord read = HealingRecord.Read(_folder.FullName)!;
        Assert.Equal((ulong)HealingRecord.MostEvents + 10, read.Repairs);
        Assert.Equal(HealingRecord.MostEvents, read.Events.Count);
        Assert.Equal("file 73", read.Events[^1].Text);
        long bytes = new FileInfo(Path.Combine(_folder.FullName, HealingRecord.FileName)).Length;
        Assert.True(bytes < HealingRecord.MostBytes);
    }

    [Fact]
    public void Peers_come_and_go()
    {
        HealingLog log = Start();
        log.See(new NetworkEvent.Connected(Peer));
        _now = 5_000;
        log.See(new NetworkEvent.Disconnected(Peer, "gone"));
        log.See(new NetworkEvent.Disconnected(Peer, "gone twice"));
        Assert.Equal(new PeerHealth(Peer, false, 5_000, 1, 0), Assert.Single(log.Peers));
        _now = 7_500;
        log.See(new NetworkEvent.Connected(Peer));
        Assert.Equal(new PeerHealth(Peer, true, 7_500, 1, 2_500), Assert.Single(log.Peers));
        for (uint i = 0; i < 1_000; i++)
        {
            log.See(new NetworkEvent.Connected(Address.FromNumber(100 + i)));
        }
        Assert.Equal(256, log.Peers.Count);
    }

    [Fact]
    public void A_time_behind_ends_as_a_resync()
    {
        var chain = new TestChain();
        HealingLog log = Start();
        log.See(chain.View!);
        chain.Sync = new SyncStatus(Height.Genesis, Height.Genesis, new Height(2));
        chain.Mine();
        log.See(chain.View!);
        chain.Sync = null;
        chain.Mine();
        chain.Mine();
        _now += 1_500;
        log.See(chain.View!);
        log.See(chain.View!);
        Assert.Equal((1UL, 2UL, 0UL),
            (log.Record.Resyncs, log.Record.ResyncedBlocks, log.Record.Snapshots));
        Assert.Equal("caught up from block 1 to 3 by 2 blocks in 1.5 s",
            log.Record.Events[^1].Text);
    }

    private HealingLog Start() =>
        new(_folder.FullName, Self, () => _now, NullLogger.Instance);
}
