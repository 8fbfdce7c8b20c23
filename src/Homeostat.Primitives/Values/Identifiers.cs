using System.Globalization;

namespace Homeostat.Primitives;

/// <summary>A network's EIP-155 chain id.</summary>
public readonly record struct ChainId(ulong Value)
{
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A block's number; genesis is 0.</summary>
public readonly record struct Height(ulong Value) : IComparable<Height>
{
    public static readonly Height Genesis;
    public Height Next => new(Value + 1);
    public int CompareTo(Height other) => Value.CompareTo(other.Value);
    public static bool operator <(Height left, Height right) => left.Value < right.Value;
    public static bool operator >(Height left, Height right) => left.Value > right.Value;
    public static bool operator <=(Height left, Height right) => left.Value <= right.Value;
    public static bool operator >=(Height left, Height right) => left.Value >= right.Value;
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A view of consensus (Simplex's iteration); the first is 1, genesis is 0.</summary>
public readonly record struct View(ulong Value) : IComparable<View>
{
    public static readonly View Genesis;
    public View Next => new(Value + 1);
    public int CompareTo(View other) => Value.CompareTo(other.Value);
    public static bool operator <(View left, View right) => left.Value < right.Value;
    public static bool operator >(View left, View right) => left.Value > right.Value;
    public static bool operator <=(View left, View right) => left.Value <= right.Value;
    public static bool operator >=(View left, View right) => left.Value >= right.Value;
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A span of views with one validator set; the first is 0.</summary>
public readonly record struct Epoch(ulong Value)
{
    public Epoch Next => new(Value + 1);
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A validator's place in its epoch's set, which is ordered by address.</summary>
public readonly record struct ValidatorIndex(int Value) : IComparable<ValidatorIndex>
{
    public int CompareTo(ValidatorIndex other) => Value.CompareTo(other.Value);
    public static bool operator <(ValidatorIndex left, ValidatorIndex right) =>
        left.Value < right.Value;
    public static bool operator >(ValidatorIndex left, ValidatorIndex right) =>
        left.Value > right.Value;
    public static bool operator <=(ValidatorIndex left, ValidatorIndex right) =>
        left.Value <= right.Value;
    public static bool operator >=(ValidatorIndex left, ValidatorIndex right) =>
        left.Value >= right.Value;
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
