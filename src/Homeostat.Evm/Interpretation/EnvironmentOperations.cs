using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>What a contract can ask about itself, other accounts and the block.</summary>
internal static unsafe class EnvironmentOperations
{
    public static Halt Address(Machine m, UInt256* top, Instruction* ip)
    {
        Words.SetAddress(top + 1, m.Current.Self);
        return Halt.None;
    }

    public static Halt Balance(Machine m, UInt256* top, Instruction* ip)
    {
        Address address = Words.ToAddress(top);
        if (!TryAccess(m, address))
        {
            return Halt.OutOfGas;
        }
        *top = m.World.GetBalance(address);
        return Halt.None;
    }

    public static Halt SelfBalance(Machine m, UInt256* top, Instruction* ip)
    {
        top[1] = m.World.GetBalance(m.Current.Self);
        return Halt.None;
    }

    public static Halt ExtCodeSize(Machine m, UInt256* top, Instruction* ip)
    {
        Address address = Words.ToAddress(top);
        if (!TryAccess(m, address))
        {
            return Halt.OutOfGas;
        }
        Words.Set(top, (ulong)m.World.GetCode(address).Length);
        return Halt.None;
    }

    public static Halt ExtCodeHash(Machine m, UInt256* top, Instruction* ip)
    {
        Address address = Words.ToAddress(top);
        if (!TryAccess(m, address))
        {
            return Halt.OutOfGas;
        }
        Hash256 hash = m.World.IsDead(address) ? default : m.World.GetCodeHash(address);
        Words.SetHash(top, hash);
        return Halt.None;
    }

    /// <summary>Pays the rest of a cold access; the static price is the warm one's.</summary>
    public static bool TryAccess(Machine m, in Address address) =>
        !m.Rules.HasAccessSets || !m.World.WarmAddress(address)
        || m.Charge((long)(GasCosts.ColdAccount - GasCosts.WarmAccess));

    public static Halt Origin(Machine m, UInt256* top, Instruction* ip)
    {
        Words.SetAddress(top + 1, m.Context.Transaction.Origin);
        return Halt.None;
    }

    public static Halt Caller(Machine m, UInt256* top, Instruction* ip)
    {
        Words.SetAddress(top + 1, m.Current.Caller);
        return Halt.None;
    }

    public static Halt CallValue(Machine m, UInt256* top, Instruction* ip)
    {
        top[1] = m.Current.Value;
        return Halt.None;
    }

    public static Halt GasPrice(Machine m, UInt256* top, Instruction* ip)
    {
        top[1] = m.Context.Transaction.GasPrice;
        return Halt.None;
    }

    public static Halt BlockHash(Machine m, UInt256* top, Instruction* ip)
    {
        ulong number = Words.Saturate(top);
        ulong current = m.Context.Block.Number;
        bool isRecent = number < current && current - number <= 256;
        Words.SetHash(top, isRecent ? m.Context.Block.BlockHashes.Get(number) : default);
        return Halt.None;
    }

    public static Halt Coinbase(Machine m, UInt256* top, Instruction* ip)
    {
        Words.SetAddress(top + 1, m.Context.Block.Coinbase);
        return Halt.None;
    }

    public static Halt Timestamp(Machine m, UInt256* top, Instruction* ip)
    {
        Words.Set(top + 1, m.Context.Block.Timestamp);
        return Halt.None;
    }

    public static Halt Number(Machine m, UInt256* top, Instruction* ip)
    {
        Words.Set(top + 1, m.Context.Block.Number);
        return Halt.None;
    }

    public static Halt PrevRandao(Machine m, UInt256* top, Instruction* ip)
    {
        top[1] = m.Context.Block.PrevRandao;
        return Halt.None;
    }

    public static Halt GasLimit(Machine m, UInt256* top, Instruction* ip)
    {
        Words.Set(top + 1, m.Context.Block.GasLimit);
        return Halt.None;
    }

    public static Halt ChainId(Machine m, UInt256* top, Instruction* ip)
    {
        Words.Set(top + 1, m.Context.Block.ChainId);
        return Halt.None;
    }

    public static Halt BaseFee(Machine m, UInt256* top, Instruction* ip)
    {
        top[1] = m.Context.Block.BaseFee;
        return Halt.None;
    }

    public static Halt BlobHash(Machine m, UInt256* top, Instruction* ip)
    {
        ulong index = Words.Saturate(top);
        IReadOnlyList<Hash256> hashes = m.Context.Transaction.BlobHashes;
        Words.SetHash(top, index < (ulong)hashes.Count ? hashes[(int)index] : default);
        return Halt.None;
    }

    public static Halt BlobBaseFee(Machine m, UInt256* top, Instruction* ip)
    {
        top[1] = m.Context.Block.BlobBaseFee;
        return Halt.None;
    }
}
