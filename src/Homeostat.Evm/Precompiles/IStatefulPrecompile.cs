using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>
/// A precompile that reads the state: what it costs is known only once it has found what it is
/// asked for, so price and run are one call. Safe to use from any thread.
/// </summary>
public interface IStatefulPrecompile
{
    Address Address { get; }

    /// <summary>
    /// Runs within the gas given. Whatever it changes in the world (access sets) is undone by the
    /// caller when it fails. Never throws, whatever the input.
    /// </summary>
    /// <param name="cost">Gas used; above <paramref name="gas"/> the call is out of gas. All gas is
    /// taken where the call fails.</param>
    /// <returns>False: the call fails.</returns>
    bool TryRun(
        ReadOnlySpan<byte> input, ulong gas, IWorld world, out ulong cost, out byte[] output);
}
