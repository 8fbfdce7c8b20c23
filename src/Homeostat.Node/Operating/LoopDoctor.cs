using System.Text.Json;
using Homeostat.Node.Client;
using Homeostat.Node.Explain;
using Homeostat.Steering;

namespace Homeostat.Node.Operating;

/// <summary>
/// Who steers: each loop of the Constitution by its mode and by what became of its last decision.
/// Notes, not faults: a twin that acts is the network working as it should.
/// </summary>
internal sealed class LoopDoctor(IRpcCaller rpc, Findings findings)
{
    /// <summary>The loop whose mode is that of the standing rules; it has no model.</summary>
    private const string Rules = "rules";

    public async Task CheckAsync(CancellationToken stop)
    {
        var reader = new RuleReader(rpc);
        IReadOnlyList<string> names = await reader.LoopNamesAsync(stop);
        if (names.Count == 0)
        {
            return; // A chain without a Constitution steers nothing.
        }
        Dictionary<string, DecisionEvent> last = await LastDecisionsAsync(stop);
        foreach (string name in names)
        {
            byte[] answer = await reader.CallAsync(
                PredeployAddresses.Constitution,
                AbiCall.Encode("modeOf(bytes32)", new AbiTuple().Add(SteeringLoops.NameOf(name))),
                stop);
            var mode = (LoopMode)new AbiReader(answer).ReadUInt64();
            findings.Note(Words(name, mode, last.GetValueOrDefault(name)));
        }
    }

    internal static string Words(string name, LoopMode mode, DecisionEvent? decision)
    {
        if (name == Rules)
        {
            return mode switch
            {
                LoopMode.Off => "standing rules rest: their loop is off",
                LoopMode.Advise => "standing rules are armed and not carried out: their loop "
                    + "advises",
                _ => "standing rules are carried out (homeostat governance rules)",
            };
        }
        string says = mode switch
        {
            LoopMode.Off => "is off: its settings step back to what was ratified; the owner's "
                + "setMode lets it act again",
            LoopMode.Advise => "advises: the twin acts, what the model would do is only recorded",
            _ => decision is null ? "acts" : Acting(decision),
        };
        if (mode == LoopMode.Advise && decision is { Failure: not SteeringFailure.None })
        {
            says += $"; the model is silent: {DecisionWords.FailureText(decision.Failure)}";
        }
        return decision is null
            ? $"loop {name} {says}; it decided nothing of late: decisions come with transactions"
            : $"loop {name} {says} (why: homeostat explain {decision.Id})";
    }

    private static string Acting(DecisionEvent decision) => decision switch
    {
        { Actor: Actor.Rule } => "was moved by a standing rule",
        { Failure: not SteeringFailure.None } =>
            $"acts by its twin: {DecisionWords.FailureText(decision.Failure)}",
        { Ruling: RulingKind.Refused } =>
            "holds: the Constitution refused both the model's and the twin's proposal",
        { Actor: Actor.Twin, ModelRefusal: not 0 } =>
            "acts by its twin: the Constitution refused the model's proposal, "
            + DecisionEvent.RefusalText(decision.Loop, decision.ModelRefusal),
        { Actor: Actor.Twin } => "acts by its twin",
        { Ruling: RulingKind.Held } => "acts by its model, which left the settings as they are",
        _ => "acts by its model",
    };

    private async Task<Dictionary<string, DecisionEvent>> LastDecisionsAsync(CancellationToken stop)
    {
        JsonElement logs = await rpc.CallAsync("homeostat_decisions", [], stop);
        var last = new Dictionary<string, DecisionEvent>();
        foreach (JsonElement log in logs.EnumerateArray())
        {
            if (DecisionFinder.TryRead(log) is { } decision)
            {
                last[DecisionWords.LoopName(decision.Loop)] = decision;
            }
        }
        return last;
    }
}
