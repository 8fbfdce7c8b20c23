using System.Diagnostics.CodeAnalysis;
using Homeostat.Ledger;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>
/// What tells networks apart before a replica runs: peers and data folders are asked.
/// </summary>
public static class GenesisIdentity
{
    /// <summary>The hash of block 0.</summary>
    public static Hash256 HashOf(GenesisDocument document) =>
        GenesisBlock.Create(document, new NothingStored()).Reference.Hash;

    private sealed class NothingStored : INodeSource
    {
        public bool TryGet(in Hash256 hash, [NotNullWhen(true)] out byte[]? bytes)
        {
            bytes = null;
            return false;
        }
    }
}
