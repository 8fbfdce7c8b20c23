using Homeostat.Consensus;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>Bytes that a network of that many nodes sent, by what they were.</summary>
/// <param name="Transactions">Of clients, in final blocks.</param>
/// <param name="Gossip">Bytes of gossiped transactions, all links together.</param>
/// <param name="Proposals">Of proposals and what was asked for to complete them.</param>
/// <param name="Other">Votes, certificates, requests.</param>
public sealed record RelayResult(
    int Validators, bool CompactBodies, long Transactions, ulong Blocks, long Gossip,
    long Proposals, long Other)
{
    /// <summary>All links together, per transaction.</summary>
    public double BytesPerTransaction =>
        (double)(Gossip + Proposals + Other) / Math.Max(1, Transactions);
}

/// <summary>
/// What a transaction costs the network in bytes: production replicas on virtual time, a steady
/// load of transfers, each given to one node; every message counted on every link it takes.
/// </summary>
public static class RelayRun
{
    private const long Second = 1_000_000;

    public static RelayResult Run(
        int validators, bool compact, int perSecond, int seconds, ulong seed)
    {
        var setup = new ClusterSetup(SimulationRunner.Network(validators))
        {
            Change = (_, config) => config with
            {
                Limits = new ReplicaLimits { CompactBodies = compact },
            },
        };
        long gossip = 0, proposals = 0, other = 0;
        var cluster = new Cluster(seed, setup)
        {
            Watch = (_, effect) =>
            {
                (byte[] bytes, int links) = effect switch
                {
                    ReplicaEffect.Send send => (send.Bytes, 1),
                    ReplicaEffect.Broadcast broadcast => (broadcast.Bytes, validators - 1),
                    _ => ([], 0),
                };
                long sent = (long)bytes.Length * links;
                switch (bytes.Length == 0 ? WireKind.Hello : (WireKind)bytes[0])
                {
                    case WireKind.Transactions:
                        gossip += sent;
                        break;
                    case WireKind.Proposal or WireKind.CompactProposal
                        or WireKind.ProposalParts or WireKind.ProposalPartsRequest:
                        proposals += sent;
                        break;
                    default:
                        other += sent;
                        break;
                }
            },
        };
        cluster.StartAll();
        cluster.Load(perSecond, seconds * Second);
        cluster.RunUntil((seconds + 5) * Second);
        return new RelayResult(
            validators, compact, cluster.Checks.Transactions, cluster.Checks.Highest.Value, gossip,
            proposals, other);
    }
}
