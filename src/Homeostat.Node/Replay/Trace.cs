using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using Homeostat.Primitives;
using Microsoft.VisualBasic.FileIO;

namespace Homeostat.Node.Replay;

/// <summary>One recorded transaction.</summary>
/// <param name="BlockNumber">The block that held it.</param>
/// <param name="Index">Its place in that block.</param>
/// <param name="TimeSeconds">
/// When it is taken to have arrived, in seconds since the trace's first block: the transactions of
/// a block are spread evenly, in their order, over the time since the block before it.
/// </param>
/// <param name="Value">wei.</param>
/// <param name="Gas">The recorded gas limit.</param>
/// <param name="GasPrice">wei per gas.</param>
/// <param name="IsCall">True when it carried input or created a contract.</param>
internal sealed record RecordedTransaction(
    ulong BlockNumber,
    int Index,
    double TimeSeconds,
    Address From,
    Address? To,
    UInt256 Value,
    ulong Gas,
    UInt256 GasPrice,
    bool IsCall);

/// <summary>
/// Reads a trace of whole consecutive blocks as ethereum-etl exports it: CSV, plain or gzip.
/// </summary>
internal static class Trace
{
    private static readonly string[] Columns =
    [
        "block_number", "transaction_index", "from_address", "to_address", "value", "gas",
        "gas_price", "input", "block_timestamp",
    ];

    /// <summary>The transactions in recorded order, at most <paramref name="limit"/>.</summary>
    /// <exception cref="InvalidDataException">Says which line and column is wrong.</exception>
    public static List<RecordedTransaction> Read(string path, int limit)
    {
        var rows = ReadRows(path)
            .OrderBy(r => r.BlockNumber).ThenBy(r => r.Transaction.Index)
            .Take(limit)
            .ToList();
        return rows.Count == 0
            ? throw new InvalidDataException($"{path}: the trace holds no transaction")
            : SpreadOverTime(rows);
    }

    private static List<RecordedTransaction> SpreadOverTime(List<Row> rows)
    {
        var spread = new List<RecordedTransaction>(rows.Count);
        ulong start = rows[0].Timestamp;
        double previous = 0;
        foreach (IGrouping<ulong, Row> block in rows.GroupBy(r => r.BlockNumber))
        {
            int count = block.Count();
            double end = Math.Max(block.First().Timestamp - (double)start, previous);
            spread.AddRange(block.Select((row, i) => row.Transaction with
            {
                TimeSeconds = previous + (end - previous) * (i + 1) / count,
            }));
            previous = end;
        }
        return spread;
    }

    private static IEnumerable<Row> ReadRows(string path)
    {
        using FileStream file = File.OpenRead(path);
        using Stream text = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)
            ? new GZipStream(file, CompressionMode.Decompress)
            : file;
        using var parser = new TextFieldParser(text);
        parser.SetDelimiters(",");
        string[] header = parser.ReadFields() ?? [];
        int[] places = Columns.Select(name => Array.IndexOf(header, name)).ToArray();
        int missing = Array.IndexOf(places, -1);
        if (missing >= 0)
        {
            throw new InvalidDataException(
                $"{path}: the header line lacks the column {Columns[missing]}; a trace needs "
                + string.Join(", ", Columns));
        }
        while (!parser.EndOfData)
        {
            long line = parser.LineNumber;
            string[] fields = parser.ReadFields() ?? [];
            yield return fields.Length >= header.Length
                ? ParseRow(path, line, places.Select(p => fields[p]).ToArray())
                : throw new InvalidDataException($"{path}:{line}: too few fields");
        }
    }

    private static Row ParseRow(string path, long line, string[] f)
    {
        try
        {
            Address? to = f[3].Length == 0 ? null : new Address(f[3]);
            var transaction = new RecordedTransaction(
                Number(f[0]), (int)Number(f[1]), 0, new Address(f[2]), to,
                (UInt256)BigInteger.Parse(f[4], CultureInfo.InvariantCulture), Number(f[5]),
                (UInt256)BigInteger.Parse(f[6], CultureInfo.InvariantCulture),
                IsCall: to is null || f[7].Length > 2);
            return new Row(transaction.BlockNumber, Number(f[8]), transaction);
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvariantViolation)
        {
            throw new InvalidDataException($"{path}:{line}: {e.Message}");
        }
    }

    private static ulong Number(string text) =>
        ulong.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private readonly record struct Row(
        ulong BlockNumber, ulong Timestamp, RecordedTransaction Transaction);
}
