namespace Homeostat.Node.Commands;

/// <summary>What the process ends with.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;

    /// <summary>
    /// Flags, configuration or the data folder are wrong: trying again won't help.
    /// </summary>
    public const int Usage = 2;

    /// <summary>
    /// A protocol revision is in force that this version does not know: another must be installed.
    /// </summary>
    public const int NeedsNewVersion = 3;
}
