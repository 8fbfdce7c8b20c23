namespace Homeostat.Primitives;

/// <summary>
/// What names a validator set, in payloads, in the contract's EpochBegun and in what steering
/// compares with both: one function, for nodes that named it differently would part.
/// </summary>
public static class ValidatorSetHash
{
    /// <summary>Keccak-256 of the RLP list of [address, weight], in the set's order.</summary>
    public static Hash256 Of(IReadOnlyList<KeyValuePair<Address, ulong>> weights)
    {
        var writer = new RlpWriter(32 * weights.Count);
        int list = writer.StartList();
        foreach ((Address address, ulong weight) in weights)
        {
            int entry = writer.StartList();
            writer.Write(address);
            writer.Write(weight);
            writer.EndList(entry);
        }
        writer.EndList(list);
        return writer.Hash();
    }
}
