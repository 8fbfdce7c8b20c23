using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Homeostat.Primitives;

/// <summary>
/// Checks that stay on in Release. A broken invariant is never handled where it breaks: while an
/// unfinalized block executes, the caller of the execution rejects that block; in steering the
/// twin acts; over finalized data or local state the node halts (docs/spec/consensus.md).
/// </summary>
public static class Invariant
{
    /// <summary>Throws <see cref="InvariantViolation"/> unless the condition holds.</summary>
    public static void Require(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string statement = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        if (!condition)
        {
            Throw(statement, file, line);
        }
    }

    [DoesNotReturn]
    private static void Throw(string statement, string file, int line) =>
        throw new InvariantViolation($"{statement} ({Path.GetFileName(file)}:{line})");
}

/// <summary>Something the code relies on did not hold.</summary>
public sealed class InvariantViolation(string message) : Exception(message);
