using System.CommandLine;
using Homeostat.Node.Client;
using Homeostat.Node.Commands;
using Homeostat.Node.Explain;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Models;

/// <summary>`homeostat model`: train, import, inspect and register models.</summary>
internal static class ModelCommand
{
    public static Command Create() => new("model", "Train, import, inspect and register models.")
    {
        CreateTrain(), CreateImport(), CreateInspect(), CreateRegister(),
    };

    private static Command CreateTrain()
    {
        var series = new Option<FileInfo?>("--series")
        {
            Description = "file with one number a line: millions of gas a second, block by block",
        };
        var rpc = new Option<Uri?>("--rpc")
        {
            Description = "in place of a file: the log in the state of this node's chain",
            CustomParser = ExplainCommand.ParseEndpoint,
        };
        var block = new Option<string>("--block")
        {
            Description = "with --rpc: of the state after this block",
            DefaultValueFactory = _ => "latest",
        };
        var blocks = new Option<int>("--blocks")
        {
            Description = $"with --rpc: the last so many blocks, at most {DemandLog.MaximumBlocks}",
            DefaultValueFactory = _ => DemandLog.MaximumBlocks,
        };
        var horizon = new Option<int>("--horizon")
        {
            Description = "blocks whose mean demand it forecasts",
            DefaultValueFactory = _ => 10,
        };
        var kind = new Option<string>("--kind")
        {
            Description = "linear (least squares) or trees (histogram gradient boosting)",
            DefaultValueFactory = _ => "linear",
        };
        kind.AcceptOnlyFromAmong("linear", "trees");
        var file = new Option<FileInfo?>("--out") { Description = "where to write the bytes" };
        var command = new Command("train", "Train a forecaster of demand, in integers.")
        {
            series, rpc, block, blocks, horizon, kind, file,
        };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(series) is null) == (result.GetValue(rpc) is null))
            {
                result.AddError("name a --series file or an --rpc node, one of them");
            }
        });
        command.SetAction((parsed, cancellation) => GuardAsync(async () =>
        {
            Require(parsed.GetValue(blocks), DemandLog.MaximumBlocks, "--blocks");
            Require(parsed.GetValue(horizon), ushort.MaxValue, "--horizon");
            List<Fixed> samples = parsed.GetValue(series) is { } source
                ? SeriesFile.Read(source)
                : await StateLog.ReadAsync(parsed.GetValue(rpc)!, parsed.GetValue(block)!,
                    parsed.GetValue(blocks), cancellation);
            byte[] model = ModelTraining.Train(
                samples, parsed.GetValue(horizon), parsed.GetValue(kind) == "trees");
            Console.Out.WriteLine($"trained on {samples.Count} blocks");
            return await FinishAsync(model, parsed.GetValue(file), cancellation);
        }));
        return command;
    }

    private static Command CreateImport()
    {
        var source = new Argument<FileInfo>("FILE") { Description = "LightGBM's text format" };
        var horizon = new Option<int>("--horizon")
        {
            Description = "blocks its answer is about; 1 where that means nothing",
            DefaultValueFactory = _ => 1,
        };
        var demand = new Option<bool>("--demand")
        {
            Description = "its features are the eight of demand, in their order",
        };
        var raw = new Option<bool>("--raw-score")
        {
            Description = "where the objective transforms the sum of the trees, take the sum",
        };
        var file = new Option<FileInfo?>("--out") { Description = "where to write the bytes" };
        var command = new Command("import", "Turn a LightGBM model into integers.")
        {
            source, horizon, demand, raw, file,
        };
        command.SetAction((parsed, cancellation) => GuardAsync(async () =>
        {
            LightGbmModel model = LightGbmModel.Parse(
                await File.ReadAllLinesAsync(parsed.GetValue(source)!.FullName, cancellation),
                parsed.GetValue(raw));
            Require(parsed.GetValue(horizon), ushort.MaxValue, "--horizon");
            TreeEnsemble trees = model.ToEnsemble(
                parsed.GetValue(horizon), parsed.GetValue(demand));
            Console.Out.WriteLine(model.ErrorOf(trees).ToString());
            return await FinishAsync(trees.Encode(), parsed.GetValue(file), cancellation);
        }));
        return command;
    }

    private static Command CreateInspect()
    {
        var source = new Argument<FileInfo>("FILE") { Description = "a model's bytes" };
        var command = new Command("inspect", "Say what a model is and what it costs.") { source };
        command.SetAction((parsed, cancellation) => GuardAsync(async () =>
        {
            byte[] bytes = await File.ReadAllBytesAsync(
                parsed.GetValue(source)!.FullName, cancellation);
            Console.Out.Write(ModelTraining.Describe(bytes));
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command CreateRegister()
    {
        var source = new Argument<FileInfo>("FILE") { Description = "a model's bytes" };
        Option<Uri> rpc = ExplainCommand.RpcOption();
        var key = new Option<FileInfo>("--key")
        {
            Description = "file whose first line is the sender's private key in hex",
            Required = true,
        };
        var bond = new Option<string>("--bond")
        {
            Description = "wei to put down, returned after retirement",
            DefaultValueFactory = _ => "1000000000000000000",
        };
        var command = new Command("register", "Put a model on the chain under a bond.")
        {
            source, rpc, key, bond,
        };
        command.SetAction((parsed, cancellation) => GuardAsync(async () =>
        {
            byte[] bytes = await File.ReadAllBytesAsync(
                parsed.GetValue(source)!.FullName, cancellation);
            string line = (await File.ReadAllLinesAsync(
                parsed.GetValue(key)!.FullName, cancellation)).FirstOrDefault() ?? "";
            using var rpcClient = new RpcClient(parsed.GetValue(rpc)!);
            var registration = new ModelRegistration(rpcClient, new Hash256(line.Trim()));
            Hash256 hash = await registration.RegisterAsync(
                bytes, UInt256.Parse(parsed.GetValue(bond)!), cancellation);
            Console.Out.WriteLine($"registered {hash}");
            return ExitCode.Done;
        }));
        return command;
    }

    private static void Require(int value, int most, string option)
    {
        if (value < 1 || value > most)
        {
            throw new InvalidDataException($"{option} is from 1 to {most}");
        }
    }

    private static async Task<int> FinishAsync(
        byte[] model, FileInfo? file, CancellationToken cancellation)
    {
        Console.Out.Write(ModelTraining.Describe(model));
        if (file is not null)
        {
            await File.WriteAllBytesAsync(file.FullName, model, cancellation);
        }
        return ExitCode.Done;
    }

    private static async Task<int> GuardAsync(Func<Task<int>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception e) when (e is RpcException or InvalidDataException or IOException
            or UnauthorizedAccessException or FormatException or ArgumentException
            or OverflowException)
        {
            await Console.Error.WriteLineAsync($"model: {e.Message}");
            return ExitCode.Usage;
        }
    }
}
