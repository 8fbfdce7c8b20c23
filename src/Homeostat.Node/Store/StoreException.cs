namespace Homeostat.Node.Store;

/// <summary>
/// The data folder can't be used or written any more; the message says which file, what is wrong
/// and what to do. The node stops on it: what was answered as persisted is on disk.
/// </summary>
internal sealed class StoreException(string message, Exception? inner = null)
    : Exception(message, inner);
