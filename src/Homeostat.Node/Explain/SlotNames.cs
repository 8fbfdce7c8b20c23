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
                if (slot == StorageLayout.MappingSlot(
                    validator.ToWord(), SteeringStorage.SignalsSlot))
                {
                    meaning = $"the protocol revision {validator} signals";
                }
                if (slot == StorageLayout.MappingSlot(
                    validator.ToWord(), SteeringStorage.AttestationsSlot))
                {
                    meaning = $"what {validator} attests";
                }
            }
            foreach ((UInt256 known, string text) in OfLoops())
            {
                meaning = known == slot ? text : meaning;
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
                < SteeringStorage.RootsSlot => null,
                < SteeringStorage.RecordsSlot => "the payload root of a block",
                < SteeringStorage.SignalsSlot => "the record of a block",
                _ => null,
            };
        }
        return contract == PredeployAddresses.Constitution ? Constitution(slot) : null;
    }

    private static string? Constitution(ulong slot) => slot switch
    {
        < ConstitutionStorage.ParametersSlot =>
            $"the vector in force of {Loop(slot / 2)}",
        < ConstitutionStorage.LoopsSlot =>
            $"parameters of {Loop((slot - ConstitutionStorage.ParametersSlot) / 2)}",
        < ConstitutionStorage.NamesSlot =>
            $"the mode of {Loop(slot - ConstitutionStorage.LoopsSlot)}",
        < ConstitutionStorage.InvariantsSlot => null,
        < ConstitutionStorage.ActuatorsSlot =>
            $"invariant {(slot - ConstitutionStorage.InvariantsSlot) / 2}",
        < ConstitutionStorage.ActuatorsSlot + 256 =>
            Actuator((slot - ConstitutionStorage.ActuatorsSlot) / 2),
        _ => null,
    };

    private static string Actuator(ulong number)
    {
        ulong loop = number / ConstitutionStorage.MaximumFields;
        return $"rules of field {number % ConstitutionStorage.MaximumFields} of {Loop(loop)}";
    }

    private static string Loop(ulong place) => $"loop {place}";

    private static IEnumerable<(UInt256 Slot, string Meaning)> OfLoops()
    {
        foreach (ISteeringLoop loop in SteeringLoops.All)
        {
            string name = DecisionWords.LoopName(loop.Name);
            UInt256 key = UInt256.FromHash256(loop.Name);
            yield return (StorageLayout.MappingSlot(key, SteeringStorage.LoopsSlot),
                $"the counters of the {name} loop");
            for (int i = 0; i < (int)SteeringStorage.DecisionRingSize; i++)
            {
                UInt256 word = UInt256.FromHash256(SteeringStorage.KeyOf(loop.Name, (byte)i));
                yield return (StorageLayout.MappingSlot(word, SteeringStorage.PendingSlot),
                    $"a decision of the {name} loop not scored yet");
                yield return (StorageLayout.MappingSlot(word, SteeringStorage.WordsSlot),
                    $"word {i} of the {name} loop");
            }
        }
    }

    private static string Contract(in Address contract) =>
        contract == PredeployAddresses.Steering ? "Steering"
        : contract == PredeployAddresses.Constitution ? "Constitution"
        : contract == PredeployAddresses.ModelRegistry ? "ModelRegistry"
        : contract == PredeployAddresses.ValidatorSet ? "ValidatorSet"
        : contract.ToString();
}
