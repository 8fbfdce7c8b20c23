using Homeostat.Consensus;
using Homeostat.Primitives;

namespace Homeostat.Simulator;

/// <summary>
/// Takes part as it should and floods the others beside: noise under every kind of message,
/// requests for what does not exist, transactions that are none, and all it says twice.
/// </summary>
internal sealed class Spammer(SeededRandom random) : IAdversary
{
    private const int Junk = 3;
    private const int LongestNoise = 300;

    public IEnumerable<(int Target, byte[] Bytes)> Send(int[] targets, byte[] bytes)
    {
        var sent = new List<(int Target, byte[] Bytes)>();
        foreach (int target in targets)
        {
            sent.Add((target, bytes));
            sent.Add((target, bytes));
            for (int i = 0; i < Junk; i++)
            {
                sent.Add((target, Draw()));
            }
        }
        return sent;
    }

    private byte[] Draw()
    {
        byte[] noise = new byte[1 + random.NextBelow(LongestNoise)];
        random.Fill(noise);
        Hash256 hash = Keccak.Hash(noise);
        switch (random.NextBelow(5))
        {
            case 0:
                return new BlockRequestMessage(hash).Encode();
            case 1:
                return new CertificateRequestMessage(
                    View.Genesis, new View(random.NextUInt64())).Encode();
            case 2:
                return new TransactionsMessage([noise]).Encode();
            case 3:
                return new SyncRequestMessage(
                    random.NextUInt64(), new Height(random.NextUInt64() % 100), 50).Encode();
            default:
                noise[0] = (byte)random.NextBelow((int)WireKind.Evidence + 2);
                return noise;
        }
    }
}
