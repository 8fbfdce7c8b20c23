using System.Reflection;
using System.Runtime.InteropServices;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Homeostat.Arm64;

/// <summary>
/// Runs assemblies as they were built for any machine on the runtime that this program was
/// published with. `test ASSEMBLY WORD …`: its xunit tests whose full name has one of the words.
/// `exec ASSEMBLY ARGUMENT …`: its entry point. Both say on standard error what they run on.
/// </summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        Console.Error.WriteLine($"{RuntimeInformation.ProcessArchitecture}, "
            + $"{RuntimeInformation.FrameworkDescription}, "
            + $"little-endian: {BitConverter.IsLittleEndian}");
        if (arguments is not [("test" or "exec") and var verb, var path, .. var rest])
        {
            Console.Error.WriteLine("usage: test ASSEMBLY WORD … | exec ASSEMBLY ARGUMENT …");
            return 2;
        }
        // References that are not this program's own are looked for beside the assembly.
        Assembly assembly = Assembly.LoadFrom(Path.GetFullPath(path));
        return verb == "test" ? RunTests(assembly, rest) : Execute(assembly, rest);
    }

    private static int Execute(Assembly assembly, string[] arguments)
    {
        object? code = assembly.EntryPoint!.Invoke(null, [arguments]);
        return code is int number ? number : 0;
    }

    private static int RunTests(Assembly assembly, string[] words)
    {
        using var framework = new XunitTestFramework(new Xunit.Sdk.NullMessageSink());
        var sink = new Sink(words);
        using ITestFrameworkDiscoverer discoverer =
            framework.GetDiscoverer(Reflector.Wrap(assembly));
        discoverer.Find(false, sink, new Options());
        sink.WaitForDiscovery();
        using ITestFrameworkExecutor executor = framework.GetExecutor(assembly.GetName());
        executor.RunTests(sink.Cases, sink, new Options());
        sink.WaitForTests();
        Console.WriteLine($"{sink.Passed} passed, {sink.Failed} failed");
        return sink.Failed == 0 && sink.Passed != 0 ? 0 : 1;
    }

    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> _values = new()
        {
            ["xunit.execution.DisableParallelization"] = true,
        };

        public TValue GetValue<TValue>(string name) =>
            _values.TryGetValue(name, out object? value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }

    private sealed class Sink(string[] words) : LongLivedMarshalByRefObject, IMessageSink
    {
        private readonly TaskCompletionSource _discovered = new();
        private readonly TaskCompletionSource _over = new();

        public List<ITestCase> Cases { get; } = [];

        public int Passed { get; private set; }

        public int Failed { get; private set; }

        public void WaitForDiscovery() => _discovered.Task.Wait();

        public void WaitForTests() => _over.Task.Wait();

        public bool OnMessage(IMessageSinkMessage message)
        {
            switch (message)
            {
                case ITestCaseDiscoveryMessage found when IsWanted(found.TestCase):
                    Cases.Add(found.TestCase);
                    break;
                case IDiscoveryCompleteMessage:
                    _discovered.SetResult();
                    break;
                case ITestPassed passed:
                    Passed++;
                    Console.WriteLine(
                        $"  {passed.ExecutionTime,6:0.0} s {passed.Test.DisplayName}");
                    break;
                case ITestFailed failed:
                    Fail($"{failed.Test.DisplayName}: {string.Join(' ', failed.Messages)}");
                    break;
                case ITestAssemblyFinished:
                    _over.SetResult();
                    break;
                // What fails outside a test, as a class that can't be made ready.
                case IFailureInformation other:
                    Fail(string.Join(' ', other.Messages));
                    break;
            }
            return true;
        }

        private void Fail(string what)
        {
            Failed++;
            Console.WriteLine($"  FAILED {what}");
        }

        private bool IsWanted(ITestCase test)
        {
            string name = $"{test.TestMethod.TestClass.Class.Name}.{test.TestMethod.Method.Name}";
            return words.Any(word => name.Contains(word, StringComparison.Ordinal));
        }
    }
}
