using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// The place of standing rules and optimistic proposals in the Constitution: the loop "rules". It
/// decides nothing by itself. Its mode says whether rules act, only arm, or rest, so the guardian
/// can stop them all at once; its vector is how long and by what share of stake each kind of
/// optimistic proposal may be objected to (docs/spec/governance.md).
/// </summary>
internal static class RulesGenesis
{
    public static readonly Hash256 LoopName = SteeringLoops.NameOf("rules");

    /// <summary>A window is at least so many times the bound on waiting.</summary>
    private const ulong WaitsPerWindow = 10;

    private const ulong MostWindowMs = 90UL * 86_400_000;
    private const int Kinds = 4;

    /// <summary>Rules, payments, vectors, models.</summary>
    private static readonly ulong[] Shares = [1_000, 1_000, 1_500, 2_000];

    public static LoopGenesis Loop(VotingSettings voting, uint dwellBlocks) => new(
        LoopName, LoopMode.Act, dwellBlocks, LoopSettings.Of([]),
        [
            .. Enumerable.Range(0, Kinds).Select(
                _ => Ratified(voting.VetoSeconds * 1_000, 1_000, MostWindowMs)),
            .. Shares.Select(share => Ratified(share, 100, 5_000)),
        ]);

    /// <summary>No window is under ten times the bound on waiting, which ordering has.</summary>
    public static IEnumerable<InvariantCode> Invariants(int rulesPlace, int orderingPlace) =>
        Enumerable.Range(0, Kinds).Select(kind => new InvariantBuilder()
            .Number(WaitsPerWindow).Field(orderingPlace, OrderingParameters.OverdueField).Multiply()
            .Field(rulesPlace, kind).Subtract().Build());

    private static ActuatorRules Ratified(ulong value, ulong least, ulong most) => new(
        least, most, value, 0, 2_500, 2, 40_000);
}
