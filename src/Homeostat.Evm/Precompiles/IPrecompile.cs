namespace Homeostat.Evm;

/// <summary>
/// A contract of the protocol, run natively (Yellow Paper, appendix E). Stateless and safe to
/// use from any thread.
/// </summary>
public interface IPrecompile
{
    /// <summary>
    /// Gas of a call by the fork's rules; <see cref="ulong.MaxValue"/> where it exceeds 64 bits.
    /// Never throws, whatever the input.
    /// </summary>
    ulong GasCost(ReadOnlySpan<byte> input, Fork fork);

    /// <summary>
    /// Runs after the gas is paid. False: the call fails and takes all its gas. The output of a
    /// call that succeeds may be empty (ecrecover of a bad signature).
    /// </summary>
    bool TryRun(ReadOnlySpan<byte> input, out byte[] output);
}
