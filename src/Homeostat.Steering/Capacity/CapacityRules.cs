using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>The capacity loop's rules with its fields and invariants by name.</summary>
public sealed record CapacityRules(
    ChainParameters InForce,
    LoopMode Mode,
    uint IntervalsPerLimit,
    uint SecondsPerLimit,
    IReadOnlyList<ActuatorRules> Actuators)
{
    public const int Fields = 4;

    public ActuatorRules GasTarget => Actuators[0];

    public ActuatorRules GasLimit => Actuators[1];

    public ActuatorRules MinimumBaseFee => Actuators[2];

    public ActuatorRules BlockInterval => Actuators[3];

    /// <summary>Reads the rules of a state whose Constitution knows the loop.</summary>
    public static CapacityRules Read(IStorageReader state)
    {
        LoopRules? rules = ConstitutionStorage.ReadLoop(state, CapacityLoop.LoopName);
        Invariant.Require(rules is not null);
        return From(rules!);
    }

    public static CapacityRules From(LoopRules rules)
    {
        Invariant.Require(rules.Fields == Fields);
        return new CapacityRules(
            new ChainParameters(
                rules.InForce[0], rules.InForce[1], rules.InForce[2], rules.InForce[3]),
            rules.Mode, rules.Settings[8], rules.Settings[9], rules.Actuators);
    }

    /// <summary>
    /// The invariants of genesis: a block holds the target of at least so many intervals and at
    /// most so many seconds. Both numbers are parameters of the loop, so people amend them without
    /// touching code.
    /// </summary>
    public static IReadOnlyList<InvariantCode> Invariants(int place) =>
    [
        new InvariantBuilder()
            .Parameter(place, 8).Field(place, 0).Multiply().Field(place, 3).Multiply()
            .Field(place, 1).Number(1_000).Multiply().Subtract().Build(),
        new InvariantBuilder()
            .Field(place, 1).Parameter(place, 9).Field(place, 0).Multiply().Subtract().Build(),
    ];
}
