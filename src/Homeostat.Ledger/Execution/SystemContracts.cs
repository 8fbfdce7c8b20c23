using System.Buffers.Binary;
using System.Security.Cryptography;
using Homeostat.Evm;
using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// Calls the protocol makes itself around a block's transactions (EIP-4788, 2935, 7002, 7251), and
/// the requests they and the deposit logs give (EIP-6110, 7685).
/// </summary>
internal sealed class SystemContracts(
    WorldState world, BlockRules rules, BlockEnvironment block, IEvmEngine engine)
{
    private const ulong SystemCallGas = 30_000_000;
    private const byte DepositRequest = 0;
    private static readonly Address System = new("0xfffffffffffffffffffffffffffffffffffffffe");

    private static readonly Hash256 DepositTopic =
        new("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");

    // The five byte strings of DepositEvent: public key, withdrawal credentials, amount,
    // signature, index. Each stands behind its length in an ABI layout that never varies.
    private static readonly int[] DepositFieldLengths = [48, 32, 8, 96, 8];
    private const int DepositDataLength = 576;

    public void CallBefore(BlockHeader header)
    {
        foreach (SystemCall call in rules.CallsBefore)
        {
            if (!world.GetCode(call.Target).IsEmpty)
            {
                Call(call.Target, call.Input(header));
            }
        }
    }

    private CallResult Call(in Address target, byte[] input)
    {
        var context = new EvmContext(
            world, rules.Evm, block, new TransactionEnvironment { Origin = System });
        world.WarmAddress(target);
        var message = new CallMessage(
            CallKind.Call, System, target, UInt256.Zero, SystemCallGas, input);
        CallResult result = engine.Execute(context, message);
        world.EndTransaction(rules.Evm.ClearsEmptyAccounts);
        return result;
    }

    /// <summary>The block's requests, none empty; the error makes the block invalid.</summary>
    public List<byte[]> CollectRequests(IReadOnlyList<Receipt> receipts, out string? error)
    {
        var requests = new List<byte[]>();
        error = CollectDeposits(receipts, requests);
        foreach (RequestCall call in rules.CallsAfter)
        {
            if (error is not null)
            {
                break;
            }
            if (world.GetCode(call.Target).IsEmpty)
            {
                error = $"system contract {call.Target} has no code";
                break;
            }
            CallResult result = Call(call.Target, []);
            if (!result.IsSuccess)
            {
                error = $"system call failed to execute: {result.Status}";
            }
            else if (result.Output.Length > 0)
            {
                requests.Add([call.RequestType, .. result.Output]);
            }
        }
        return requests;
    }

    private string? CollectDeposits(IReadOnlyList<Receipt> receipts, List<byte[]> requests)
    {
        if (rules.DepositContract is not { } contract)
        {
            return null;
        }
        var deposits = new List<byte> { DepositRequest };
        foreach (Receipt receipt in receipts)
        {
            foreach (Log log in receipt.Logs)
            {
                bool isDeposit = log.Address == contract && log.Topics.Length > 0
                    && log.Topics[0] == DepositTopic;
                if (isDeposit && !TryAppendDeposit(log.Data, deposits))
                {
                    return "unable to parse deposit data";
                }
            }
        }
        if (deposits.Count > 1)
        {
            requests.Add([.. deposits]);
        }
        return null;
    }

    private static bool TryAppendDeposit(ReadOnlySpan<byte> data, List<byte> deposits)
    {
        if (data.Length != DepositDataLength)
        {
            return false;
        }
        int position = 32 * DepositFieldLengths.Length;
        for (int i = 0; i < DepositFieldLengths.Length; i++)
        {
            int length = DepositFieldLengths[i];
            if (!IsWord(data[(32 * i)..], position) || !IsWord(data[position..], length))
            {
                return false;
            }
            deposits.AddRange(data.Slice(position + 32, length));
            position += 32 + (length + 31) / 32 * 32;
        }
        return true;
    }

    private static bool IsWord(ReadOnlySpan<byte> data, int value) =>
        !data[..28].ContainsAnyExcept((byte)0)
        && BinaryPrimitives.ReadInt32BigEndian(data[28..]) == value;

    /// <summary>SHA-256 over the requests' SHA-256 (EIP-7685).</summary>
    public static Hash256 HashOf(IReadOnlyList<byte[]> requests)
    {
        byte[] hashes = new byte[32 * requests.Count];
        for (int i = 0; i < requests.Count; i++)
        {
            SHA256.HashData(requests[i], hashes.AsSpan(32 * i, 32));
        }
        return new Hash256(SHA256.HashData(hashes));
    }
}
