using Homeostat.Node.Keys;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Supervision;

/// <summary>
/// The data folder of `up`: genesis.json, and a folder a validator with its key, chain and log.
/// Made at first use, found again later.
/// </summary>
internal sealed class DevelopmentFolder
{
    private const int DefaultValidators = 4;

    private DevelopmentFolder(string path, DevelopmentNetwork network)
    {
        Path = path;
        Network = network;
    }

    public string Path { get; }

    public DevelopmentNetwork Network { get; }

    public string GenesisFile => System.IO.Path.Combine(Path, "genesis.json");

    public int Validators => Network.Validators.Count;

    public string ValidatorFolder(int index) => System.IO.Path.Combine(Path, $"validator-{index}");

    public string KeyFileOf(int index) =>
        System.IO.Path.Combine(ValidatorFolder(index), "nodekey");

    public string LogFileOf(int index) =>
        System.IO.Path.Combine(ValidatorFolder(index), "node.log");

    /// <exception cref="UpException">
    /// The folder is of another network, or can't be made.
    /// </exception>
    public static DevelopmentFolder Open(string path, int? validators)
    {
        path = System.IO.Path.GetFullPath(path);
        string genesisFile = System.IO.Path.Combine(path, "genesis.json");
        try
        {
            return File.Exists(genesisFile)
                ? Find(path, genesisFile, validators)
                : Make(path, validators ?? DefaultValidators);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UpException($"data folder {path}: {error.Message} (--datadir names another)");
        }
    }

    private static DevelopmentFolder Make(string path, int validators)
    {
        DevelopmentNetwork network = DevelopmentNetwork.Create(validators);
        var folder = new DevelopmentFolder(path, network);
        for (int i = 0; i < validators; i++)
        {
            Directory.CreateDirectory(folder.ValidatorFolder(i));
            KeyFile.Write(folder.KeyFileOf(i), network.Validators[i].PrivateKey);
        }
        // Last: a folder with a genesis file is a whole one.
        File.WriteAllBytes(folder.GenesisFile, network.Genesis.ToJson());
        return folder;
    }

    private static DevelopmentFolder Find(string path, string genesisFile, int? validators)
    {
        if (!GenesisDocument.TryParse(
            File.ReadAllBytes(genesisFile), out GenesisDocument? genesis, out string? error))
        {
            throw new UpException(
                $"{genesisFile} is not a genesis file ({error}): remove the folder, or give "
                + "another --datadir");
        }
        IReadOnlyList<GenesisValidator> stored = genesis!.Config.Validators;
        if (validators is { } asked && asked != stored.Count)
        {
            throw new UpException(
                $"data folder {path} holds a network of {stored.Count} validators, not {asked}: "
                + $"leave out --validators, give another --datadir, or remove the folder");
        }
        DevelopmentNetwork network = DevelopmentNetwork.Create(stored.Count) with
        {
            Genesis = genesis,
        };
        Address[] keys = [.. network.Validators.Select(x => x.Address)];
        if (genesis.Config.ChainId != DevelopmentNetwork.ChainId
            || !keys.SequenceEqual(stored.Select(x => x.Address)))
        {
            throw new UpException(
                $"data folder {path} holds another network (chain id {genesis.Config.ChainId}), "
                + "whose keys `up` doesn't have: give another --datadir");
        }
        return new DevelopmentFolder(path, network);
    }
}
