using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>A payment from the beacon chain (EIP-4895); the amount is in Gwei.</summary>
public sealed record Withdrawal(
    ulong Index, ulong ValidatorIndex, Address Recipient, ulong AmountGwei)
{
    public void WriteTo(RlpWriter writer)
    {
        int list = writer.StartList();
        writer.Write(Index);
        writer.Write(ValidatorIndex);
        writer.Write(Recipient);
        writer.Write(AmountGwei);
        writer.EndList(list);
    }

    public static Withdrawal ReadFrom(ref RlpReader reader)
    {
        RlpReader list = reader.ReadList();
        var withdrawal = new Withdrawal(
            list.ReadUInt64(), list.ReadUInt64(), list.ReadAddress(), list.ReadUInt64());
        reader.Close(list);
        return withdrawal;
    }
}
