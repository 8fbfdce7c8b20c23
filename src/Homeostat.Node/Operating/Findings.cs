namespace Homeostat.Node.Operating;

/// <summary>What a check found; a remedy only where something is to be done.</summary>
internal readonly record struct Finding(bool IsGood, string What, string Remedy = "");

/// <summary>The findings of `doctor`, printed as they come.</summary>
internal sealed class Findings(TextWriter output)
{
    public bool AllGood { get; private set; } = true;

    public void Add(Finding finding)
    {
        AllGood &= finding.IsGood;
        output.WriteLine(finding.IsGood
            ? $"ok    {finding.What}"
            : $"CHECK {finding.What}: {finding.Remedy}");
    }

    public void Add(bool isGood, string what, string remedy) =>
        Add(new Finding(isGood, what, remedy));

    /// <summary>Worth knowing, and no fault.</summary>
    public void Note(string what) => output.WriteLine($"note  {what}");
}
