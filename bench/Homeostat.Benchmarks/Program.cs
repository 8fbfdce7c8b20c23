using Homeostat.Benchmarks.Evm;
using Homeostat.Evm;

switch (args.FirstOrDefault())
{
    case "evm-loops":
        LoopBench.Run(new EvmEngine(), args.ElementAtOrDefault(1) ?? "");
        return 0;
    default:
        Console.Error.WriteLine("usage: evm-loops [name]");
        return 1;
}
