using System.CommandLine;
using Homeostat.Node.Chaos;
using Homeostat.Node.Commands;
using Homeostat.Node.Explain;
using Homeostat.Node.Replay;

var root = new RootCommand("Homeostat: an EVM network that steers itself")
{
    UpCommand.Create(),
    NodeCommand.Create(),
    InitCommand.Create(),
    KeyCommand.Create(),
    ReplayCommand.Create(),
    ExplainCommand.Create(),
    VerifyCommand.Create(),
    SimCommand.Create(),
    ChaosCommand.Create(),
    DoctorCommand.Create(),
};

ParseResult parsed = root.Parse(args);

// Commands listen to signals themselves: a network needs longer than a default to stop.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null };
int code = await parsed.InvokeAsync(invocation).ConfigureAwait(false);
return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
