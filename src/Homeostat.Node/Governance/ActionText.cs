using System.Globalization;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Node.Governance;

/// <summary>
/// A rule's action as people write it: `scale capacity 0 9000 hold 400` (fields by their number;
/// set, scale in ten-thousandths, add, subtract; several with a comma), `mode capacity advise`,
/// `promote capacity HASH`, `retire capacity HASH`, `pay ADDRESS WEI`, `call ADDRESS WEI GAS DATA`.
/// </summary>
internal static class ActionText
{
    /// <exception cref="FormatException">What is wrong with it.</exception>
    public static RuleAction Parse(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string verb = words.Length == 0 ? "" : words[0];
        return verb switch
        {
            "mode" when words.Length == 3 => RuleAction.Mode(
                LoopOf(words[1]), Enum.TryParse(words[2], true, out LoopMode mode)
                    ? mode
                    : throw new FormatException($"a mode is act, advise or off, not {words[2]}")),
            "promote" when words.Length == 3 =>
                RuleAction.Promote(LoopOf(words[1]), HashOf(words[2])),
            "retire" when words.Length == 3 =>
                RuleAction.Retire(LoopOf(words[1]), HashOf(words[2])),
            "pay" when words.Length == 3 => RuleAction.Pay(AddressOf(words[1]), WeiOf(words[2])),
            "call" when words.Length == 5 => RuleAction.Call(
                AddressOf(words[1]), WeiOf(words[2]), (uint)NumberOf(words[3], uint.MaxValue),
                Hex.Decode(words[4])),
            _ when Enum.TryParse(verb, true, out FieldOperation _) => Vector(text),
            _ => throw new FormatException(
                $"'{text}' is no action: set, scale, add or subtract LOOP FIELD VALUE [hold "
                + "BLOCKS]; mode LOOP MODE; promote or retire LOOP HASH; pay ADDRESS WEI; "
                + "call ADDRESS WEI GAS DATA"),
        };
    }

    private static RuleAction Vector(string text)
    {
        uint hold = 0;
        string? loop = null;
        var changes = new List<FieldChange>();
        foreach (string part in text.Split(','))
        {
            string[] words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 6 && words[4] == "hold")
            {
                hold = (uint)NumberOf(words[5], 100_000);
                words = words[..4];
            }
            if (words.Length != 4 || (loop is not null && loop != words[1]) ||
                !Enum.TryParse(words[0], true, out FieldOperation operation))
            {
                throw new FormatException($"'{part.Trim()}' is not OPERATION LOOP FIELD VALUE "
                    + "[hold BLOCKS] of one loop");
            }
            loop = words[1];
            changes.Add(new FieldChange(
                (int)NumberOf(words[2], 7), operation, NumberOf(words[3], ulong.MaxValue)));
        }
        return RuleAction.Vector(LoopOf(loop!), hold, changes);
    }

    private static Hash256 LoopOf(string name) => name.Length is > 0 and <= 24
        ? SteeringLoops.NameOf(name)
        : throw new FormatException($"'{name}' is no loop's name");

    private static Hash256 HashOf(string text) => text.Length == 66 && text.StartsWith("0x")
        ? new Hash256(text)
        : throw new FormatException($"'{text}' is no hash of 32 bytes in hex");

    public static Address AddressOf(string text) => Address.TryParse(text, out Address address)
        ? address
        : throw new FormatException($"'{text}' is no address");

    public static UInt256 WeiOf(string text) => UInt256.TryParse(text, out UInt256 wei)
        ? wei
        : throw new FormatException($"'{text}' is no amount in wei");

    private static ulong NumberOf(string text, ulong most) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) &&
        number <= most
            ? number
            : throw new FormatException($"'{text}' is no number of at most {most}");
}
