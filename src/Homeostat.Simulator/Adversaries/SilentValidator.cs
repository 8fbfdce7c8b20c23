namespace Homeostat.Simulator;

/// <summary>Takes everything in and says nothing.</summary>
internal sealed class SilentValidator : IAdversary
{
    public IEnumerable<(int Target, byte[] Bytes)> Send(int[] targets, byte[] bytes) => [];
}
