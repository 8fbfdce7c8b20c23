using Homeostat.Primitives;

namespace Homeostat.Replica;

/// <summary>One executed block with its state. (Block, receipts, snapshot and parameters join
/// when the ledger's types land.)</summary>
public sealed record ChainHead(Height Height, Hash256 Hash, long TimeMs);
