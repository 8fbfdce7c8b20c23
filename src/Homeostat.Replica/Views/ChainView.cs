namespace Homeostat.Replica;

/// <summary>
/// The chain as readers on other threads see it: immutable, replaced whole by a newer one.
/// `latest`, `safe` and `finalized` are all <see cref="Finalized"/>; `pending` is
/// <see cref="Pending"/> plus the pool.
/// </summary>
public sealed record ChainView(ChainHead Finalized, ChainHead Pending);
