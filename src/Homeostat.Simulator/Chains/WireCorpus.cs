using Homeostat.Consensus;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Simulator;

/// <summary>
/// Wire messages to be mutated: one and more of every kind, well formed, of a real chain, many of
/// them signed by a validator of it.
/// </summary>
public static class WireCorpus
{
    /// <param name="network">Whose chain it is.</param>
    /// <param name="traitor">Which validator signs.</param>
    /// <param name="blocks">Some of its final blocks, in order.</param>
    public static IReadOnlyList<byte[]> Of(
        DevelopmentNetwork network, int traitor, IReadOnlyList<FinalizedBlock> blocks)
    {
        ConsensusConfig config = ReplicaMachine.NetworkOf(network.Genesis);
        var digests = new VoteDigests(config);
        var signer = new LocalSigner(network.Validators[traitor].PrivateKey);
        Vote Signed(VoteKind kind, ulong view, Hash256 hash)
        {
            var vote = new Vote(
                kind, new Epoch(0), new View(view), hash, new ValidatorIndex(traitor), [],
                default);
            return vote with { Signature = signer.Sign(digests.Of(vote)) };
        }
        FinalizedBlock first = blocks[0];
        Certificate proof = CertificateCodec.TryDecode(first.Certificate)!;
        Vote notarize = Signed(VoteKind.Notarize, 5, first.Hash);
        Vote other = Signed(VoteKind.Notarize, 5, Keccak.Hash([1]));
        var advisory = new RefusalAdvisory(
            new Epoch(0), new View(5), first.Hash, Keccak.Hash([2]), "no",
            new ValidatorIndex(traitor), default);
        byte[][] encoded = [.. blocks.Select(block => block.Encoded)];
        byte[] header = BlockCodec.HeaderBytes(first.Encoded);
        List<WireMessage> messages =
        [
            new HelloMessage(
                HelloMessage.CurrentVersion, config.ChainId, config.GenesisHash, signer.Address,
                new Height(7)),
            new ProposalMessage(first.Encoded, notarize),
            new VoteMessage(notarize),
            new VoteMessage(Signed(VoteKind.Nullify, 6, Hash256.Zero)),
            new VoteMessage(Signed(VoteKind.Finalize, 5, first.Hash)),
            new CertificatesMessage([proof, proof]),
            new RefusalMessage(advisory with
            {
                Signature = signer.Sign(digests.OfRefusal(
                    advisory.Epoch, advisory.View, advisory.BlockHash, advisory.OwnStateRoot,
                    advisory.Reason)),
            }),
            new BlockRequestMessage(first.Hash),
            new BlockResponseMessage(first.Encoded),
            new CertificateRequestMessage(new View(1), new View(50)),
            new StatusRequestMessage(Keccak.Hash([3])),
            new StatusResponseMessage(
                Keccak.Hash([3]), new ValidatorIndex(traitor), proof, proof, notarize.Signature),
            new FarewellMessage(new View(40)),
            new SyncRequestMessage(1, new Height(1), 16),
            new SyncResponseMessage(1, encoded, proof),
            new TransactionsMessage([.. Transactions(first.Encoded)]),
            new TransactionHashesMessage([first.Hash]),
            new TransactionRequestMessage([first.Hash]),
            new BlockBodyMessage(first.Hash, first.Encoded),
            CompactBlock.Shrink(new ProposalMessage(first.Encoded, notarize))!,
            new ProposalPartsRequestMessage(first.Hash, [0, 1, 2]),
            new ProposalPartsMessage(first.Hash, CompactBlock.TransactionsOf(first.Encoded)),
            new EvidenceMessage(new Evidence(notarize, other)),
            new SnapshotRequestMessage(1, new Height(1), new Height(2)),
            new SnapshotResponseMessage(
                1, first.Encoded, first.Receipts, [header], proof,
                [new Validator(signer.Address, 1)], header),
            new HeadersRequestMessage(1, new Height(5), 5),
            new HeadersResponseMessage(1, [header, header]),
            new RangesRequestMessage(
                1, [new RangeQuery(first.StateRoot, Hash256.Zero, Keccak.Hash([4]))]),
            new RangesResponseMessage(
                1, [new StateRange([KeyValuePair.Create(first.Hash, header)], [header])]),
            new CodesRequestMessage(1, [first.Hash]),
            new CodesResponseMessage(1, [header]),
        ];
        return [.. messages.Select(message => message.Encode())];
    }

    /// <summary>
    /// A message with some bytes changed, cut, doubled or put in from another: most are no longer
    /// messages, many are with other contents.
    /// </summary>
    public static byte[] Mutate(IReadOnlyList<byte[]> corpus, SeededRandom random)
    {
        byte[] bytes = [.. corpus[random.NextBelow(corpus.Count)]];
        // None at times: what is repeated and out of place is a test too.
        int changes = random.NextBelow(4);
        for (int i = 0; i < changes && bytes.Length > 0; i++)
        {
            int at = random.NextBelow(bytes.Length);
            switch (random.NextBelow(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.NextBelow(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.NextBelow(256);
                    break;
                case 2:
                    bytes = bytes[..at];
                    break;
                case 3:
                    byte[] piece = corpus[random.NextBelow(corpus.Count)];
                    int from = random.NextBelow(piece.Length);
                    int length = Math.Min(random.NextBelow(64), piece.Length - from);
                    bytes = [.. bytes[..at], .. piece.AsSpan(from, length), .. bytes[at..]];
                    break;
                case 4:
                    // Where RLP has lengths, and numbers are near their ends.
                    bytes[at] = (byte)(0x80 + random.NextBelow(128));
                    break;
                default:
                    bytes[0] = (byte)random.NextBelow(72); // Another kind.
                    break;
            }
        }
        return bytes;
    }

    private static List<byte[]> Transactions(byte[] encoded)
    {
        var outer = new RlpReader(encoded);
        RlpReader pair = outer.ReadList();
        RlpReader body = pair.ReadList();
        body.ReadRaw();
        RlpReader list = body.ReadList();
        var transactions = new List<byte[]>();
        while (list.HasMore)
        {
            transactions.Add(
                list.NextIsList ? list.ReadRaw().ToArray() : list.ReadBytes().ToArray());
        }
        return transactions;
    }
}
