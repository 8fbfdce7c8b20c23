using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>The discounts of EIP-2537 for sums of many products, in thousandths.</summary>
internal static class Bls12Discounts
{
    public static ReadOnlySpan<ushort> G1 =>
    [
        1000, 949, 848, 797, 764, 750, 738, 728, 719, 712, 705, 698, 692, 687, 682, 677,
        673, 669, 665, 661, 658, 654, 651, 648, 645, 642, 640, 637, 635, 632, 630, 627,
        625, 623, 621, 619, 617, 615, 613, 611, 609, 608, 606, 604, 603, 601, 599, 598,
        596, 595, 593, 592, 591, 589, 588, 586, 585, 584, 582, 581, 580, 579, 577, 576,
        575, 574, 573, 572, 570, 569, 568, 567, 566, 565, 564, 563, 562, 561, 560, 559,
        558, 557, 556, 555, 554, 553, 552, 551, 550, 549, 548, 547, 547, 546, 545, 544,
        543, 542, 541, 540, 540, 539, 538, 537, 536, 536, 535, 534, 533, 532, 532, 531,
        530, 529, 528, 528, 527, 526, 525, 525, 524, 523, 522, 522, 521, 520, 520, 519,
    ];

    public static ReadOnlySpan<ushort> G2 =>
    [
        1000, 1000, 923, 884, 855, 832, 812, 796, 782, 770, 759, 749, 740, 732, 724, 717,
        711, 704, 699, 693, 688, 683, 679, 674, 670, 666, 663, 659, 655, 652, 649, 646,
        643, 640, 637, 634, 632, 629, 627, 624, 622, 620, 618, 615, 613, 611, 609, 607,
        606, 604, 602, 600, 598, 597, 595, 593, 592, 590, 589, 587, 586, 584, 583, 582,
        580, 579, 578, 576, 575, 574, 573, 571, 570, 569, 568, 567, 566, 565, 563, 562,
        561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 552, 551, 550, 549, 548, 547,
        546, 545, 545, 544, 543, 542, 541, 541, 540, 539, 538, 537, 537, 536, 535, 535,
        534, 533, 532, 532, 531, 530, 530, 529, 528, 528, 527, 526, 526, 525, 524, 524,
    ];

    /// <summary>Gas for so many pairs; the table's last entry serves all beyond it.</summary>
    public static ulong Cost(int pairs, ulong single, ReadOnlySpan<ushort> table) =>
        pairs == 0 ? 0
        : (ulong)pairs * single * table[Math.Min(pairs, table.Length) - 1] / 1000;
}

/// <summary>0x0b: the sum of two points of the curve; they may lie outside the subgroup.</summary>
internal sealed class Bls12G1Add : IPrecompile
{
    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) => 375;

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = [];
        if (input.Length != 2 * Bls12Codec.G1Size
            || !Bls12Codec.TryReadG1(input, false, out BlsG1 left)
            || !Bls12Codec.TryReadG1(input[Bls12Codec.G1Size..], false, out BlsG1 right))
        {
            return false;
        }
        output = Bls12Codec.Write(new BlsG1Sum(left).Add(right));
        return true;
    }
}

/// <summary>0x0d: as 0x0b, on the twist.</summary>
internal sealed class Bls12G2Add : IPrecompile
{
    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) => 600;

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = [];
        if (input.Length != 2 * Bls12Codec.G2Size
            || !Bls12Codec.TryReadG2(input, false, out BlsG2 left)
            || !Bls12Codec.TryReadG2(input[Bls12Codec.G2Size..], false, out BlsG2 right))
        {
            return false;
        }
        output = Bls12Codec.Write(new BlsG2Sum(left).Add(right));
        return true;
    }
}

