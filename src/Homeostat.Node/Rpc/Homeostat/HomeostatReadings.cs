using System.Text.Json;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Rpc;

/// <summary>
/// homeostat_readings: what the loop goes by at a block, as Steering's storage has it: the readings
/// in force, the means of demand, and each validator's latest observation.
/// </summary>
internal sealed class HomeostatReadings(RpcContext context)
{
    public void Register(RpcTable.Builder table) => table.Add("homeostat_readings", GetReadings);

    private void GetReadings(RpcParams arguments, Utf8JsonWriter result)
    {
        var state = new StateStorage(context.Chain.StateAt(arguments.Block(0)));
        var storage = new SteeringStorage(state);
        Estimators estimators = storage.Estimators;
        result.WriteStartObject();
        result.Quantity("steppedBlock"u8, storage.Head.Height.Value);
        result.Quantity("nanosecondsPerKilogas"u8, (ulong)estimators.NanosecondsPerKilogas);
        result.Quantity("propagationMs"u8, (ulong)estimators.PropagationMs);
        result.WriteStartObject("demandGasPerSecond"u8);
        result.Quantity("fast"u8, GasOf(estimators.Fast));
        result.Quantity("medium"u8, GasOf(estimators.Medium));
        result.Quantity("slow"u8, GasOf(estimators.Slow));
        result.WriteEndObject();
        result.WriteStartArray("observations"u8);
        foreach (ValidatorEntry validator in ValidatorStorage.Read(state))
        {
            if (storage.TryGetObservation(validator.Address, out Observation seen, out Height at))
            {
                Write(result, validator, seen, at);
            }
        }
        result.WriteEndArray();
        result.WriteEndObject();
    }

    /// <summary>Means are kept in millions of gas a second, Q32.32.</summary>
    private static ulong GasOf(Fixed mean) =>
        (ulong)((UInt128)(ulong)Math.Max(mean.Raw, 0) * 1_000_000 >> 32);

    private static void Write(
        Utf8JsonWriter result, ValidatorEntry validator, in Observation seen, Height at)
    {
        result.WriteStartObject();
        result.Data("validator"u8, validator.Address);
        result.Quantity("weight"u8, validator.Weight);
        result.Quantity("blockNumber"u8, at.Value);
        result.Quantity("nanosecondsPerKilogas"u8, (ulong)seen.NanosecondsPerKilogas);
        result.Quantity("kilogasExecuted"u8, (ulong)seen.KilogasExecuted);
        result.Quantity("propagationMs"u8, (ulong)seen.PropagationMs);
        result.Quantity("poolKilogasPending"u8, (ulong)seen.PoolKilogasPending);
        result.Quantity("poolTransactions"u8, (ulong)seen.PoolTransactions);
        result.Quantity("voteLatencyMs"u8, (ulong)seen.VoteLatencyMs);
        result.Quantity("queueMs"u8, (ulong)seen.QueueMs);
        result.Quantity("fastWait"u8, (ulong)seen.FastWait);
        result.Quantity("urgentWait"u8, (ulong)seen.UrgentWait);
        result.WriteEndObject();
    }
}
