using System.CommandLine;
using Homeostat.Node.Commands;

ParseResult parsed = CommandLine.Create().Parse(args);

// Commands listen to signals themselves: a network needs longer than a default to stop.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null };
int code = await parsed.InvokeAsync(invocation).ConfigureAwait(false);
return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
