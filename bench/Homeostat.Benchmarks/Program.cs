using BenchmarkDotNet.Running;
using Homeostat.Benchmarks.Crypto;
using Homeostat.Benchmarks.Evm;
using Homeostat.Benchmarks.Ledger;
using Homeostat.Benchmarks.Steering;
using Homeostat.Evm;

switch (args.FirstOrDefault())
{
    case "evm-loops":
        LoopBench.Run(new EvmEngine(), args.ElementAtOrDefault(1) ?? "");
        return 0;
    case "evm-fixtures" when args.Length > 1:
        return FixtureBench.Run(new EvmEngine(), args[1], args.ElementAtOrDefault(2) ?? "");
    case "evm-dotnet" when args.Length > 1:
        return WorkloadBenchmarks.Run(args[1]);
    case "worst-case" when args.Length > 1:
        return WorstCaseBench.Run(args[1], args.ElementAtOrDefault(3) ?? "");
    case "crypto":
        BenchmarkSwitcher.FromTypes([typeof(CryptoBenchmarks)]).Run(args[1..]);
        return 0;
    case "ledger-transfers":
        TransferBench.Run(int.Parse(args.ElementAtOrDefault(1) ?? "1000", null));
        return 0;
    case "infer":
        return InferBench.Run(int.Parse(args.ElementAtOrDefault(1) ?? "200000", null));
    case "steering-cost":
        return SteeringCostBench.Run(
            int.Parse(args.ElementAtOrDefault(1) ?? "1000", null),
            int.Parse(args.ElementAtOrDefault(2) ?? "60", null));
    default:
        Console.Error.WriteLine(
            "usage: evm-loops [NAME] | evm-fixtures FOLDER [NAME] | evm-dotnet FOLDER "
            + "| worst-case ARCHIVE [--filter TEXT] "
            + "| crypto [BenchmarkDotNet options] | ledger-transfers [TRANSACTIONS] "
            + "| infer [SCORES] "
            + "| steering-cost [TRANSACTIONS] [BLOCKS]");
        return 1;
}
