namespace Homeostat.Primitives.Fields;

/// <summary>
/// What curve and pairing arithmetic needs of a field. Every operation is a static abstract over
/// a struct, so that the JIT compiles each curve for its own field and inlines the constants.
/// </summary>
public interface IField<TSelf>
    where TSelf : struct, IField<TSelf>
{
    static abstract TSelf Zero { get; }

    static abstract TSelf One { get; }

    bool IsZero { get; }

    static abstract TSelf Add(in TSelf left, in TSelf right);

    /// <summary>
    /// A sum that is good for one thing: to be a factor of a product, whose other factor may be
    /// one as well. Where the field has bits to spare it is not reduced.
    /// </summary>
    static virtual TSelf AddFactor(in TSelf left, in TSelf right) => TSelf.Add(left, right);

    static abstract TSelf Subtract(in TSelf left, in TSelf right);

    static abstract TSelf Negate(in TSelf value);

    static abstract TSelf Double(in TSelf value);

    static abstract TSelf Multiply(in TSelf left, in TSelf right);

    static abstract TSelf Square(in TSelf value);

    /// <summary>
    /// True where sums of two products come at a price of less than both: with one reduction for
    /// the two. Then <see cref="SumOfProducts"/> and the other are to be called.
    /// </summary>
    static virtual bool HasSumsOfProducts => false;

    /// <summary>a·b + c·d.</summary>
    static virtual TSelf SumOfProducts(in TSelf a, in TSelf b, in TSelf c, in TSelf d) =>
        TSelf.Add(TSelf.Multiply(a, b), TSelf.Multiply(c, d));

    /// <summary>a·b - c·d.</summary>
    static virtual TSelf DifferenceOfProducts(in TSelf a, in TSelf b, in TSelf c, in TSelf d) =>
        TSelf.Subtract(TSelf.Multiply(a, b), TSelf.Multiply(c, d));

    /// <summary>The inverse; zero for zero. Runs in variable time.</summary>
    static abstract TSelf Invert(in TSelf value);

    static abstract bool AreEqual(in TSelf left, in TSelf right);
}

/// <summary>An odd prime below 2^256 with what Montgomery arithmetic precomputes of it.</summary>
public interface IModulus256
{
    /// <summary>The prime's limbs, P0 the least significant.</summary>
    static abstract ulong P0 { get; }
    static abstract ulong P1 { get; }
    static abstract ulong P2 { get; }
    static abstract ulong P3 { get; }

    /// <summary>-P^-1 mod 2^64.</summary>
    static abstract ulong NegativeInverse { get; }

    /// <summary>2^256 mod P: one, in Montgomery form.</summary>
    static abstract UInt256 R { get; }

    /// <summary>2^512 mod P: multiplying by it enters Montgomery form.</summary>
    static abstract UInt256 RSquared { get; }
}
