using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>Which adversary a validator becomes.</summary>
internal sealed class AdversaryDraw(Cluster cluster, ClusterSetup setup, SeededRandom random)
{
    /// <summary>Twins are the strongest: they do whatever two honest nodes can say.</summary>
    private const int TwinsOfTwelve = 3;

    private bool _hasTwins;

    public void Corrupt(int node)
    {
        ISigner signer = setup.SignerOf(node);
        VoteDigests digests = setup.Digests();
        // Real keys are there to have evidence checked: so there must be some.
        int kind = setup.HasRealKeys ? 11 : random.NextBelow(12);
        if (kind < TwinsOfTwelve && !_hasTwins)
        {
            _hasTwins = true;
            cluster.AddTwin(node, random.NextUInt64());
            return;
        }
        cluster.Corrupt(node, kind switch
        {
            3 => new Nuller(signer, digests),
            4 => new Withholder(),
            5 => new Forger(random.Fork(), setup.Network.Validators.Count),
            6 => new Forker(signer, digests, new ValidatorIndex(node)),
            7 => new LyingObserver(signer, digests),
            8 => new Spammer(random.Fork()),
            9 => new CensoringLeader(
                DevelopmentNetwork.FundedAccounts[random.NextBelow(10)].Address),
            10 => new SilentValidator(),
            _ => new Equivocator(signer, digests),
        });
    }
}
