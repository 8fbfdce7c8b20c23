using System.Globalization;
using System.IO.Compression;

namespace Homeostat.Simulator;

/// <summary>One recorded series in samples of equal numbers of recorded blocks.</summary>
/// <param name="Activity">Gas or transactions a sample; all 1 where only prices are known.</param>
/// <param name="Fee">Price of each sample; all 1 where none is known.</param>
/// <param name="GasPerTransaction">Of each sample; 0 where it is not known.</param>
internal sealed record DemandRecordSeries(
    string Name, double[] Activity, double[] Fee, double[] GasPerTransaction)
{
    public int Count => Activity.Length;
}

/// <summary>
/// What of a folder of tables can drive a market: any .csv.gz with a block number and gas used,
/// transactions or a base fee, found by column names. Everything else is named with the reason.
/// </summary>
internal sealed class DemandFolder
{
    /// <summary>Recorded blocks a sample covers, where the series is long enough.</summary>
    private const int BlocksPerSample = 15;

    private const int LeastSamples = 100;
    private static readonly string[] Numbers = ["number", "block", "block_number", "height"];
    private static readonly string[] Gas = ["gas_used", "gasused"];
    private static readonly string[] Counts = ["transaction_count", "txs", "tx_count"];
    private static readonly string[] Fees =
        ["base_fee_per_gas", "base_fee_per_gas_wei", "base_fee_gwei", "base_fee"];

    private readonly List<Table> _tables = [];
    private readonly List<string> _notes = [];

    public List<DemandRecordSeries> Series { get; } = [];

    /// <summary>One line a file: how it was used, or why not.</summary>
    public IReadOnlyList<string> Notes => _notes;

    public static DemandFolder Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"there is no folder {folder}");
        }
        var found = new DemandFolder();
        string[] files = Directory.GetFiles(folder, "*.csv.gz", SearchOption.AllDirectories);
        Array.Sort(files, StringComparer.Ordinal);
        foreach (string file in files)
        {
            found.ReadTable(file, Path.GetRelativePath(folder, file).Replace('\\', '/'));
        }
        found.Join();
        return found;
    }

    private void ReadTable(string file, string name)
    {
        if (name.Contains("loadtest", StringComparison.OrdinalIgnoreCase))
        {
            _notes.Add($"not usable: {name}: nobody's demand but a load generator's");
            return;
        }
        try
        {
            using var reader = new StreamReader(
                new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
            string[] header = (reader.ReadLine() ?? "").Split(',');
            int Column(string[] names) => Array.FindIndex(
                header, cell => names.Contains(cell.Trim().Trim('"').ToLowerInvariant()));
            var table = new Table(name, Column(Gas), Column(Counts), Column(Fees));
            int number = Column(Numbers);
            if (number < 0 || (table.Gas < 0 && table.Count < 0 && table.Fee < 0))
            {
                _notes.Add($"not usable: {name}: no block number with gas, count or price");
                return;
            }
            for (string? line = reader.ReadLine(); line is not null; line = reader.ReadLine())
            {
                table.Add(line.Split(','), number);
            }
            if (table.Rows.Count < LeastSamples)
            {
                _notes.Add($"not usable: {name}: {table.Rows.Count} blocks are too few");
                return;
            }
            if (2 * table.Rows.Values.Count(r => r.Gas + r.Count + r.Fee > 0) < table.Rows.Count)
            {
                _notes.Add($"not usable: {name}: most blocks say nothing");
                return;
            }
            _tables.Add(table);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            _notes.Add($"not usable: {name}: {failure.Message}");
        }
    }

    // A series without prices takes those of a table that covers the same blocks of, by the first
    // letters of the files' names, the same chain; a table of
    // prices alone stands for blocks that used their target, as EIP-1559's do in the mean.
    private void Join()
    {
        foreach (Table table in _tables)
        {
            Table? prices = table.Fee >= 0 ? table : _tables.Find(
                t => t.Fee >= 0 && t.Chain == table.Chain
                    && t.First <= table.First + 1_000 && t.Last >= table.Last - 1_000);
            Series.Add(table.Sample(prices, BlocksPerSample, LeastSamples));
            string with = prices is null ? "no prices"
                : prices == table ? "its prices" : "prices of " + prices.Name;
            string by = table.Gas >= 0 ? "gas"
                : table.Count >= 0 ? "transactions" : "blocks at target";
            _notes.Add($"used: {table.Name}: {Series[^1].Count} samples of {by}, {with}");
        }
    }

    private sealed record Row(double Gas, double Count, double Fee);

    private sealed record Table(string Name, int Gas, int Count, int Fee)
    {
        public SortedDictionary<long, Row> Rows { get; } = [];

        public string Chain { get; } = Path.GetFileName(Name)[..3].ToLowerInvariant();

        public long First => Rows.Keys.First();

        public long Last => Rows.Keys.Last();

        // Rows of one block add up; a cell that is no number counts as 0.
        public void Add(string[] cells, int number)
        {
            if (number >= cells.Length
                || !long.TryParse(cells[number], CultureInfo.InvariantCulture, out long block))
            {
                return;
            }
            Row before = Rows.TryGetValue(block, out Row? known) ? known : new Row(0, 0, 0);
            Rows[block] = new Row(
                before.Gas + Cell(cells, Gas), before.Count + Cell(cells, Count),
                Math.Max(before.Fee, Cell(cells, Fee)));
        }

        public DemandRecordSeries Sample(Table? prices, int blocks, int least)
        {
            // Of prices one in fifteen blocks says what they were; gas of single blocks varies with
            // who built them, so of gas a sample is a mean of fifteen records, near or apart.
            long step = Gas >= 0 || Count >= 0
                ? 1
                : Math.Max(1, (Last - First) / Math.Max(Rows.Count - 1, 1));
            int size = (int)Math.Clamp(Math.Min(blocks / step, Rows.Count / least), 1, blocks);
            var activity = new List<double>();
            var fee = new List<double>();
            var share = new List<double>();
            List<KeyValuePair<long, double>> known = prices is null ? [] :
                [.. prices.Rows.Select(p => KeyValuePair.Create(p.Key, p.Value.Fee))];
            int at = 0;
            foreach (KeyValuePair<long, Row>[] group in Rows.Chunk(size))
            {
                double gas = group.Sum(r => r.Value.Gas);
                double count = group.Sum(r => r.Value.Count);
                while (at + 1 < known.Count && known[at + 1].Key <= group[^1].Key)
                {
                    at++;
                }
                activity.Add(Gas >= 0 ? gas : Count >= 0 ? count : group.Length);
                fee.Add(known.Count == 0 ? 1 : Math.Max(known[at].Value, 1e-9));
                share.Add(gas > 0 && count > 0 ? gas / count : 0);
            }
            return new DemandRecordSeries(Name, [.. activity], [.. fee], [.. share]);
        }

        private static double Cell(string[] cells, int column) =>
            column >= 0 && column < cells.Length && double.TryParse(
                cells[column], NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && double.IsFinite(value) && value > 0 ? value : 0;
    }
}
