using System.Numerics;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Ridge regression in exact integers: sums of products, then Bareiss' fraction-free elimination,
/// then one rounding of each weight. So the weights depend on the rows alone, not on their order or
/// the machine, and a retraining gives the registered bytes.
/// </summary>
/// <param name="features">Columns of a row.</param>
/// <param name="hasRidge">False for columns of different scale, which a common ridge would bias.
/// </param>
public sealed class IntegerLeastSquares(int features, bool hasRidge = true)
{
    /// <summary>The ridge is the mean of the Gram matrix' diagonal by 2^13: it only breaks ties
    /// between features that nearly repeat each other.</summary>
    private const int RidgeBits = 13;

    private readonly BigInteger[,] _gram = new BigInteger[features, features];
    private readonly BigInteger[] _moments = new BigInteger[features];

    public void Add(IReadOnlyList<Fixed> row, Fixed target)
    {
        Invariant.Require(row.Count == features);
        for (int i = 0; i < features; i++)
        {
            _moments[i] += (BigInteger)row[i].Raw * target.Raw;
            for (int j = 0; j <= i; j++)
            {
                _gram[i, j] += (BigInteger)row[i].Raw * row[j].Raw;
            }
        }
    }

    /// <summary>The weights, or false where the rows do not determine them.</summary>
    public bool TrySolve(out Fixed[] weights)
    {
        var matrix = new BigInteger[features, features + 1];
        BigInteger trace = BigInteger.Zero;
        for (int i = 0; i < features; i++)
        {
            trace += _gram[i, i];
        }
        BigInteger ridge = hasRidge ? (trace / features) >> RidgeBits : BigInteger.Zero;
        for (int i = 0; i < features; i++)
        {
            for (int j = 0; j < features; j++)
            {
                matrix[i, j] = _gram[Math.Max(i, j), Math.Min(i, j)];
            }
            matrix[i, i] += ridge;
            matrix[i, features] = _moments[i];
        }
        weights = new Fixed[features];
        if (!TryEliminate(matrix))
        {
            return false;
        }
        for (int i = 0; i < features; i++)
        {
            weights[i] = Round(matrix[i, features], matrix[i, i]);
        }
        return true;
    }

    // Bareiss (1968), carried through above the diagonal too: every division is exact, and at the
    // end the matrix is diagonal.
    private bool TryEliminate(BigInteger[,] matrix)
    {
        BigInteger previous = BigInteger.One;
        for (int k = 0; k < features; k++)
        {
            // A Gram matrix with a ridge is positive definite: a zero pivot means no rows.
            if (matrix[k, k].IsZero)
            {
                return false;
            }
            for (int i = 0; i < features; i++)
            {
                if (i == k)
                {
                    continue;
                }
                BigInteger factor = matrix[i, k];
                for (int j = 0; j <= features; j++)
                {
                    matrix[i, j] =
                        (matrix[k, k] * matrix[i, j] - factor * matrix[k, j]) / previous;
                }
            }
            previous = matrix[k, k];
        }
        return true;
    }

    private static Fixed Round(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.Sign < 0)
        {
            (numerator, denominator) = (-numerator, -denominator);
        }
        BigInteger scaled = numerator << (Fixed.FractionBits + 1);
        BigInteger twice = BigInteger.Divide(
            scaled >= 0 ? scaled + denominator : scaled - denominator, denominator);
        BigInteger raw = BigInteger.Divide(twice, 2);
        raw = BigInteger.Max(long.MinValue, BigInteger.Min(long.MaxValue, raw));
        return Fixed.FromRaw((long)raw);
    }
}
