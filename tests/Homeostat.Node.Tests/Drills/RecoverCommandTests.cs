using Homeostat.Node.Commands;
using Homeostat.Node.Store;
using Homeostat.Primitives;
using Homeostat.Replica;
using Homeostat.Simulator;
using Microsoft.Extensions.Logging.Abstractions;

namespace Homeostat.Node.Tests.Drills;

/// <summary>What `homeostat recover` takes, refuses and writes.</summary>
public sealed class RecoverCommandTests
{
    [Fact]
    public void It_records_what_operators_agreed_on_and_refuses_what_undoes_final_blocks()
    {
        string folder = Directory.CreateTempSubdirectory("homeostat-recover").FullName;
        try
        {
            var chain = new QuickChain(new QuickChainOptions
            {
                Blocks = 5, Accounts = 5, Contracts = 0, EndMs = 1_780_000_000_000,
            });
            GenesisDocument genesis = chain.Network.Genesis;
            string file = Path.Combine(folder, "genesis.json");
            File.WriteAllBytes(file, genesis.ToJson());
            PersistBatch[] batches = [.. chain.Make()];
            using (var store = new NodeStore(
                folder, genesis.Config.ChainId, GenesisIdentity.HashOf(genesis), 10,
                error => throw error, NullLogger.Instance))
            {
                store.Commit(batches);
            }
            Address gone = chain.Network.Validators[3].Address;
            string BlockAt(int height) => $"{height}:{batches[height - 1].Finalized[0].Hash}";
            int Run(params string[] rest) => CommandLine.Create()
                .Parse(["recover", "--datadir", folder, "--genesis", file, .. rest]).Invoke();

            Assert.Equal(ExitCode.Done, Run());
            Assert.Equal(ExitCode.Usage, Run("--block", BlockAt(4), "--without", $"{gone}"));
            Assert.Equal(
                ExitCode.Usage, Run("--block", $"5:{Hash256.Zero}", "--without", $"{gone}"));
            Assert.Equal(ExitCode.Usage, Run("--block", BlockAt(5)));
            Assert.Equal(ExitCode.Usage, Run("--block", BlockAt(5), "--without", "0x12"));
            Assert.Empty(RecoveryFile.Read(folder));

            Assert.Equal(ExitCode.Done, Run("--block", BlockAt(5), "--without", $"{gone}"));
            ValidatorRecovery recovery = Assert.Single(RecoveryFile.Read(folder));
            Assert.Equal(new Height(5), recovery.Height);
            Assert.Equal([gone], recovery.Without);
            Hash256 record = RecoveryFile.RecordOf(RecoveryFile.Read(folder));
            Assert.Equal(record, Keccak.Hash(File.ReadAllBytes(RecoveryFile.PathIn(folder))));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
