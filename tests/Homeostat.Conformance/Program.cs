using Homeostat.Conformance;
using Homeostat.Evm;

if (Options.Parse(args) is not { } options)
{
    Console.Error.WriteLine(Options.Usage);
    return 2;
}
ISuite[] suites =
[
    new StateSuite(),
    new BlockchainSuite(),
    new RlpSuite(),
    new TrieSuite(),
    new TransactionSuite(),
    new OpcodeArithmeticSuite(),
    new PrecompileSuite(),
    new CryptoSuite(),
    new SigningSuite(),
    new ExecutionApisSuite(),
];
return new Runner(options, suites, () => new EvmEngine()).Run() == 0 ? 0 : 1;
