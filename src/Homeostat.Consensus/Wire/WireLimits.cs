namespace Homeostat.Consensus;

/// <summary>Bounds on what is read from the wire; what exceeds one is refused unread.</summary>
public static class WireLimits
{
    /// <summary>
    /// A whole message: one block of <see cref="MaxBlockBytes"/> and room around it.
    /// </summary>
    public const int MaxMessageBytes = 12 * 1024 * 1024;

    /// <summary>Osaka's RLP block limit (EIP-7934) is 10 MiB with a margin of 2 MiB.</summary>
    public const int MaxBlockBytes = 10 * 1024 * 1024;

    /// <summary>
    /// Steering's observation is 88 bytes and up to 16 hashes, 600; this bounds a certificate of
    /// 128 validators to 77 kB of observations.
    /// </summary>
    public const int MaxObservationBytes = 608;

    public const int MaxCertificates = 64;

    public const int MaxReasonBytes = 512;

    public const int MaxSyncBlocks = 128;

    public const int MaxTransactions = 4_096;

    /// <summary>Transactions of a compact proposal: blocks are offered 10,000.</summary>
    public const int MaxCompactTransactions = 32_768;

    public const int MaxShortIdBytes = 6 * MaxCompactTransactions;

    /// <summary>Headers in one answer: 300 kB of them.</summary>
    public const int MaxHeaders = 512;

    /// <summary>
    /// Epochs between a checkpoint and a block above it: by default a quarter of unbonding.
    /// </summary>
    public const int MaxEpochEnds = 64;

    /// <summary>A header of the Osaka fork has at most 700 bytes.</summary>
    public const int MaxHeaderBytes = 1_024;

    /// <summary>Tries of which ranges are asked for at once: most contracts have little storage.
    /// </summary>
    public const int MaxRanges = 128;

    /// <summary>An answer's 256 kB hold at most this many of the smallest entries.</summary>
    public const int MaxRangeEntries = 16_384;

    /// <summary>An account has at most 110 bytes, a slot 33.</summary>
    public const int MaxEntryBytes = 256;

    /// <summary>Two ways of at most 65 nodes.</summary>
    public const int MaxProofNodes = 130;

    /// <summary>A branch has at most 532 bytes.</summary>
    public const int MaxNodeBytes = 1_024;

    /// <summary>Codes in one request.</summary>
    public const int MaxCodes = 64;

    /// <summary>Deployed code has at most 32,768 bytes (EIP-7954); genesis may hold more.</summary>
    public const int MaxCodeBytes = 128 * 1024;
}
