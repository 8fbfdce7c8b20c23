using Homeostat.Primitives;

namespace Homeostat.Consensus.Tests;

public class WireTests
{
    private static readonly Vote SampleVote = new(
        VoteKind.Notarize, new Epoch(3), new View(7), Keccak.Hash([1]), new ValidatorIndex(2),
        [2, 3], new Signature(UInt256.FromBigEndian([5]), UInt256.FromBigEndian([6, 7]), true));

    private static readonly Certificate SampleCertificate =
        CertificateVerifier.Assemble(
            [
                SampleVote, SampleVote with { Signer = new ValidatorIndex(0) },
                SampleVote with { Signer = new ValidatorIndex(3), Observation = [] },
            ],
            4);

    private static readonly ConsensusPayload SamplePayload = new(
        new Epoch(3), new View(9), new View(7), 1_700_000_000_123, Keccak.Hash([8]),
        Keccak.Hash([9]), SampleCertificate);

    private static readonly ConsensusPayload AccusingPayload = SamplePayload with
    {
        Evidence = new Evidence(SampleVote, SampleVote),
    };

    private static readonly BlockReference SampleBlock = new(
        new Height(4), new View(9), new View(7), Keccak.Hash([1]), Keccak.Hash([2]), 99);

    private static List<WireMessage> Messages =>
    [
        new HelloMessage(1, new ChainId(4242), Keccak.Hash([1]), FakeSigner.AddressAt(1), new(5)),
        new ProposalMessage([1, 2, 3], SampleVote),
        new VoteMessage(SampleVote),
        new CertificatesMessage([SampleCertificate, SampleCertificate with { View = new(8) }]),
        new RefusalMessage(new RefusalAdvisory(
            new Epoch(3), new View(7), Keccak.Hash([1]), Keccak.Hash([2]), "no",
            new ValidatorIndex(1), SampleVote.Signature)),
        new BlockRequestMessage(Keccak.Hash([1])),
        new BlockResponseMessage([4, 5]),
        new CertificateRequestMessage(new View(3), new View(300)),
        new StatusRequestMessage(Keccak.Hash([1])),
        new StatusResponseMessage(
            Keccak.Hash([1]), new ValidatorIndex(1), SampleCertificate, null,
            SampleVote.Signature),
        new FarewellMessage(new View(40)),
        new SyncRequestMessage(7, new Height(8), 9),
        new SyncResponseMessage(7, [[1], [2, 3]], SampleCertificate),
        new SnapshotRequestMessage(3, new Height(9), new Height(10)),
        new SnapshotResponseMessage(
            3, [1, 2], [3], [[4], [5, 6]], SampleCertificate,
            [new Validator(FakeSigner.AddressAt(1), 3)], [7])
        {
            FirstValidators = [new Validator(FakeSigner.AddressAt(2), 5)],
            Epochs = [new EpochEnd([8], [9], SampleCertificate)],
        },
        new HeadersRequestMessage(4, new Height(11), 3),
        new HeadersResponseMessage(4, [[7], [8, 9]]),
        new RangesRequestMessage(
            5, [new RangeQuery(Keccak.Hash([1]), Hash256.Zero, Keccak.Hash([2]))]),
        new RangesResponseMessage(
            5,
            [
                new StateRange([KeyValuePair.Create(Keccak.Hash([3]), new byte[] { 4 })], [[5]]),
                new StateRange([], []),
            ]),
        new CodesRequestMessage(6, [Keccak.Hash([1]), Keccak.Hash([2])]),
        new CodesResponseMessage(6, [[1, 2, 3], []]),
        new TransactionsMessage([[1, 2], [3]]),
        new TransactionHashesMessage([Keccak.Hash([1])]),
        new TransactionRequestMessage([Keccak.Hash([2])]),
        new BlockBodyMessage(Keccak.Hash([1]), [9, 9]),
        new CompactProposalMessage([1, 2], [3], [1, 2, 3, 4, 5, 6], [4], [5], SampleVote),
        new ProposalPartsRequestMessage(Keccak.Hash([1]), [0, 7]),
        new ProposalPartsMessage(Keccak.Hash([1]), [[1], [2, 3]]),
        new EvidenceMessage(new Evidence(SampleVote, SampleVote)),
    ];

    private static List<JournalRecord> Records =>
    [
        new JournalRecord.OwnVote(SampleVote),
        new JournalRecord.Body(SampleBlock, [1, 2, 3]),
        new JournalRecord.Seen(SampleCertificate),
        new JournalRecord.AbstainThrough(new View(12)),
    ];

