namespace Homeostat.Conformance;

/// <summary>The command line.</summary>
internal sealed record Options(
    string Archive, string? Filter, string? Fork, string? Suite, bool Trace, int Threads)
{
    public const string Usage =
        "usage: --conformance ARCHIVE [--filter TEXT] [--fork F] [--suite S] [--trace] "
        + "[--threads N]\nARCHIVE: a .tar.br file or the folder it was unpacked to";

    public static Options? Parse(string[] args)
    {
        string? archive = null;
        string? filter = null;
        string? fork = null;
        string? suite = null;
        bool trace = false;
        int threads = 2;
        for (int i = 0; i < args.Length; i++)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--conformance":
                    break;
                case "--filter":
                    filter = value;
                    i++;
                    break;
                case "--fork":
                    fork = value;
                    i++;
                    break;
                case "--suite":
                    suite = value;
                    i++;
                    break;
                case "--threads" when int.TryParse(value, out threads) && threads > 0:
                    i++;
                    break;
                case "--trace":
                    trace = true;
                    break;
                default:
                    archive = args[i];
                    break;
            }
        }
        if (archive is not null && !Path.Exists(archive))
        {
            Console.Error.WriteLine($"conformance: there is no file or folder {archive}");
            return null;
        }
        return archive is null
            ? null
            : new Options(archive, filter, fork, suite, trace, trace ? 1 : threads);
    }
}
