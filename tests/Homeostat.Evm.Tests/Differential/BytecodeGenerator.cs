using Homeostat.Primitives;

namespace Homeostat.Evm.Tests;

/// <summary>
/// Random programs that mostly keep running: operands are pushed before they are needed, offsets
/// are mostly small, jumps mostly hit a JUMPDEST. A share of each is plain noise.
/// </summary>
internal sealed class BytecodeGenerator(SeededRandom random)
{
    private static readonly byte[] Opcodes =
    [
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13,
        0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x20, 0x30, 0x31, 0x32,
        0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x41,
        0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x50, 0x50, 0x50, 0x51, 0x52, 0x53,
        0x54, 0x55, 0x54, 0x55, 0x58, 0x59, 0x5a, 0x5a, 0x5c, 0x5d, 0x5e, 0xa0, 0xa1, 0xa2, 0xa3,
        0xa4,
    ];

    private readonly List<byte> _code = [];
    private readonly List<int> _targets = [];
    private readonly List<int> _jumps = [];

    public byte[] Next()
    {
        _code.Clear();
        _targets.Clear();
        _jumps.Clear();
        int pieces = random.NextBelow(60);
        for (int i = 0; i < pieces; i++)
        {
            AddPiece();
        }
        if (random.Chance(1, 2))
        {
            _code.AddRange(Hex.Decode(random.Chance(1, 4) ? "6040600afd" : "6080600bf3"));
        }
        foreach (int jump in _jumps)
        {
            int target = _targets.Count == 0
                ? random.NextBelow(256)
                : _targets[random.NextBelow(_targets.Count)];
            _code[jump] = unchecked((byte)(target >> 8));
            _code[jump + 1] = unchecked((byte)target);
        }
        return [.. _code];
    }

    private void AddPiece()
    {
        switch (random.NextBelow(20))
        {
            case < 6:
                AddPush();
                break;
            case < 8:
                _code.Add((byte)(0x80 + random.NextBelow(random.Chance(1, 8) ? 16 : 4)));
                break;
            case < 10:
                _code.Add((byte)(0x90 + random.NextBelow(random.Chance(1, 8) ? 16 : 4)));
                break;
            case 10:
                AddJump();
                break;
            case 11:
                _targets.Add(_code.Count);
                _code.Add(0x5b);
                break;
            case 12:
                AddCompared();
                break;
            case 13 when random.Chance(1, 6):
                _code.Add((byte)random.NextBelow(256));
                break;
            default:
                AddOperation();
                break;
        }
    }

    private void AddOperation()
    {
        byte opcode = Opcodes[random.NextBelow(Opcodes.Length)];
        bool needsSmall = opcode is 0x20 or 0x37 or 0x39 or 0x3e or 0x51 or 0x52 or 0x53 or 0x5e
            or (>= 0xa0 and <= 0xa4);
        for (int i = 0; i < 3 && (needsSmall || random.Chance(1, 3)); i++)
        {
            _code.Add(0x60);
            _code.Add((byte)random.NextBelow(200));
        }
        _code.Add(opcode);
    }

    // What compilers put before a branch; the decoder fuses these.
    private void AddCompared()
    {
        AddPush();
        byte[] comparisons = [0x10, 0x11, 0x12, 0x13, 0x14];
        _code.Add(comparisons[random.NextBelow(comparisons.Length)]);
        if (random.Chance(1, 2))
        {
            _code.Add(0x15);
        }
        AddJump();
    }

    private void AddJump()
    {
        _code.Add(0x61);
        _jumps.Add(_code.Count);
        _code.AddRange([0, 0]);
        if (random.Chance(1, 6))
        {
            _code.AddRange([0x80, 0x50]);
        }
        _code.Add(random.Chance(1, 5) ? (byte)0x56 : (byte)0x57);
    }

    private void AddPush()
    {
        int size = random.Chance(1, 2) ? 1 : random.Chance(1, 2) ? 32 : 1 + random.NextBelow(32);
        byte[] value = new byte[size];
        switch (random.NextBelow(5))
        {
            case 0:
                random.Fill(value);
                break;
            case 1:
                value.AsSpan().Fill(0xff);
                break;
            case 2:
                value[0] = 0x80;
                break;
            default:
                value[^1] = (byte)random.NextBelow(256);
                break;
        }
        _code.Add((byte)(0x5f + size));
        _code.AddRange(value);
    }
}