    [Fact]
    public void Every_message_and_record_reads_back()
    {
        Assert.Equal(Enum.GetValues<WireKind>(), Messages.Select(message => message.Kind).Order());
        foreach (WireMessage message in Messages)
        {
            byte[] encoded = message.Encode();
            Assert.Null(WireMessage.TryDecode(encoded, out WireMessage? read));
            Assert.Equal(message.GetType(), read!.GetType());
            Assert.Equal(encoded, read.Encode());
        }
        foreach (JournalRecord record in Records)
        {
            byte[] encoded = record.Encode();
            Assert.Null(JournalRecord.TryDecode(encoded, out JournalRecord? read));
            Assert.Equal(record.GetType(), read!.GetType());
            Assert.Equal(encoded, read.Encode());
        }
        foreach (ConsensusPayload sample in (ConsensusPayload[])[SamplePayload, AccusingPayload])
        {
            Assert.Null(ConsensusPayload.TryDecode(sample.Encode(), out var payload));
            Assert.Equal(sample.Hash, payload!.Hash);
        }
    }

    /// <summary>
    /// A change here breaks networks and data folders: raise the version with it.
    /// </summary>
    [Fact]
    public void Encodings_are_pinned()
    {
        ValidatorSet set = ValidatorSet.Create(
            new Validator(FakeSigner.AddressAt(1), 3), new Validator(FakeSigner.AddressAt(0), 1));
        string found = string.Join(
            '\n', HashOf(Messages.Select(message => message.Encode())),
            HashOf(Records.Select(record => record.Encode())), SamplePayload.Hash,
            AccusingPayload.Hash, set.Hash);
        Assert.True(Pinned == found, found);
    }

    /// <summary>The hashes are what viem 2.57's hashTypedData gives for the same data.</summary>
    [Fact]
    public void Digests_are_those_of_typed_data()
    {
        var digests = new VoteDigests(FakeChain.Config);
        Assert.Equal(
            "0x27318bafc68fd50c0b44016bd84a15f7b6d8abf66fb580a3de7db51416362b8f",
            digests.Of(SampleVote).ToString());
        Assert.Equal(
            "0xe6946247adc7d84ab2782d1e5b4ab17b02c82a1f992c1e5b7e8281aab782394e",
            digests.OfRefusal(new(3), new(7), Keccak.Hash([1]), Keccak.Hash([2]), "no").ToString());
        Assert.Equal(
            "0x2df10562802e0d4a81c84cbb503b8895865b4a29af9540e3cc68e3b233f16be3",
            digests.OfStatus(new(3), Keccak.Hash([1]), new(9), new(8)).ToString());
    }

    [Fact]
    public void Mutated_bytes_give_errors_or_messages_never_exceptions()
    {
        var random = new SeededRandom(11);
        byte[][] samples =
        [
            .. Messages.Select(message => message.Encode()),
            .. Records.Select(record => record.Encode()), SamplePayload.Encode(),
        ];
        int refused = 0;
        for (int i = 0; i < 60_000; i++)
        {
            byte[] bytes = Mutate([.. samples[random.NextBelow(samples.Length)]], random);
            refused += WireMessage.TryDecode(bytes, out WireMessage? message) is null ? 0 : 1;
            Assert.True(message is null || message.Encode().Length > 0);
            JournalRecord.TryDecode(bytes, out _);
            ConsensusPayload.TryDecode(bytes, out _);
        }
        Assert.InRange(refused, 20_000, 60_000);
    }

    [Fact]
    public void Oversized_parts_are_refused()
    {
        var vote = SampleVote with { Observation = new byte[WireLimits.MaxObservationBytes + 1] };
        Assert.Contains(
            "observation over", WireMessage.TryDecode(new VoteMessage(vote).Encode(), out _));
        var many = new CertificatesMessage(
            [.. Enumerable.Repeat(SampleCertificate, WireLimits.MaxCertificates + 1)]);
        Assert.Contains("list over", WireMessage.TryDecode(many.Encode(), out _));
        Assert.Contains("message over", WireMessage.TryDecode(
            new byte[WireLimits.MaxMessageBytes + 1], out _));
        Assert.Contains("unknown kind", WireMessage.TryDecode([200, 0xc0], out _));
    }

    private static byte[] Mutate(byte[] bytes, SeededRandom random)
    {
        int changes = 1 + random.NextBelow(4);
        for (int i = 0; i < changes; i++)
        {
            bytes[random.NextBelow(bytes.Length)] = (byte)random.NextBelow(256);
        }
        return random.Chance(1, 5) ? bytes[..random.NextBelow(bytes.Length)] : bytes;
    }

    private static string HashOf(IEnumerable<byte[]> parts) =>
        Keccak.Hash([.. parts.SelectMany(part => part)]).ToString();

    /// <summary>Messages, journal records, payload, validator set.</summary>
    private const string Pinned =
        "0xb47bb885dd07fe69d02c5531364fbe1e4be7ecd3910d5294b57e95a424319c9e\n" +
        "0x102fb3438b20fabafe0d339a97a030ca446d9b0d5df5fbc6af2a686c0c7bef04\n" +
        "0x80912210ff87aa5eacbe7e13a02cfede09d2dfea1aedbf190698d9c72ccadbe5\n" +
        "0x249c8c3d6cbd9c368ece162ed6239a200b49360a6f30034d2601bd593dc6595e\n" +
        "0xd6b5faccd89c509188edbe1b1426d82d27c5081e821d46cb50d20ed3ea49d267";
}
