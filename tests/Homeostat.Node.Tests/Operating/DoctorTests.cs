using System.Text.Json;
using System.Text.Json.Nodes;
using Homeostat.Node.Client;
using Homeostat.Node.Operating;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Tests.Operating;

/// <summary>What `doctor` says, and that it says what to do.</summary>
public sealed class DoctorTests
{
    private const string Self = "0x00000000000000000000000000000000000000aa";
    private const string Other = "0x00000000000000000000000000000000000000bb";

    [Theory]
    [InlineData(LoopMode.Advise, Actor.Twin, SteeringFailure.None, "the twin acts, what the model")]
    [InlineData(LoopMode.Advise, Actor.Twin, SteeringFailure.Drift, "the model is silent: ")]
    [InlineData(LoopMode.Act, Actor.Model, SteeringFailure.None, "acts by its model")]
    [InlineData(LoopMode.Act, Actor.Twin, SteeringFailure.Drift, "acts by its twin: ")]
    [InlineData(LoopMode.Act, Actor.Rule, SteeringFailure.None, "moved by a standing rule")]
    [InlineData(LoopMode.Off, Actor.Nobody, SteeringFailure.None, "is off: ")]
    internal void A_loop_is_said_to_be_what_it_is(
        LoopMode mode, Actor actor, SteeringFailure failure, string part)
    {
        string text = LoopDoctor.Words("capacity", mode, Decision(actor, failure));
        Assert.Contains(part, text, StringComparison.Ordinal);
        Assert.Contains("homeostat explain 7", text, StringComparison.Ordinal);
        Assert.DoesNotContain("the model speaks", text, StringComparison.Ordinal);
        Assert.Contains("decided nothing of late", LoopDoctor.Words("capacity", mode, null),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jail_absence_and_missing_peers_are_named_with_what_to_do()
    {
        using var output = new StringWriter();
        var findings = new Findings(output);
        var rpc = new Answers(
            new JsonArray(
                Member(Self, present: 90, jailedUntil: "0x5"), Member(Other, present: 2)),
            new JsonArray(new JsonObject
            {
                ["address"] = Other, ["connected"] = false, ["since"] = "0x1", ["lost"] = "0x1",
                ["awayMs"] = "0x0",
            }));
        await new ValidatorDoctor(rpc, findings).CheckAsync(CancellationToken.None);
        string text = output.ToString();
        Assert.False(findings.AllGood);
        Assert.Contains($"CHECK this validator {Self} is jailed for absence until epoch 5; epoch 3",
            text, StringComparison.Ordinal);
        Assert.Contains($"may call unjail({Self})", text, StringComparison.Ordinal);
        Assert.Contains($"note  validator {Other} voted in 2 of 100 blocks", text,
            StringComparison.Ordinal);
        Assert.Contains($"not connected: {Other} at node.example:30303", text,
            StringComparison.Ordinal);
        Assert.Contains("it healed itself: 2 restarts, 0 repairs, 1 resyncs", text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_machine_is_looked_at()
    {
        using var output = new StringWriter();
        MachineDoctor.Check(new Findings(output), []);
        string text = output.ToString();
        Assert.Contains("until a write is on disk", text, StringComparison.Ordinal);
        Assert.Contains("TLS 1.3", text, StringComparison.Ordinal);
        foreach (string line in text.Split('\n').Where(
            x => x.StartsWith("CHECK", StringComparison.Ordinal)))
        {
            Assert.Matches("^CHECK .+: .+", line); // What is wrong, and what to do.
        }
    }

    private static DecisionEvent Decision(Actor actor, SteeringFailure failure) => new(
        7, SteeringLoops.NameOf("capacity"), Hash256.Zero, Hash256.Zero, actor, RulingKind.Applied,
        0, 0, failure, Fixed.One, Fixed.One, [], [], [], [], [], [], [], [], []);

    private static JsonObject Member(
        string address, int present, string? jailedUntil = null) => new()
    {
        ["address"] = address, ["owner"] = Other, ["weight"] = "0x1",
        ["node"] = "node.example:30303", ["jailedUntil"] = jailedUntil,
        ["tombstoned"] = false, ["present"] = $"0x{present:x}",
    };

    /// <summary>A node that answers what it is given.</summary>
    private sealed class Answers(JsonArray members, JsonArray peers) : IRpcCaller
    {
        public Task<JsonElement> CallAsync(
            string method, JsonArray parameters, CancellationToken cancellation)
        {
            var answer = method == "homeostat_epoch"
                ? new JsonObject
                {
                    ["epoch"] = "0x3", ["blocksCounted"] = "0x64",
                    ["members"] = members.DeepClone(),
                }
                : new JsonObject
                {
                    ["nodes"] = new JsonArray(new JsonObject
                    {
                        ["address"] = Self, ["this"] = true, ["restarts"] = "0x2",
                        ["repairs"] = "0x0", ["resyncs"] = "0x1",
                    }),
                    ["peers"] = peers.DeepClone(),
                };
            return Task.FromResult(JsonDocument.Parse(answer.ToJsonString()).RootElement);
        }
    }
}
