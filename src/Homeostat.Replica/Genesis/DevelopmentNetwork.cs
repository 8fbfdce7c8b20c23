using System.Buffers.Binary;
using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>An account whose key everybody knows.</summary>
public sealed record DevelopmentAccount(Address Address, Hash256 PrivateKey)
{
    internal DevelopmentAccount(string address, string privateKey)
        : this(new Address(address), new Hash256(privateKey))
    {
    }
}

/// <summary>
/// A network for one machine, whose every key is public. Never for anything of value: whoever reads
/// this file owns its validators and its accounts.
/// </summary>
public sealed record DevelopmentNetwork(
    GenesisDocument Genesis, IReadOnlyList<DevelopmentAccount> Validators)
{
    /// <summary>Not 31337, which makes Hardhat Ignition ask for methods of its own.</summary>
    public static readonly ChainId ChainId = new(4242);

    /// <summary>Of the funded accounts.</summary>
    public const string Mnemonic =
        "test test test test test test test test test test test junk";

    /// <summary>Fixed, so that the same arguments always give the same genesis.</summary>
    public const ulong GenesisTimeMs = 1_760_000_000_000;

    /// <summary>More would not fit on one machine.</summary>
    public const int MaximumValidators = 64;

    /// <summary>Of each funded account; ample for benchmarks that spread it.</summary>
    public const ulong FundedEther = 1_000_000;

    /// <summary>
    /// 20 Mgas a second, which the loop may quarter or quadruple; blocks of 60 Mgas, so that a
    /// burst of some thousand transactions fits a few; a floor of 0.1 gwei, so that a wallet's
    /// ten-fold fee cap holds through any burst; 250 ms, under which four processes on two cores
    /// keep up.
    /// </summary>
    public static readonly ChainParameters Capacity =
        new(20_000_000, 60_000_000, 100_000_000, 250);

    /// <summary>
    /// Validators' stake votes through so many funded accounts, in turn: a validator's own
    /// account signs each block it leads, so its nonce is no good for other transactions.
    /// </summary>
    public const int Delegates = 4;

    private const ulong EtherInWei = 1_000_000_000_000_000_000;
    private const ulong GuardianExpiryTime = 2_000_000_000;

    /// <summary>m/44'/60'/0'/0/i of <see cref="Mnemonic"/>, i from 0 to 9.</summary>
    public static readonly IReadOnlyList<DevelopmentAccount> FundedAccounts =
    [
        new("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
            "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
        new("0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
        new("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
            "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"),
        new("0x90F79bf6EB2c4f870365E785982E1f101E93b906",
            "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"),
        new("0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
            "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"),
        new("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
            "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"),
        new("0x976EA74026E726554dB657fA54763abd0C3a0aa9",
            "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"),
        new("0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
            "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356"),
        new("0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
            "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97"),
        new("0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
            "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"),
    ];

    /// <summary>
    /// A network of that many equal validators, in the order of their addresses. The same count and
    /// seed give the same keys and the same genesis; node addresses stay empty, as processes on one
    /// machine learn their ports from their supervisor.
    /// </summary>
    public static DevelopmentNetwork Create(
        int validatorCount, ulong seed = 0, Func<ChainConfig, ChainConfig>? change = null) =>
        CreateSignedBy(
            account => new LocalSigner(account.PrivateKey), RevealChain.DefaultLength,
            validatorCount, seed, change);

    /// <summary>The same where something other than the keys signs for the validators.</summary>
    /// <param name="reveals">Blocks each validator can lead before its chain is used up.</param>
    /// <param name="change">Changes what all agree on, before genesis is made of it.</param>
    /// <param name="candidates">
    /// Further keys, after those of genesis, that may bond later; then all have coins.
    /// </param>
    public static DevelopmentNetwork CreateSignedBy(
        Func<DevelopmentAccount, ISigner> signerOf, int reveals, int validatorCount,
        ulong seed = 0, Func<ChainConfig, ChainConfig>? change = null, int candidates = 0)
    {
        Invariant.Require(validatorCount is > 0 and <= MaximumValidators);
        DevelopmentAccount[] validators =
        [
            .. Enumerable.Range(0, validatorCount)
                .Select(i => ValidatorAccount(seed, i)).OrderBy(v => v.Address),
        ];
        var config = new ChainConfig
        {
            ChainId = ChainId,
            GenesisTimeMs = GenesisTimeMs,
            InitialBaseFee = 1_000_000_000,
            Validators =
            [
                .. validators.Select((v, i) => new GenesisValidator(
                    v.Address, 1, "",
                    RevealChain.Of(signerOf(v), ChainId.Value).CommitmentOf(reveals),
                    FundedAccounts[i % Delegates].Address)),
            ],
            Capacity = Capacity,
            Voting = VotingSettings.Development,
            Governance = PredeployAddresses.Timelock,
            Guardian = FundedAccounts[8].Address,
            GuardianExpiryTime = GuardianExpiryTime,
        };
        config = change is null ? config : change(config);
        UInt256 balance = (UInt256)FundedEther * EtherInWei;
        DevelopmentAccount[] others =
        [
            .. Enumerable.Range(validatorCount, candidates)
                .Select(i => ValidatorAccount(seed, i)),
        ];
        DevelopmentAccount[] all = [.. validators, .. others];
        IEnumerable<DevelopmentAccount> funded =
            candidates == 0 ? FundedAccounts : FundedAccounts.Concat(all);
        var genesis = GenesisDocument.Create(
            config, funded.Select(a => KeyValuePair.Create(a.Address, balance)));
        return new DevelopmentNetwork(genesis, all);
    }

    /// <summary>
    /// keccak256("homeostat development validator" ‖ seed ‖ index), big-endian words.
    /// </summary>
    internal static DevelopmentAccount ValidatorAccount(ulong seed, int index)
    {
        byte[] material = new byte[31 + 16];
        "homeostat development validator"u8.CopyTo(material);
        BinaryPrimitives.WriteUInt64BigEndian(material.AsSpan(31), seed);
        BinaryPrimitives.WriteUInt64BigEndian(material.AsSpan(39), (ulong)index);
        Hash256 key = Keccak.Hash(material);
        return new DevelopmentAccount(Secp256k1.AddressOf(key), key);
    }
}
