using System.Text.Json;
using Homeostat.Node.Client;
using Homeostat.Node.Governance;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// homeostat_advice: what those who vote are told of a proposal, from this node's own methods.
/// </summary>
internal sealed class HomeostatAdvice(IRpcCaller self)
{
    public void Register(RpcTable.Builder table) => table.AddAsync("homeostat_advice", GetAsync);

    private async ValueTask GetAsync(
        RpcParams arguments, Utf8JsonWriter result, RpcSession? session)
    {
        UInt256 subject = HomeostatDryRuns.SubjectOf(arguments.Required(0));
        try
        {
            Write(result, await new ProposalAdvice(self).ComposeAsync(
                subject, CancellationToken.None).ConfigureAwait(false));
        }
        catch (Client.RpcException error)
        {
            throw RpcException.Server(error.Message);
        }
    }

    private static void Write(Utf8JsonWriter result, AdviceReport report)
    {
        result.WriteStartObject();
        result.WriteString("subject"u8, report.Subject.ToQuantity());
        Lines(result, "changes", report.Changes);
        result.WritePropertyName("dryRun"u8);
        report.DryRun.WriteTo(result);
        result.WriteStartArray("cohorts"u8);
        foreach (Cohort cohort in report.Cohorts)
        {
            result.WriteStartObject();
            result.WriteString("name"u8, cohort.Name);
            result.Quantity("senders"u8, (ulong)cohort.Senders);
            result.Quantity("transactions"u8, (ulong)cohort.Transactions);
            result.WriteString("gas"u8, cohort.Gas.ToQuantity());
            result.WriteString("fees"u8, cohort.Fees.ToQuantity());
            result.WriteString("feesUnder"u8, cohort.FeesUnder.ToQuantity());
            result.Quantity("leftOut"u8, (ulong)cohort.LeftOut);
            result.Quantity("changed"u8, (ulong)cohort.Changed);
            result.WriteEndObject();
        }
        result.WriteEndArray();
        result.WriteString("validators"u8, report.Validators);
        Lines(result, "precedents", report.Precedents);
        result.WriteString("text"u8, report.Words());
        result.WriteEndObject();
    }

    private static void Lines(
        Utf8JsonWriter result, string name, IReadOnlyList<string> lines)
    {
        result.WriteStartArray(name);
        foreach (string line in lines)
        {
            result.WriteStringValue(line);
        }
        result.WriteEndArray();
    }
}
