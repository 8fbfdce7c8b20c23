using System.Globalization;
using System.IO.Compression;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Models;

/// <summary>A series of demand in a text file: one decimal a line, gzip or not.</summary>
internal static class SeriesFile
{
    /// <summary>Lines read; training takes no more rows.</summary>
    private const int MaximumLines = GradientBoosting.MaximumRows;

    /// <summary>Throws InvalidDataException naming the first line that is no number.</summary>
    public static List<Fixed> Read(FileInfo file)
    {
        using Stream raw = file.OpenRead();
        using Stream plain = file.Extension == ".gz"
            ? new GZipStream(raw, CompressionMode.Decompress)
            : raw;
        using var reader = new StreamReader(plain);
        var samples = new List<Fixed>();
        for (int line = 1; reader.ReadLine() is { } text; line++)
        {
            if (!decimal.TryParse(
                    text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value)
                || value < 0 || value > 1 << 20)
            {
                throw new InvalidDataException(
                    $"{file.Name}, line {line}: '{text}' is no demand from 0 to {1 << 20}");
            }
            samples.Add(Fixed.FromRaw((long)decimal.Round(value * 4_294_967_296m)));
            if (samples.Count > MaximumLines)
            {
                throw new InvalidDataException($"{file.Name} has over {MaximumLines} lines");
            }
        }
        return samples;
    }
}