/// <summary>0x0c: a sum of points of G1 times 256-bit scalars.</summary>
internal sealed class Bls12G1MultiScalar : IPrecompile
{
    private const int PairSize = Bls12Codec.G1Size + 32;

    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) =>
        Bls12Discounts.Cost(input.Length / PairSize, 12000, Bls12Discounts.G1);

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = [];
        if (input.IsEmpty || input.Length % PairSize != 0)
        {
            return false;
        }
        if (NativeBlst.IsUsed)
        {
            return NativeBls12.TrySumG1(input, out output);
        }
        var points = new BlsG1[input.Length / PairSize];
        var scalars = new UInt256[points.Length];
        for (int i = 0; i < points.Length; i++)
        {
            ReadOnlySpan<byte> pair = input.Slice(i * PairSize, PairSize);
            if (!Bls12Codec.TryReadG1(pair, true, out points[i]))
            {
                return false;
            }
            scalars[i] = UInt256.FromBigEndian(pair[Bls12Codec.G1Size..]);
        }
        output = Bls12Codec.Write(MultiScalar.Sum<BlsField, Bls12G1>(points, scalars));
        return true;
    }
}

/// <summary>0x0e: a sum of points of G2 times 256-bit scalars.</summary>
internal sealed class Bls12G2MultiScalar : IPrecompile
{
    private const int PairSize = Bls12Codec.G2Size + 32;

    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) =>
        Bls12Discounts.Cost(input.Length / PairSize, 22500, Bls12Discounts.G2);

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = [];
        if (input.IsEmpty || input.Length % PairSize != 0)
        {
            return false;
        }
        if (NativeBlst.IsUsed)
        {
            return NativeBls12.TrySumG2(input, out output);
        }
        var points = new BlsG2[input.Length / PairSize];
        var scalars = new UInt256[points.Length];
        for (int i = 0; i < points.Length; i++)
        {
            ReadOnlySpan<byte> pair = input.Slice(i * PairSize, PairSize);
            if (!Bls12Codec.TryReadG2(pair, true, out points[i]))
            {
                return false;
            }
            scalars[i] = UInt256.FromBigEndian(pair[Bls12Codec.G2Size..]);
        }
        output = Bls12Codec.Write(MultiScalar.Sum<BlsField2, Bls12G2>(points, scalars));
        return true;
    }
}

/// <summary>0x0f: whether a product of pairings is one.</summary>
internal sealed class Bls12PairingCheck : IPrecompile
{
    private const int PairSize = Bls12Codec.G1Size + Bls12Codec.G2Size;

    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) =>
        37700 + (32600 * (ulong)(input.Length / PairSize));

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = [];
        if (input.IsEmpty || input.Length % PairSize != 0)
        {
            return false;
        }
        if (NativeBlst.IsUsed)
        {
            return NativeBls12.TryPair(input, out output);
        }
        var left = new List<BlsG1>();
        var right = new List<BlsG2>();
        for (; !input.IsEmpty; input = input[PairSize..])
        {
            if (!Bls12Codec.TryReadG1(input, true, out BlsG1 p)
                || !Bls12Codec.TryReadG2(input[Bls12Codec.G1Size..], true, out BlsG2 q))
            {
                return false;
            }
            if (!p.IsInfinity && !q.IsInfinity)
            {
                left.Add(p);
                right.Add(q);
            }
        }
        output = new byte[32];
        bool isOne = left.Count == 0
            || Bls12Pairing.IsProductOne([.. left], [.. right]);
        output[31] = isOne ? (byte)1 : (byte)0;
        return true;
    }
}

/// <summary>0x10: a point of G1 from a field element.</summary>
internal sealed class Bls12MapToG1 : IPrecompile
{
    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) => 5500;

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = [];
        if (input.Length != Bls12Codec.FieldSize
            || !Bls12Codec.TryReadField(input, out BlsField element))
        {
            return false;
        }
        output = Bls12Codec.Write(Bls12Map.ToG1(element));
        return true;
    }
}

/// <summary>0x11: a point of G2 from an element of the quadratic extension.</summary>
internal sealed class Bls12MapToG2 : IPrecompile
{
    public ulong GasCost(ReadOnlySpan<byte> input, Fork fork) => 23800;

    public bool TryRun(ReadOnlySpan<byte> input, out byte[] output)
    {
        output = [];
        if (input.Length != 2 * Bls12Codec.FieldSize
            || !Bls12Codec.TryReadField2(input, out BlsField2 element))
        {
            return false;
        }
        output = Bls12Codec.Write(Bls12Map.ToG2(element));
        return true;
    }
}
