namespace Homeostat.Evm;

/// <summary>The interpreter.</summary>
public sealed class EvmEngine : IEvmEngine
{
    public CallResult Execute(EvmContext context, in CallMessage message) =>
        throw new NotSupportedException();
}
