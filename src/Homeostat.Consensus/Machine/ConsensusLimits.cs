namespace Homeostat.Consensus;

/// <summary>Bounds on what one machine keeps and does; none is part of the protocol.</summary>
internal static class ConsensusLimits
{
    /// <summary>Votes further ahead are dropped: certificates bring a late node forward.</summary>
    public const ulong VoteViewsAhead = 32;

    /// <summary>Proposals ahead are kept for few views: each may be 10 MiB.</summary>
    public const ulong ProposalViewsAhead = 3;

    /// <summary>
    /// Up to this many validators each new certificate is sent to all; larger sets rely on votes,
    /// proposals and answers to those behind, as n² certificates of n signatures are too much.
    /// </summary>
    public const int MaxBroadcastCertificates = 16;

    /// <summary>
    /// So many idle views end without a block; then the leader proposes an empty one, so that the
    /// nullifications a proposal needs (and a node keeps) are few.
    /// </summary>
    public const ulong MaxIdleRun = 32;

    /// <summary>Own finalize votes sent again: of so many views, the latest.</summary>
    public const int FinalizeVotesResent = 4;

    /// <summary>Retransmissions slow down by doubling up to 2^this.</summary>
    public const int MaxRetransmitDoublings = 3;

    /// <summary>
    /// But never to more than so many leader timeouts: after a partition it is a retransmission
    /// that brings the votes together, and all is to go on within ten.
    /// </summary>
    public const int MaxRetransmitTimeouts = 4;

    /// <summary>Requests one peer may make in a second.</summary>
    public const int PeerRequestsPerSecond = 64;

    /// <summary>Peers whose budgets are kept; on overflow the table starts anew.</summary>
    public const int MaxPeerBudgets = 1_024;

    /// <summary>Steps of growth counted; more would only delay the way back down.</summary>
    public const int MaxTimeoutGrowth = 12;

    /// <summary>Bodies fetched one by one; for more the sync machine is asked.</summary>
    public const int MaxFetchDepth = 16;
}
