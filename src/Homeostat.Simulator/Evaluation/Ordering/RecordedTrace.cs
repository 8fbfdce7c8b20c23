using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>One recorded transaction of a congested workload.</summary>
/// <param name="Block">Blocks since the first, with a fraction within the block.</param>
/// <param name="Gas">Declared.</param>
/// <param name="Used">Estimated: transfers 21,000, calls half of what they declare.</param>
/// <param name="Tip">Wei per gas above the block's lowest common price.</param>
internal sealed record RecordedTransaction(
    double Block, Address Sender, Address To, ulong Gas, ulong Used, double Tip, int DataBytes);

/// <summary>
/// The two real records, read whole. Time is counted in blocks, so that congestion, not seconds, is
/// what is compared.
/// </summary>
internal sealed record RecordedTrace(
    string Name, double BasePrice, IReadOnlyList<RecordedTransaction> Transactions)
{
    /// <summary>Records don't say what calls used; sums over the 2022 blocks give 0.49.</summary>
    private const double UsedOfDeclared = 0.49;

    private const double LeastPerBlock = 50;

    public const string Consecutive2017 =
        "eth_consecutive_20k_2017/transactions_3300400_3301573.csv.gz";

    public const string Blocks2022 = "camcos_100blocks_2022/transactionData.csv.gz";

    /// <summary>The folder of the records, or its child `transactions`.</summary>
    public static string FolderOf(string data) =>
        Directory.Exists(Path.Combine(data, "transactions"))
            ? Path.Combine(data, "transactions")
            : data;

    public static RecordedTrace Read2017(string folder) => Read(
        "eth-2017", Open(folder, Consecutive2017), "block_number", "from_address", "to_address",
        "gas", "gas_price", row => (row("input").Length - 2) / 2);

    public static RecordedTrace Read2022(string folder) => Read(
        "eth-2022", Open(folder, Blocks2022), "blockNumber", "from", "to", "gas", "gasPrice",
        row => int.Parse(row("callDataLength"), CultureInfo.InvariantCulture));

    /// <summary>
    /// The named file, or, where DIR holds another period of the same schema, the first there.
    /// </summary>
    private static string Open(string folder, string path)
    {
        string named = Path.Combine(folder, path);
        string parent = Path.GetDirectoryName(named)!;
        if (File.Exists(named) || !Directory.Exists(parent))
        {
            return named;
        }
        string prefix = Path.GetFileName(path)[..4];
        return Directory.GetFiles(parent, prefix + "*.csv.gz").Order().FirstOrDefault() ?? named;
    }

    private static RecordedTrace Read(
        string name, string path, string block, string from, string to, string gas, string price,
        Func<Func<string, string>, int> dataBytes)
    {
        var read = new List<(ulong Block, Address From, Address To, ulong Gas, double Price,
            int Bytes)>();
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var reader = new StreamReader(file);
        string[] header = reader.ReadLine()!.Split(',');
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split(',');
            string Cell(string column) => cells[Array.IndexOf(header, column)];
            read.Add((
                ulong.Parse(Cell(block), CultureInfo.InvariantCulture), AddressOf(Cell(from)),
                AddressOf(Cell(to)), ulong.Parse(Cell(gas), CultureInfo.InvariantCulture),
                (double)BigInteger.Parse(Cell(price), CultureInfo.InvariantCulture),
                dataBytes(Cell)));
        }
        if (read.Count < 100)
        {
            throw new InvalidDataException($"{path}: {read.Count} transactions are too few");
        }
        return Build(name, read);
    }

    private static RecordedTrace Build(
        string name, List<(ulong Block, Address From, Address To, ulong Gas, double Price,
            int Bytes)> read)
    {
        read = [.. read.OrderBy(item => item.Block)];
        ulong first = read[0].Block;
        // What nearly everyone paid is the price of the gas; what is above it bought speed.
        var floors = read.GroupBy(item => item.Block).ToDictionary(
            group => group.Key, group => Quantile([.. group.Select(item => item.Price)], 0.05));
        // Blocks of 2017 held a dozen transactions: several of them are one of ours.
        double span = Math.Max(1, read[^1].Block - first + 1);
        double merged = Math.Max(1, Math.Ceiling(LeastPerBlock / (read.Count / span)));
        double basePrice = Quantile([.. read.Select(item => item.Price)], 0.05);
        var transactions = new List<RecordedTransaction>(read.Count);
        foreach (var group in read.GroupBy(item => item.Block))
        {
            int count = group.Count(), at = 0;
            foreach (var item in group)
            {
                double when = (item.Block - first + (at++ + 0.5) / count) / merged;
                ulong used = item.Bytes == 0
                    ? 21_000
                    : Math.Max(21_000, (ulong)(item.Gas * UsedOfDeclared));
                transactions.Add(new RecordedTransaction(
                    when, item.From, item.To, Math.Max(item.Gas, used), used,
                    Math.Max(0, item.Price - floors[item.Block]), item.Bytes));
            }
        }
        return new RecordedTrace(name, basePrice, transactions);
    }

    public static double Quantile(double[] values, double share)
    {
        if (values.Length == 0)
        {
            return 0;
        }
        Array.Sort(values);
        return values[Math.Min(values.Length - 1, (int)(share * values.Length))];
    }

    private static Address AddressOf(string text) =>
        Address.TryParse(text, out Address address) ? address : Address.Zero;
}
