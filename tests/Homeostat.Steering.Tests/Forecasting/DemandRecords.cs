using System.Globalization;
using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

/// <summary>Recorded demand, block by block, from the shared data.</summary>
internal static class DemandRecords
{
    /// <summary>Transactions per block, 12,965,000 to 13,000,000, 5 to 10 August 2021.</summary>
    public const string August2021 = "data/demand/eth_txcount_aug2021/Ethereum_block.csv.gz";

    /// <summary>Millions of gas per block, 29 January 2026.</summary>
    public const string January2026 = "data/demand/mainnet_1000_blocks_jan2026/blocks.csv.gz";

    /// <summary>Millions of gas per block of a test network under synthetic load.</summary>
    public const string LoadTest2021 =
        "data/demand/eip1559_testnet_loadtest_2021/blocks.csv.gz";

    public static DemandSeries? TransactionsOfAugust2021() =>
        Read(August2021, numberColumn: 2, valueColumn: 3, divisor: 1);

    public static DemandSeries? GasOfJanuary2026() =>
        Read(January2026, numberColumn: 0, valueColumn: 3, divisor: 1_000_000);

    public static DemandSeries? GasOfLoadTest() =>
        Read(LoadTest2021, numberColumn: 0, valueColumn: 1, divisor: 1_000_000);

    private static DemandSeries? Read(string path, int numberColumn, int valueColumn, long divisor)
    {
        if (SharedData.ReadLines(path) is not { } lines)
        {
            return null;
        }
        var byNumber = new SortedDictionary<long, Fixed>();
        foreach (string line in lines.Skip(1))
        {
            string[] cells = line.TrimEnd('\r').Split(',');
            long number = long.Parse(cells[numberColumn], CultureInfo.InvariantCulture);
            long value = long.Parse(cells[valueColumn], CultureInfo.InvariantCulture);
            byNumber[number] = Fixed.FromRatio(value, divisor);
        }
        return new DemandSeries([.. byNumber.Values]);
    }
}
