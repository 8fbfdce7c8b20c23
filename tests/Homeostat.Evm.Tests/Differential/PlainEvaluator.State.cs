using System.Numerics;
using Homeostat.Primitives;

namespace Homeostat.Evm.Tests;

public sealed partial class PlainEvaluator
{
    private static UInt256 Word(BigInteger value) => (UInt256)value;

    private static BigInteger Number(in Address address) => address.ToWord().ToBigInteger();

    private static BigInteger Number(in Hash256 hash) =>
        UInt256.FromHash256(hash).ToBigInteger();

    private void Environment(byte op)
    {
        Require(op switch
        {
            0x3d or 0x3e => _rules.IsByzantium,
            0x3f => _rules.IsConstantinople,
            0x46 or 0x47 => _rules.IsIstanbul,
            0x48 => _rules.IsLondon,
            0x49 or 0x4a => _rules.IsCancun,
            _ => true,
        });
        switch (op)
        {
            case 0x31 or 0x3b or 0x3c or 0x3f:
                Account(op);
                break;
            case 0x35:
                Charge(3);
                Push(Number(new Hash256(Padded(input, Pop(), 32))));
                break;
            case 0x37 or 0x39:
                Charge(3);
                CopyTo(Pop(), op == 0x37 ? input : code, Pop(), Pop());
                break;
            case 0x3e:
                Charge(3);
                BigInteger to = Pop(), from = Pop(), length = Pop();
                Require(from + length <= 0);
                CopyTo(to, [], from, length);
                break;
            case 0x40:
                Charge(20);
                BigInteger number = Pop();
                Push(number < 1000 && number >= 744
                    ? Number(context.Block.BlockHashes.Get((ulong)number))
                    : 0);
                break;
            case 0x49:
                Charge(3);
                Push(Pop().IsZero ? Number(context.Transaction.BlobHashes[0]) : 0);
                break;
            default:
                Charge(op == 0x47 ? 5 : 2);
                Push(Field(op));
                break;
        }
    }

    private BigInteger Field(byte op) => op switch
    {
        0x30 => Number(TestContext.Contract),
        0x32 or 0x33 => Number(TestContext.Sender),
        0x34 or 0x3d => 0,
        0x36 => input.Length,
        0x38 => code.Length,
        0x3a => context.Transaction.GasPrice.ToBigInteger(),
        0x41 => Number(context.Block.Coinbase),
        0x42 => context.Block.Timestamp,
        0x43 => context.Block.Number,
        0x44 => context.Block.PrevRandao.ToBigInteger(),
        0x45 => context.Block.GasLimit,
        0x46 => context.Block.ChainId,
        0x47 => _world.GetBalance(TestContext.Contract).ToBigInteger(),
        0x48 => context.Block.BaseFee.ToBigInteger(),
        0x4a => context.Block.BlobBaseFee.ToBigInteger(),
        _ => throw new FrameFailure(),
    };

    private void Account(byte op)
    {
        var address = Address.FromWord(Word(Pop()));
        int old = op switch
        {
            0x31 => _rules.IsIstanbul ? 700 : _rules.ForwardsAllButOne64th ? 400 : 20,
            0x3f => _rules.IsIstanbul ? 700 : 400,
            _ => _rules.ForwardsAllButOne64th ? 700 : 20,
        };
        Charge(!_rules.HasAccessSets ? old : _world.WarmAddress(address) ? 2600 : 100);
        switch (op)
        {
            case 0x31:
                Push(_world.GetBalance(address).ToBigInteger());
                break;
            case 0x3b:
                Push(_world.GetCode(address).Length);
                break;
            case 0x3f:
                Push(_world.IsDead(address) ? 0 : Number(_world.GetCodeHash(address)));
                break;
            default:
                CopyTo(Pop(), _world.GetCode(address).Bytes, Pop(), Pop());
                break;
        }
    }

    private void Storage(byte op)
    {
        Require(op < 0x5c || _rules.IsCancun);
        Address self = TestContext.Contract;
        UInt256 slot = Word(Pop());
        switch (op)
        {
            case 0x54:
                int old = _rules.IsIstanbul ? 800 : _rules.ForwardsAllButOne64th ? 200 : 50;
                Charge(!_rules.HasAccessSets ? old : _world.WarmSlot(self, slot) ? 2100 : 100);
                Push(_world.GetStorage(self, slot).ToBigInteger());
                break;
            case 0x5c:
                Charge(100);
                Push(_world.GetTransient(self, slot).ToBigInteger());
                break;
            case 0x5d:
                Charge(100);
                _world.SetTransient(self, slot, Word(Pop()));
                break;
            default:
                UInt256 value = Word(Pop());
                ChargeStore(self, slot, value);
                _world.SetStorage(self, slot, value);
                break;
        }
    }

    // EIP-1283, 2200, 2929, 3529, as their tables say.
    private void ChargeStore(in Address self, in UInt256 slot, in UInt256 value)
    {
        Require(!_rules.IsIstanbul || _gas > 2300);
        UInt256 current = _world.GetStorage(self, slot);
        UInt256 original = _world.GetOriginalStorage(self, slot);
        long clear = _rules.IsLondon ? 4800 : 15000;
        if (!_rules.HasNetGasMetering)
        {
            Charge(current.IsZero && !value.IsZero ? 20000 : 5000);
            Refund += !current.IsZero && value.IsZero ? clear : 0;
            return;
        }
        long touched = _rules.HasAccessSets ? 100 : _rules.IsIstanbul ? 800 : 200;
        long reset = _rules.HasAccessSets ? 2900 : 5000;
        long cold = _rules.HasAccessSets && _world.WarmSlot(self, slot) ? 2100 : 0;
        bool isFirst = original == current && current != value;
        Charge(cold + (!isFirst ? touched : original.IsZero ? 20000 : reset));
        if (current == value)
        {
            return;
        }
        if (!original.IsZero && current.IsZero)
        {
            Refund -= clear;
        }
        if (!original.IsZero && value.IsZero)
        {
            Refund += clear;
        }
        if (!isFirst && original == value)
        {
            Refund += original.IsZero ? 20000 - touched : reset - touched;
        }
    }
}
