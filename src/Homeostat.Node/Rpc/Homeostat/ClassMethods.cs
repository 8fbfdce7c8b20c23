using System.Text.Json;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Rpc;

/// <summary>
/// homeostat_classes: what each class costs now and how long it waits, from the posted prices and
/// what this node's pool holds.
/// </summary>
internal sealed class ClassMethods(RpcContext context)
{
    private static readonly string[] Names = ["standard", "fast", "urgent"];

    private volatile CachedWaits? _waits;

    public void Register(RpcTable.Builder table) => table.Add("homeostat_classes", GetClasses);

    /// <summary>
    /// The prices that the block after this one is likely to have; null on an Ethereum chain.
    /// </summary>
    public ClassPrices? PricesAfter(RpcBlock block)
    {
        if (context.Rules.At(block.Header).FeePool is null)
        {
            return null;
        }
        if (ClassPrices.FromExtraData(block.Header.ExtraData) is { } posted)
        {
            return posted;
        }
        OrderingParameters vector = VectorAt(block); // Genesis posts none.
        return new ClassPrices(vector.FastPremium, vector.UrgentPremium, vector.InclusionFee);
    }

    /// <summary>
    /// What to offer to be of a class also when its price rises by one step of the loop, a quarter;
    /// but never so much that it is of the next class, which costs more.
    /// </summary>
    public static UInt256 Suggest(ClassPrices prices, FeeClass wanted)
    {
        UInt256 price = prices.PremiumOf(wanted);
        UInt256 roomy = price + price / 4;
        bool isBelowNext = wanted != FeeClass.Fast || prices.Urgent <= prices.Fast
            || roomy < prices.Urgent;
        return isBelowNext ? roomy : prices.Urgent - UInt256.One;
    }

    private void GetClasses(RpcParams arguments, Utf8JsonWriter result)
    {
        RpcBlock head = context.Chain.Head;
        if (PricesAfter(head) is not { } prices)
        {
            throw RpcException.Server("this chain has no classes");
        }
        ulong[] waits = WaitsAfter(head, prices);
        result.WriteStartObject();
        result.Quantity("blockNumber"u8, head.Number);
        result.Quantity("baseFeePerGas"u8, head.BaseFee);
        result.Quantity("inclusionFeePerGas"u8, prices.InclusionFee);
        result.WriteStartArray("classes"u8);
        for (int i = 0; i < ClassPrices.Classes; i++)
        {
            var feeClass = (FeeClass)i;
            result.WriteStartObject();
            result.WriteString("name"u8, Names[i]);
            result.Quantity("premiumPerGas"u8, prices.PremiumOf(feeClass));
            result.Quantity("maxPriorityFeePerGas"u8, Suggest(prices, feeClass));
            result.Quantity("expectedWaitMs"u8, waits[i]);
            result.WriteEndObject();
        }
        result.WriteEndArray();
        result.WriteEndObject();
    }

    private static OrderingParameters VectorAt(RpcBlock block) => block.State is { } state
        ? OrderingParameters.Read(new StateStorage(state))
        : default;

    private ulong[] WaitsAfter(RpcBlock head, ClassPrices prices)
    {
        if (_waits is { } cached && ReferenceEquals(cached.Head, head))
        {
            return cached.WaitsMs;
        }
        ulong[] waits = ComputeWaits(head, prices);
        _waits = new CachedWaits(head, waits);
        return waits;
    }

    /// <summary>
    /// Blocks come one interval apart, and a transaction's class gives it the same chance in each:
    /// on the average it waits interval / chance.
    /// </summary>
    private ulong[] ComputeWaits(RpcBlock head, ClassPrices prices)
    {
        double[] pending = new double[ClassPrices.Classes];
        foreach (PooledSender sender in context.Chain.View.Pool.Senders())
        {
            FeeClass most = FeeClass.Urgent;
            foreach (PooledTransaction entry in sender.Transactions.Take(sender.ExecutableCount))
            {
                if (entry.MaxFeePerGas < head.BaseFee)
                {
                    break;
                }
                FeeClass own = prices.ClassOf(
                    entry.MaxFeePerGas, entry.MaxPriorityFeePerGas, head.BaseFee);
                most = own < most ? own : most;
                pending[(int)most] += entry.GasLimit;
            }
        }
        OrderingParameters vector = VectorAt(head);
        double block = head.Header.GasLimit - Math.Min(
            head.Header.GasLimit, SteeringProgram.GasLimit);
        double[] served = QuotaFlow.Serve(
            pending, block, vector.UrgentShare / 10_000.0, vector.FastShare / 10_000.0);
        double intervalMs = head.State is { } state
            ? ChainParameters.FromWord(state.GetStorage(
                PredeployAddresses.Constitution, ChainParameters.Slot)).BlockIntervalMs
            : 0;
        ulong[] waits = new ulong[ClassPrices.Classes];
        for (int i = 0; i < waits.Length; i++)
        {
            double chance = pending[i] == 0 ? ChanceOfNext(pending, block, vector, i)
                : served[i] / pending[i];
            waits[i] = (ulong)Math.Min(
                Math.Max(intervalMs, 1) / Math.Max(chance, 1e-6), long.MaxValue);
        }
        return waits;
    }

    /// <summary>Of a transfer in a class that nothing waits in.</summary>
    private static double ChanceOfNext(
        double[] pending, double block, OrderingParameters vector, int index)
    {
        double[] more = [.. pending];
        more[index] += 21_000;
        return QuotaFlow.Serve(
            more, block, vector.UrgentShare / 10_000.0, vector.FastShare / 10_000.0)[index]
            / more[index];
    }

    private sealed record CachedWaits(RpcBlock Head, ulong[] WaitsMs);
}

/// <summary>The quotas of docs/spec/ordering.md on amounts of gas, in the mean.</summary>
internal static class QuotaFlow
{
    /// <summary>How much of each class's gas one block takes.</summary>
    public static double[] Serve(
        double[] pending, double block, double urgentShare, double fastShare)
    {
        double[] left = [.. pending];
        double room = block;
        Fill([2], urgentShare * block);
        Fill([1, 2], fastShare * block);
        Fill([0, 1, 2], room);
        return [.. pending.Select((gas, i) => gas - left[i])];

        void Fill(int[] classes, double credit)
        {
            double wanted = classes.Sum(i => left[i]);
            double share = wanted == 0 ? 0 : Math.Min(1, Math.Min(credit, room) / wanted);
            foreach (int i in classes)
            {
                room -= left[i] * share;
                left[i] -= left[i] * share;
            }
        }
    }
}
