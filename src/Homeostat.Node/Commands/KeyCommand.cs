using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Homeostat.Node.Keys;
using Homeostat.Primitives;

namespace Homeostat.Node.Commands;

/// <summary>`homeostat key`: keystore V3 files, as geth keeps them.</summary>
internal static class KeyCommand
{
    private const string Folder = "./.homeostat/keystore";

    public static Command Create()
    {
        var command = new Command("key", "Make and list keys (keystore V3)");
        command.Subcommands.Add(CreateNew());
        command.Subcommands.Add(CreateList());
        return command;
    }

    private static Command CreateNew()
    {
        var command = new Command("new", "Make a key and print its address");
        var folder = new Option<string>("--keystore")
        {
            Description = $"Folder of keystore files (default {Folder})",
            DefaultValueFactory = _ => Folder,
        };
        var password = new Option<string?>("--password")
        {
            Description = "File whose first line is the password; else it is asked for",
        };
        var light = new Option<bool>("--lightkdf")
        {
            Description = "Less memory and time, less safety, as in geth",
        };
        command.Options.Add(folder);
        command.Options.Add(password);
        command.Options.Add(light);
        command.SetAction(parsed => MakeKey(
            parsed.GetValue(folder)!, parsed.GetValue(password), parsed.GetValue(light)));
        return command;
    }

    private static Command CreateList()
    {
        var command = new Command("list", "List the addresses of a keystore folder");
        var folder = new Option<string>("--keystore")
        {
            Description = $"Folder of keystore files (default {Folder})",
            DefaultValueFactory = _ => Folder,
        };
        command.Options.Add(folder);
        command.SetAction(parsed => List(parsed.GetValue(folder)!));
        return command;
    }

    private static int MakeKey(string folder, string? passwordFile, bool light)
    {
        try
        {
            string? password = passwordFile is null
                ? AskPassword()
                : File.ReadLines(passwordFile).FirstOrDefault();
            if (string.IsNullOrEmpty(password))
            {
                Console.Error.WriteLine("homeostat key: the password must not be empty");
                return ExitCode.Usage;
            }
            Hash256 key = KeystoreV3.NewKey();
            int cost = light ? KeystoreV3.LightCost : KeystoreV3.StandardCost;
            string address = Secp256k1.AddressOf(key).ToString()[2..];
            string time = DateTime.UtcNow.ToString(
                "yyyy-MM-dd'T'HH-mm-ss.fffffff'00Z'", CultureInfo.InvariantCulture);
            string file = Path.Combine(folder, $"UTC--{time}--{address}");
            Directory.CreateDirectory(folder);
            KeyFile.WritePrivate(file, KeystoreV3.Encrypt(key, password, cost));
            Console.WriteLine($"{Secp256k1.AddressOf(key).ToChecksum()}  {file}");
            return ExitCode.Done;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"homeostat key: {error.Message}");
            return ExitCode.Failed;
        }
    }

    private static int List(string folder)
    {
        if (!Directory.Exists(folder))
        {
            Console.Error.WriteLine(
                $"homeostat key: no folder {folder} (--keystore names another)");
            return ExitCode.Failed;
        }
        foreach (string file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            if (TryReadAddress(file, out Address address))
            {
                Console.WriteLine($"{address.ToChecksum()}  {file}");
            }
        }
        return ExitCode.Done;
    }

    private static bool TryReadAddress(string file, out Address address)
    {
        address = default;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            return document.RootElement.TryGetProperty("address", out JsonElement text)
                && Address.TryParse(text.GetString(), out address);
        }
        catch (Exception error) when (error is JsonException or IOException
            or InvalidOperationException)
        {
            return false; // Not a keystore file: listed folders hold others too.
        }
    }

    private static string? AskPassword()
    {
        if (Console.IsInputRedirected)
        {
            return Console.ReadLine();
        }
        string first = ReadHidden("password: ");
        if (first == ReadHidden("again: "))
        {
            return first;
        }
        Console.Error.WriteLine("homeostat key: the passwords differ");
        return null;
    }

    private static string ReadHidden(string prompt)
    {
        Console.Error.Write(prompt);
        var text = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                text.Append(key.KeyChar);
            }
        }
        Console.Error.WriteLine();
        return text.ToString();
    }
}
