using System.Globalization;
using Homeostat.LightGbm;

// LightGBM itself trains models on generated data. For each study: its text (NAME.txt) and, where
// import takes it, rows with LightGBM's own answers (NAME.csv: features, answer, raw score). What
// import refuses is one tree or two, whatever is asked for.
if (args is not [var folder, var treesText, var depthText]
    || !int.TryParse(treesText, out int trees) || !int.TryParse(depthText, out int depth))
{
    Console.Error.WriteLine("usage: FOLDER TREES DEPTH");
    return 2;
}
const int Features = 8;
const int TrainingRows = 4_000;
const int Rows = 16;

string shape = $"max_depth={depth} num_leaves={1 << depth} ";
const string Small = "max_depth=2 num_leaves=4 ";
Study[] studies =
[
    new("regression", trees, shape + "objective=regression", IsTaken: true),
    new("forest", trees / 4, shape
        + "objective=regression boosting=rf bagging_fraction=0.7 bagging_freq=1",
        IsTaken: true),
    new("poisson", trees / 4, shape + "objective=poisson", IsTaken: true),
    new("constant", 2, Small + "objective=regression", IsConstant: true, IsTaken: true),
    new("missing", 2, Small + "objective=regression", HasMissing: true),
    new("missing-unused", 2, Small + "objective=regression use_missing=false",
        HasMissing: true, IsTaken: true),
    new("zeros", 2, Small + "objective=regression zero_as_missing=true"),
    new("categories", 2, Small + "objective=regression categorical_feature=0"),
    new("linear", 2, Small + "objective=regression linear_tree=true"),
    new("deep", 1, "objective=regression num_leaves=65"),
    new("classes", 1, Small + "objective=multiclass num_class=3", IsClass: true),
];
Directory.CreateDirectory(folder);
try
{
    foreach (Study study in studies)
    {
        Train(study);
    }
}
catch (DllNotFoundException e)
{
    Console.Error.WriteLine($"{e.Message}\nlightgbm: its library needs libgomp "
        + "(Debian: apt-get install libgomp1) and is made for x64 alone");
    return 2;
}
return 0;

void Train(Study study)
{
    var random = new SplitMix(7);
    double[] matrix = Draw(random, TrainingRows);
    float[] labels = [.. Enumerable.Range(0, TrainingRows).Select(
        i => Label(matrix.AsSpan(i * Features, Features), random, study))];
    if (study.HasMissing)
    {
        for (int i = 3; i < matrix.Length; i += Features)
        {
            matrix[i] = random.Next() < 0.1 ? double.NaN : matrix[i];
        }
    }
    nint booster = LightGbmLibrary.Train(
        matrix, Features, labels,
        study.Parameters + " verbosity=-1 num_threads=1 deterministic=true force_row_wise=true "
            + "seed=1", study.Trees,
        Path.Combine(folder, $"{study.Name}.txt"));
    if (!study.IsTaken)
    {
        return;
    }
    double[] rows = Draw(random, Rows);
    double[] answers = LightGbmLibrary.Predict(
        booster, rows, Features, LightGbmLibrary.Answer.Normal);
    double[] sums = LightGbmLibrary.Predict(
        booster, rows, Features, LightGbmLibrary.Answer.RawScore);
    File.WriteAllLines(
        Path.Combine(folder, $"{study.Name}.csv"),
        Enumerable.Range(0, Rows).Select(i => string.Join(',', rows[(i * Features)..][..Features]
            .Append(answers[i]).Append(sums[i])
            .Select(value => value.ToString("R", CultureInfo.InvariantCulture)))));
}

// A whole number with zeros among them, and seven real ones, some of them negative.
static double[] Draw(SplitMix random, int rows) =>
    [.. Enumerable.Range(0, rows * Features).Select(i => (i % Features) switch
    {
        0 => Math.Floor(random.Next() * 20),
        var f => (random.Next() - 0.25) * 4 * (f + 1),
    })];

static float Label(ReadOnlySpan<double> row, SplitMix random, Study study)
{
    double value = 0.3 * row[0] + Math.Sin(row[1]) + (row[2] > 3 ? row[3] : -0.1 * row[4])
        + 0.2 * random.Next();
    return study.IsConstant ? 2.5f
        : study.IsClass ? Math.Clamp((int)value, 0, 2)
        : study.Parameters.Contains("poisson", StringComparison.Ordinal)
            ? (float)Math.Abs(Math.Floor(value))
            : (float)value;
}

internal sealed record Study(
    string Name, int Trees, string Parameters, bool IsConstant = false, bool HasMissing = false,
    bool IsClass = false, bool IsTaken = false);

/// <summary>SplitMix64 (Steele, Lea and Flood, 2014): numbers from 0 to 1.</summary>
internal sealed class SplitMix(ulong state)
{
    private ulong _state = state;

    public double Next()
    {
        unchecked
        {
            _state += 0x9e3779b97f4a7c15;
            ulong mixed = (_state ^ (_state >> 30)) * 0xbf58476d1ce4e5b9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
            return ((mixed ^ (mixed >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }
}
