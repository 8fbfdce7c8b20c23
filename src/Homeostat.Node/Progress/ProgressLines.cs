using System.Globalization;

namespace Homeostat.Node.Progress;

/// <summary>
/// What a person sees of long work: a line every two seconds with how much is done, how fast it
/// goes and how long it will take. Nothing is said where standard error is no terminal, or with
/// --json; HOMEOSTAT_PROGRESS=1 has it said wherever it goes, 0 nowhere. Any thread.
/// </summary>
internal sealed class ProgressLines(TextWriter output, bool isShown, Func<long> nowMs)
{
    /// <summary>The setting that overrides.</summary>
    public const string Variable = "HOMEOSTAT_PROGRESS";

    private const long EveryMs = 2_000;

    private readonly Lock _lock = new();
    private string _stage = "";
    private double _done;
    private long _beganMs;
    private long _toldMs;

    public bool IsShown => isShown;

    /// <summary>To standard error.</summary>
    /// <param name="json">The command's --json.</param>
    public static ProgressLines Of(bool json) => new(
        Console.Error,
        Environment.GetEnvironmentVariable(Variable) switch
        {
            "1" => true,
            "0" => false,
            _ => !json && !Console.IsErrorRedirected,
        },
        () => Environment.TickCount64);

    /// <summary>
    /// So much is done. A new stage starts the clock; the last word of a stage is its whole.
    /// </summary>
    /// <param name="stage">What is being done.</param>
    /// <param name="done">Of <paramref name="all"/>, in the unit.</param>
    /// <param name="all">Not above 0: nobody knows, so no time left is said.</param>
    /// <param name="note">Said after the figures.</param>
    public void Tell(string stage, double done, double all, string unit, string note = "")
    {
        if (!isShown)
        {
            return;
        }
        lock (_lock)
        {
            long now = nowMs();
            if (stage != _stage)
            {
                (_stage, _beganMs, _toldMs, _done) = (stage, now, now, 0);
            }
            // Threads may come out of order; and an end is said once.
            bool isWhole = all > 0 && done >= all;
            bool isDue = done > _done && (isWhole || now - _toldMs >= EveryMs);
            if (isDue)
            {
                (_toldMs, _done) = (now, done);
                output.WriteLine(Line(stage, done, all, unit, (now - _beganMs) / 1_000.0, note));
            }
        }
    }

    internal static string Line(
        string stage, double done, double all, string unit, double seconds, string note)
    {
        double rate = seconds > 0 ? done / seconds : 0;
        string amount = all > 0 ? $"{Amount(done)} of {Amount(all)}" : Amount(done);
        string speed = rate > 0 ? $", {Amount(rate)} {unit} a second" : "";
        string time = all > 0 && done >= all
            ? $", {Duration(seconds)}"
            : all > 0 && rate > 0 ? $", {Duration((all - done) / rate)} left" : "";
        return $"{stage}: {amount} {unit}{speed}{time}{(note == "" ? "" : $", {note}")}";
    }

    /// <summary>Three digits say enough: 0.12, 3.4, 56, 7,890.</summary>
    private static string Amount(double value) => value.ToString(
        value == Math.Floor(value) || value >= 100 ? "N0" : value >= 10 ? "0.0" : "0.00",
        CultureInfo.InvariantCulture);

    private static string Duration(double seconds)
    {
        long whole = (long)Math.Ceiling(Math.Min(seconds, 1e9));
        return whole < 90
            ? string.Create(CultureInfo.InvariantCulture, $"{whole} s")
            : whole < 5_400
                ? string.Create(CultureInfo.InvariantCulture, $"{whole / 60} min {whole % 60} s")
                : string.Create(
                    CultureInfo.InvariantCulture, $"{whole / 3_600} h {whole / 60 % 60} min");
    }
}
