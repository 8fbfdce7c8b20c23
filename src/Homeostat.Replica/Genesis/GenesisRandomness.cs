using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>What a validator of genesis commits its reveals to (docs/spec/ordering.md).</summary>
public static class GenesisRandomness
{
    /// <summary>The first commitment of the validator with this key on this chain.</summary>
    public static Hash256 CommitmentOf(in Hash256 key, ChainId chainId) =>
        RevealChain.Of(new LocalSigner(key), chainId.Value)
            .CommitmentOf(RevealChain.DefaultLength);
}
