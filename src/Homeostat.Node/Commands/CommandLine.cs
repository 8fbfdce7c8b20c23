using System.CommandLine;
using Homeostat.Node.Chaos;
using Homeostat.Node.Explain;
using Homeostat.Node.Governance;
using Homeostat.Node.Models;
using Homeostat.Node.Replay;

namespace Homeostat.Node.Commands;

/// <summary>Every command of the binary; docs/cli.md is written from it.</summary>
internal static class CommandLine
{
    public static RootCommand Create() => new("Homeostat: an EVM network that steers itself")
    {
        UpCommand.Create(),
        NodeCommand.Create(),
        CheckpointCommand.Create(),
        RecoverCommand.Create(),
        InitCommand.Create(),
        KeyCommand.Create(),
        ReplayCommand.Create(),
        ExplainCommand.Create(),
        VerifyCommand.Create(),
        ModelCommand.Create(),
        GovernanceCommand.Create(),
        EvalCommand.Create(),
        SimCommand.Create(),
        ChaosCommand.Create(),
        BackupCommands.CreateBackup(),
        BackupCommands.CreateRestore(),
        DoctorCommand.Create(),
    };
}
