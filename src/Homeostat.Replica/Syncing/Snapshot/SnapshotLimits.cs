using Homeostat.Consensus;

namespace Homeostat.Replica;

/// <summary>Bounds of fetching and serving a state; local to a node.</summary>
internal static class SnapshotLimits
{
    /// <summary>Headers between an offered block and one that has a finalization.</summary>
    public const int MostHeadersToProof = 64;

    /// <summary>
    /// Older states are not offered: the store keeps them for 2,048 blocks, and whoever begins to
    /// fetch needs time.
    /// </summary>
    public const ulong OldestOffered = 1_024;

    /// <summary>Works for others at a time; who asks beyond them is told to come again.</summary>
    public const int MostServed = 4;

    /// <summary>Requests out to one peer.</summary>
    public const int RequestsPerPeer = 2;

    /// <summary>
    /// Half of what a peer allows in a second: its seconds may begin at another time than ours,
    /// and what is over its budget it does not answer.
    /// </summary>
    public const int RequestsPerPeerPerSecond = ConsensusLimits.PeerRequestsPerSecond / 2;

    /// <summary>Requests out to all: bounds what arrives at once to 16 answers.</summary>
    public const int Requests = 16;

    /// <summary>An answer takes a disk read and 0.3 MB over a slow line.</summary>
    public const long RequestTimeoutMs = 5_000;

    /// <summary>Pause before a peer that had nothing is asked again; doubling.</summary>
    public const long RetryMs = 200;

    public const int MaxRetryDoublings = 5;

    /// <summary>After the first offer: how long others are waited for.</summary>
    public const long OfferWaitMs = 300;

    /// <summary>Without an answer from anyone for this long, a newer state is asked for.</summary>
    public const long PivotLostMs = 15_000;

    /// <summary>
    /// Tries and codes found and not yet asked for at which no more accounts are fetched, at about
    /// 150 bytes; one answer adds at most 4,000.
    /// </summary>
    public const int MostWaiting = 20_000;

    /// <summary>Tries and codes remembered so as not to fetch them twice, at about 60 bytes.
    /// </summary>
    public const int MostRemembered = 65_536;

    /// <summary>Storage tries in one request.</summary>
    public const int TriesPerRequest = 64;

    /// <summary>Progress is written at most so often: what is lost in between is fetched again.
    /// </summary>
    public const long ProgressMs = 1_000;

    /// <summary>A line for the operator this often.</summary>
    public const long ReportMs = 2_000;

    /// <summary>Parts of the accounts that are fetched beside each other.</summary>
    public const int Segments = 16;

    /// <summary>
    /// Most headers between checkpoint and offered block: a month of one a second and more.
    /// </summary>
    public const ulong MostHeaders = 4_000_000;
}
