using System.Numerics;
using Homeostat.Primitives;

namespace Homeostat.Evm.Tests;

public sealed partial class PlainEvaluator
{
    private void Memory(byte op)
    {
        Require(op != 0x5e || _rules.IsCancun);
        Require(op != 0xfd || _rules.IsByzantium);
        switch (op)
        {
            case 0x20:
                Charge(30);
                byte[] hashed = Read(Pop(), Pop(), wordGas: 6);
                Push(Number(Keccak.Hash(hashed)));
                break;
            case 0x50:
                Charge(2);
                Pop();
                break;
            case 0x51:
                Charge(3);
                Push(Number(new Hash256(Read(Pop(), 32, wordGas: 0))));
                break;
            case 0x52 or 0x53:
                Charge(3);
                BigInteger at = Pop();
                byte[] word = Word(Pop()).ToBigEndian();
                byte[] bytes = op == 0x52 ? word : word[31..];
                Grow(at, bytes.Length);
                bytes.CopyTo(_memory, (int)at);
                break;
            case 0x59:
                Charge(2);
                Push(_memory.Length);
                break;
            case 0x5e:
                Charge(3);
                BigInteger to = Pop(), from = Pop(), length = Pop();
                Grow(to, length);
                byte[] moved = Read(from, length, wordGas: 3);
                moved.CopyTo(_memory, moved.Length == 0 ? 0 : (int)to);
                break;
            case 0xf3 or 0xfd:
                Output = Read(Pop(), Pop(), wordGas: 0);
                Status = op == 0xf3 ? ExecutionStatus.Success : ExecutionStatus.Revert;
                _isDone = true;
                break;
            default:
                EmitLog(op - 0xa0);
                break;
        }
    }

    private void EmitLog(int topicCount)
    {
        Charge(375 + 375 * topicCount);
        BigInteger start = Pop(), length = Pop();
        Charge(8 * length);
        byte[] data = Read(start, length, wordGas: 0);
        var topics = new Hash256[topicCount];
        for (int i = 0; i < topicCount; i++)
        {
            topics[i] = Word(Pop()).ToHash256();
        }
        _world.AddLog(new Log(TestContext.Contract, topics, data));
    }

    private void Grow(BigInteger start, BigInteger length)
    {
        if (length.IsZero)
        {
            return;
        }
        BigInteger words = (start + length + 31) / 32;
        BigInteger old = _memory.Length / 32;
        if (words > old)
        {
            Charge(3 * words + words * words / 512 - 3 * old - old * old / 512);
            Array.Resize(ref _memory, (int)words * 32);
        }
    }

    private byte[] Read(BigInteger start, BigInteger length, int wordGas)
    {
        Charge(wordGas * ((length + 31) / 32));
        Grow(start, length);
        return length.IsZero ? [] : _memory[(int)start..(int)(start + length)];
    }

    private void CopyTo(BigInteger to, byte[] source, BigInteger from, BigInteger length)
    {
        Charge(3 * ((length + 31) / 32));
        Grow(to, length);
        if (!length.IsZero)
        {
            Padded(source, from, (int)length).CopyTo(_memory, (int)to);
        }
    }

    private static byte[] Padded(byte[] source, BigInteger from, int length)
    {
        byte[] result = new byte[length];
        int start = (int)BigInteger.Min(from, source.Length);
        source.AsSpan(start, Math.Min(length, source.Length - start)).CopyTo(result);
        return result;
    }
}
