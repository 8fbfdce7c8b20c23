using Homeostat.Ledger;
using Homeostat.Node.Loop;
using Homeostat.Primitives;
using Homeostat.Replica;

namespace Homeostat.Node.Drills;

/// <summary>Sends one transfer after another and times each to its finality.</summary>
internal sealed class FuzzLoad(INodeGateway gateway)
{
    private readonly TaskCompletionSource _first =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _finals;

    /// <summary>A first transfer is final: the network runs.</summary>
    public Task FirstFinal => _first.Task;

    public long SlowestMs { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        DevelopmentAccount account = DevelopmentNetwork.FundedAccounts[7];
        try
        {
            for (ulong nonce = 0; ; nonce++)
            {
                long start = Environment.TickCount64;
                await gateway.SubmitAsync([Transfer(account, nonce)], stop).ConfigureAwait(false);
                while (!IsFinal(account.Address, nonce))
                {
                    await Task.Delay(20, stop).ConfigureAwait(false);
                    if (Environment.TickCount64 - start > 3_000 && nonce == 0)
                    {
                        await gateway.SubmitAsync([Transfer(account, nonce)], stop)
                            .ConfigureAwait(false); // The first may come before the pool is there.
                    }
                }
                if (!_first.TrySetResult())
                {
                    SlowestMs = Math.Max(SlowestMs, Environment.TickCount64 - start);
                }
                Interlocked.Increment(ref _finals);
                await Task.Delay(100, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    /// <summary>Milliseconds until two more transfers are final; −1 after a minute.</summary>
    public async Task<long> NextFinalAsync(CancellationToken stop)
    {
        long start = Environment.TickCount64;
        long goal = Interlocked.Read(ref _finals) + 2;
        while (Interlocked.Read(ref _finals) < goal)
        {
            if (Environment.TickCount64 - start > 60_000)
            {
                return -1;
            }
            await Task.Delay(20, stop).ConfigureAwait(false);
        }
        return Environment.TickCount64 - start;
    }

    private bool IsFinal(Address sender, ulong nonce) =>
        gateway.View?.Finalized.State.GetAccount(sender)?.Nonce > nonce;

    private static byte[] Transfer(DevelopmentAccount account, ulong nonce)
    {
        var unsigned = new Transaction
        {
            Type = TransactionType.DynamicFee,
            ChainId = DevelopmentNetwork.ChainId.Value,
            Nonce = nonce,
            GasLimit = 21_000,
            MaxFee = 100_000_000_000,
            MaxPriorityFee = 1_000_000_000,
            To = Address.FromNumber(0x9000),
            Value = 1,
        };
        return unsigned.WithSignature(Secp256k1.Sign(unsigned.SigningHash, account.PrivateKey))
            .Encoded.ToArray();
    }
}
