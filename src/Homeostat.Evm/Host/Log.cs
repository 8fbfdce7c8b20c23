using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>What LOG0 … LOG4 leave in the receipt.</summary>
public sealed record Log(Address Address, Hash256[] Topics, byte[] Data);
