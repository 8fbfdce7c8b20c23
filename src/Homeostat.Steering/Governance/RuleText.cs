using System.Globalization;

namespace Homeostat.Steering;

/// <summary>
/// Conditions as people write them: `median(executionMicros, 8) > 50000 and mode(capacity) == 0`.
/// `or`, `and`, `not`, comparisons, + - * /, brackets; aggregates `last mean min max median sum`
/// of a series over the last so many blocks; `field(loop, n)`, `parameter(loop, n)`; of a loop
/// `mode decisions modelError twinError realised blocksSinceDecision`; of the chain `height
/// timestamp treasuryGwei baseFee rules` (docs/spec/governance.md, "Conditions").
/// </summary>
public sealed class RuleText
{
    private readonly string _text;
    private readonly Func<string, int?> _placeOf;
    private int _at;

    private RuleText(string text, Func<string, int?> placeOf) =>
        (_text, _placeOf) = (text, placeOf);

    /// <summary>Parses a condition.</summary>
    /// <param name="placeOf">A loop's place by its name, null for an unknown one.</param>
    /// <exception cref="FormatException">It is none: what is wrong and where.</exception>
    public static RuleCondition Parse(string text, Func<string, int?> placeOf)
    {
        var parser = new RuleText(text, placeOf);
        byte[] code = parser.Either();
        parser.Require(parser._at == text.Length, "the end");
        if (!RuleCondition.TryCreate(code, out RuleCondition? condition))
        {
            throw new FormatException(
                $"the condition reads nothing of the chain, is deeper than "
                + $"{RuleCondition.MaximumDepth} or longer than {RuleCondition.MaximumBytes} "
                + $"bytes (it has {code.Length})");
        }
        return condition!;
    }

    private byte[] Either()
    {
        byte[] code = Both();
        while (TakeWord("or"))
        {
            code = [.. code, .. Both(), 0x15];
        }
        return code;
    }

    private byte[] Both()
    {
        byte[] code = Negated();
        while (TakeWord("and"))
        {
            code = [.. code, .. Negated(), 0x14];
        }
        return code;
    }

    private byte[] Negated() =>
        TakeWord("not") ? [.. Negated(), 1, 0, 1, 1, 0x17] : Comparison();

    private byte[] Comparison()
    {
        byte[] left = Sum();
        foreach (string sign in (string[])["<=", ">=", "==", "!=", "<", ">"])
        {
            if (Take(sign))
            {
                return Compare(sign, left, Sum());
            }
        }
        return left;
    }

    private static byte[] Compare(string sign, byte[] a, byte[] b) => sign switch
    {
        "<=" => [.. a, .. b, 0x16],
        ">=" => [.. b, .. a, 0x16],
        ">" => [1, 1, .. a, .. b, 0x16, 0x11],
        "<" => [1, 1, .. b, .. a, 0x16, 0x11],
        "==" => [.. a, .. b, 0x16, .. b, .. a, 0x16, 0x14],
        _ => [1, 1, .. a, .. b, 0x16, .. b, .. a, 0x16, 0x14, 0x11],
    };

    private byte[] Sum()
    {
        byte[] code = Product();
        while (true)
        {
            if (Take("+"))
            {
                code = [.. code, .. Product(), 0x10];
            }
            else if (Take("-"))
            {
                code = [.. code, .. Product(), 0x11];
            }
            else
            {
                return code;
            }
        }
    }

    private byte[] Product()
    {
        byte[] code = Value();
        while (true)
        {
            if (Take("*"))
            {
                code = [.. code, .. Value(), 0x12];
            }
            else if (Take("/"))
            {
                code = [.. code, .. Value(), 0x13];
            }
            else
            {
                return code;
            }
        }
    }

    private byte[] Value()
    {
        if (Take("("))
        {
            byte[] code = Either();
            Require(Take(")"), "a closing bracket");
            return code;
        }
        string word = Word();
        Require(word.Length != 0, "a number, a name or a bracket");
        if (char.IsAsciiDigit(word[0]))
        {
            Require(ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture,
                out ulong number), "a number under 2^64");
            return Number(number);
        }
        if (Enum.TryParse(word, ignoreCase: true, out RuleChainValue chain) &&
            !Peek('('))
        {
            return [RuleCondition.Chain, (byte)chain];
        }
        Require(Take("("), $"a bracket after {word}");
        byte[] read = ReadOf(word);
        Require(Take(")"), "a closing bracket");
        return read;
    }

    private byte[] ReadOf(string word)
    {
        if (Enum.TryParse(word, ignoreCase: true, out RuleAggregate kind))
        {
            string name = Word();
            Require(Enum.TryParse(name, ignoreCase: true, out RuleSeries series),
                "a series: " + string.Join(", ", Enum.GetNames<RuleSeries>()));
            int window = Take(",") ? Small(RuleCondition.MaximumWindow) : 1;
            Require(window > 0, "a window of at least one block");
            Require(kind != RuleAggregate.Last || window == 1, "no window: last is one block");
            return [RuleCondition.Aggregate, (byte)series, (byte)kind, (byte)window];
        }
        if (Enum.TryParse(word, ignoreCase: true, out RuleLoopValue value))
        {
            return [RuleCondition.Loop, (byte)value, (byte)Place()];
        }
        bool isField = word.Equals("field", StringComparison.OrdinalIgnoreCase);
        Require(isField || word.Equals("parameter", StringComparison.OrdinalIgnoreCase),
            $"a function, not {word}");
        int place = Place();
        Require(Take(","), "a comma and a number");
        return isField
            ? [RuleCondition.FieldOf, (byte)(8 * place + Small(7))]
            : [RuleCondition.ParameterOf, (byte)(16 * place + Small(15))];
    }

    private int Place()
    {
        string loop = Word();
        int? place = _placeOf(loop);
        Require(place is not null, $"a loop, not {loop}");
        return place!.Value;
    }

    private int Small(int most)
    {
        bool isNumber = int.TryParse(
            Word(), NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        Require(isNumber && number <= most, $"a number of at most {most}");
        return number;
    }

    private static byte[] Number(ulong value)
    {
        if (value <= byte.MaxValue)
        {
            return [1, (byte)value];
        }
        byte[] code = new byte[9];
        code[0] = 2;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(code.AsSpan(1), value);
        return code;
    }

    private string Word()
    {
        Skip();
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] == '_'))
        {
            _at++;
        }
        return _text[start.._at];
    }

    private bool TakeWord(string word)
    {
        int start = _at;
        if (Word().Equals(word, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }
        _at = start;
        return false;
    }

    private bool Take(string sign)
    {
        Skip();
        if (!_text.AsSpan(_at).StartsWith(sign, StringComparison.Ordinal))
        {
            return false;
        }
        _at += sign.Length;
        return true;
    }

    private bool Peek(char sign)
    {
        Skip();
        return _at < _text.Length && _text[_at] == sign;
    }

    private void Skip()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    private void Require(bool holds, string wanted)
    {
        if (!holds)
        {
            throw new FormatException($"at column {_at + 1} of the condition: expected {wanted}");
        }
    }
}
