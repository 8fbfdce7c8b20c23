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
    /// Steering's observation is 56 bytes and up to 16 hashes, 568; this bounds a certificate of
    /// 128 validators to 72 kB of observations.
    /// </summary>
    public const int MaxObservationBytes = 576;

    public const int MaxCertificates = 64;

    public const int MaxReasonBytes = 512;

    public const int MaxSyncBlocks = 128;

    public const int MaxTransactions = 4_096;
}
