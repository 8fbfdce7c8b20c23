using System.Buffers.Binary;
using System.Globalization;

namespace Homeostat.Steering;

/// <summary>A condition's code as text again, which <see cref="RuleText"/> would parse.</summary>
public static class RuleDescription
{
    // Binding strength of what a text is made of: or, and, comparison, sum, product, one value.
    private const int Or = 0;
    private const int And = 1;
    private const int Compare = 2;
    private const int Sum = 3;
    private const int Product = 4;
    private const int One = 5;

    private readonly record struct Part(string Text, int Strength)
    {
        public string In(int strength) => Strength < strength ? $"({Text})" : Text;
    }

    /// <param name="nameOf">A loop's name by its place.</param>
    public static string Of(RuleCondition condition, Func<int, string> nameOf)
    {
        var stack = new Stack<Part>();
        ReadOnlySpan<byte> code = condition.Bytes.Span;
        while (code.Length != 0)
        {
            int size = RuleCondition.SizeOf(code[0]);
            Step(stack, code[..size], nameOf);
            code = code[size..];
        }
        return stack.Pop().Text;
    }

    private static void Step(Stack<Part> stack, ReadOnlySpan<byte> code, Func<int, string> nameOf)
    {
        if (code[0] <= RuleCondition.Loop)
        {
            stack.Push(new Part(Read(code, nameOf), One));
            return;
        }
        Part b = stack.Pop();
        Part a = stack.Pop();
        if (code[0] == 0x17)
        {
            Part c = stack.Pop();
            bool isNot = a.Text == "0" && b.Text == "1";
            stack.Push(isNot
                ? new Part($"not {c.In(Compare)}", And)
                : new Part($"select({c.Text}, {a.Text}, {b.Text})", One));
            return;
        }
        stack.Push(code[0] switch
        {
            0x10 => new Part($"{a.In(Sum)} + {b.In(Sum)}", Sum),
            0x11 when a.Text == "1" && b.Strength == Compare => Opposite(b),
            0x11 => new Part($"{a.In(Sum)} - {b.In(Product)}", Sum),
            0x12 => new Part($"{a.In(Product)} * {b.In(Product)}", Product),
            0x13 => new Part($"{a.In(Product)} / {b.In(One)}", Product),
            0x14 => Both(a, b),
            0x15 => new Part($"{a.In(Or)} or {b.In(Or)}", Or),
            _ => new Part($"{a.In(Sum)} <= {b.In(Sum)}", Compare),
        });
    }

    // a <= b and b <= a is a == b.
    private static Part Both(Part a, Part b)
    {
        string[] sides = a.Text.Split(" <= ");
        bool isEqual = a.Strength == Compare && sides.Length == 2 &&
            b.Text == $"{sides[1]} <= {sides[0]}";
        return isEqual
            ? new Part($"{sides[0]} == {sides[1]}", Compare)
            : new Part($"{a.In(And)} and {b.In(And)}", And);
    }

    private static Part Opposite(Part comparison) => comparison.Text.Contains(" == ")
        ? new Part(comparison.Text.Replace(" == ", " != ", StringComparison.Ordinal), Compare)
        : new Part(comparison.Text.Replace(" <= ", " > ", StringComparison.Ordinal), Compare);

    private static string Read(ReadOnlySpan<byte> code, Func<int, string> nameOf) => code[0] switch
    {
        RuleCondition.Push1 => code[1].ToString(CultureInfo.InvariantCulture),
        RuleCondition.Push8 => BinaryPrimitives.ReadUInt64BigEndian(code[1..])
            .ToString(CultureInfo.InvariantCulture),
        RuleCondition.FieldOf => $"field({nameOf(code[1] >> 3)}, {code[1] & 7})",
        RuleCondition.ParameterOf => $"parameter({nameOf(code[1] >> 4)}, {code[1] & 15})",
        RuleCondition.Chain => Camel(((RuleChainValue)code[1]).ToString()),
        RuleCondition.Loop =>
            $"{Camel(((RuleLoopValue)code[1]).ToString())}({nameOf(code[2])})",
        _ when code[2] == (byte)RuleAggregate.Last =>
            $"last({Camel(((RuleSeries)code[1]).ToString())})",
        _ => $"{Camel(((RuleAggregate)code[2]).ToString())}"
            + $"({Camel(((RuleSeries)code[1]).ToString())}, {code[3]})",
    };

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
