using System.Diagnostics;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// What <see cref="MeasuredCosts"/> holds, measured on this machine; all but the disk, which the
/// simulator has none of. Microseconds; medians, as other processes only ever add to a time.
/// </summary>
public sealed record CostMeasurement(
    double BlockUs, double TransferUs, double IntakeUs, double RecoverUs, double SignUs)
{
    private const long Second = 1_000_000;
    private const int WarmUpBlocks = 200;
    private const int Signatures = 1_500;
    private const int WarmUpSignatures = 500;

    public static CostMeasurement Take()
    {
        (double block, double transfer) = MeasureBlocks();
        var key = new Hash256(Keccak.Hash("a key to measure with"u8).Bytes);
        Hash256[] digests = new Hash256[Signatures];
        for (int i = 0; i < digests.Length; i++)
        {
            digests[i] = Keccak.Hash(BitConverter.GetBytes(i));
        }
        Signature[] signed = new Signature[Signatures];
        double sign = MedianUs(i => signed[i] = Secp256k1.Sign(digests[i], key));
        double recover = MedianUs(
            i => Invariant.Require(Secp256k1.TryRecover(digests[i], signed[i], out _)));
        byte[][] raw = [.. Enumerable.Range(0, Signatures).Select(i => Transfer(key, (ulong)i))];
        double intake = MedianUs(i => Invariant.Require(
            Transaction.TryDecode(raw[i], out Transaction transaction, out _)
            && RecoveredTransaction.TryRecover(transaction, out _)));
        return new CostMeasurement(block, transfer, intake, recover, sign);
    }

    /// <summary>
    /// Every verification of a simulated network's blocks, timed: the median of those without
    /// transfers, and by how much each transfer of the others adds to it.
    /// </summary>
    private static (double BlockUs, double TransferUs) MeasureBlocks()
    {
        var empty = new List<double>();
        var perTransfer = new List<double>();
        int seen = 0;
        var cluster = new Cluster(1, new ClusterSetup(SimulationRunner.Network(4)))
        {
            Watch = (_, effect) =>
            {
                if (effect is ReplicaEffect.Work { Task: VerifyWork work }
                    && Timed(work) is var (transfers, us) && ++seen > WarmUpBlocks)
                {
                    if (transfers == 0)
                    {
                        empty.Add(us);
                    }
                    else if (transfers >= 10 && empty.Count > 0)
                    {
                        perTransfer.Add((us - Median(empty)) / transfers);
                    }
                }
            },
        };
        cluster.StartAll();
        for (int i = 1; i <= 6; i++)
        {
            cluster.Load(200, cluster.NowUs + 10 * Second);
            cluster.RunUntil(cluster.NowUs + 30 * Second);
        }
        return (Median(empty), Median(perTransfer));
    }

    /// <summary>A work is a pure function: it may be run once more beside the simulation.</summary>
    private static (int Transfers, double Us) Timed(VerifyWork work)
    {
        long start = Stopwatch.GetTimestamp();
        WorkResult result = WorkRunner.Run(work);
        double us = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        return result is VerifyWork.Valid valid
            ? (valid.Block.Block.Transactions.Count - 1, us)
            : (-1, us);
    }

    private static byte[] Transfer(in Hash256 key, ulong nonce) => new Transaction
    {
        Type = TransactionType.DynamicFee,
        ChainId = DevelopmentNetwork.ChainId.Value,
        Nonce = nonce,
        MaxFee = 1_000_000_000,
        GasLimit = 21_000,
        To = Address.FromNumber(1),
        Value = 1,
    }.Sign(key).Encoded.ToArray();

    private static double MedianUs(Action<int> act)
    {
        var times = new List<double>();
        for (int i = 0; i < Signatures; i++)
        {
            long start = Stopwatch.GetTimestamp();
            act(i);
            if (i >= WarmUpSignatures)
            {
                times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        }
        return Median(times);
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }
}
