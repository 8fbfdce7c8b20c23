using System.Text.Json;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// Geth's 4byteTracer: how often which selector was called with how many bytes behind it.
/// Precompiles have no selectors and are left out.
/// </summary>
internal sealed class FourByteTracer(IReadOnlyList<Address> precompiles) : ITracer
{
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    public bool WantsSteps => false;

    public void OnCallStart(in CallStart call)
    {
        bool isCreate = call.Kind is CallKind.Create or CallKind.Create2;
        if (isCreate || call.Input.Length < 4 || precompiles.Contains(call.CodeAddress))
        {
            return;
        }
        string key = $"{Hex.Encode(call.Input.Span[..4])}-{call.Input.Length - 4}";
        _counts[key] = _counts.GetValueOrDefault(key) + 1;
    }

    public void OnCallEnd(in CallEnd end)
    {
    }

    public void OnStepStart(in StepStart step)
    {
    }

    public void OnStepEnd(ulong gasCost, ExecutionStatus status)
    {
    }

    public void OnLog(Log log)
    {
    }

    public void OnSelfDestruct(
        in Address contract, in Address beneficiary, in UInt256 balance)
    {
    }

    public void Write(Utf8JsonWriter result)
    {
        result.WriteStartObject();
        foreach ((string key, int count) in _counts)
        {
            result.WriteNumber(key, count);
        }
        result.WriteEndObject();
    }
}
