using System.Globalization;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Explain;

/// <summary>Storage words in the terms of docs/spec/steering.md, "Storage".</summary>
internal static class SlotNames
{
    public static string Of(
        in Address contract, in UInt256 slot, IEnumerable<Address> validators)
    {
        string name = Contract(contract);
        string? meaning = slot.IsUInt64 ? Meaning(contract, slot.U0) : null;
        if (contract == PredeployAddresses.Steering)
        {
            foreach (Address validator in validators)
            {
                if (slot == StorageLayout.MappingSlot(
                    validator.ToWord(), SteeringStorage.ObservationsSlot))
                {
                    meaning = $"the observation of {validator}";
                }
            }
        }
        string place = slot.IsUInt64
            ? slot.U0.ToString(CultureInfo.InvariantCulture)
            : Hex.Encode(slot.ToBigEndian());
        return meaning is null ? $"{name} slot {place}" : $"{name} slot {place} ({meaning})";
    }

    private static string? Meaning(in Address contract, ulong slot)
    {
        if (contract == PredeployAddresses.Steering)
        {
            return slot switch
            {
                SteeringStorage.HeadSlot => "the last block and the counters",
                SteeringStorage.EstimatorsSlot => "the means of demand",
                SteeringStorage.ParametersSlot => "the loop's parameters",
                < SteeringStorage.RootsSlot => null,
                < SteeringStorage.RecordsSlot => "the payload root of a block",
                < SteeringStorage.PendingSlot => "the record of a block",
                _ => "a decision not scored yet",
            };
        }
        if (contract != PredeployAddresses.Constitution)
        {
            return null;
        }
        return slot switch
        {
            0 => "the vector in force",
            CapacityRules.LoopSlot => "the loop's mode and invariants",
            >= CapacityRules.ActuatorsSlot and < CapacityRules.ActuatorsSlot + 8 =>
                $"rules of {DecisionWords.Field((int)(slot - CapacityRules.ActuatorsSlot) / 2)}",
            _ => null,
        };
    }

    private static string Contract(in Address contract) =>
        contract == PredeployAddresses.Steering ? "Steering"
        : contract == PredeployAddresses.Constitution ? "Constitution"
        : contract == PredeployAddresses.ModelRegistry ? "ModelRegistry"
        : contract == PredeployAddresses.ValidatorSet ? "ValidatorSet"
        : contract.ToString();
}
