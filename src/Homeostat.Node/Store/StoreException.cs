namespace Homeostat.Node.Store;

/// <summary>
/// The data folder can't be used or written any more; the message says which file, what is wrong
/// and what to do. The node stops on it: what was answered as persisted is on disk.
/// </summary>
internal sealed class StoreException(
    string message, Exception? inner = null, string? damagedFile = null)
    : Exception(message, inner)
{
    /// <summary>The file whose content can't be believed; null when the fault is another.</summary>
    public string? DamagedFile => damagedFile;
}
