using System.Text.Json;
using System.Text.RegularExpressions;

namespace Homeostat.Conformance;

/// <summary>
/// The part of JSON Schema that execution-apis' openrpc.json uses: type, enum, const, pattern,
/// minimum, maximum, minLength, maxLength, minItems, maxItems, required, properties,
/// additionalProperties, items, oneOf, anyOf, allOf.
/// </summary>
internal static class JsonShape
{
    private static readonly string[] Known =
    [
        "type", "enum", "const", "pattern", "minimum", "maximum", "required", "properties",
        "additionalProperties", "items", "oneOf", "anyOf", "allOf", "title", "description",
        "examples", "default", "deprecated", "writeOnly", "readOnly", "format", "$schema",
        "minItems", "maxItems", "minLength", "maxLength",
    ];

    /// <summary>The first place where the value breaks the schema; null when none.</summary>
    public static string? Difference(JsonElement value, JsonElement schema, string at = "$")
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return schema.ValueKind == JsonValueKind.False ? $"{at}: not allowed" : null;
        }
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            if (Array.IndexOf(Known, keyword.Name) < 0)
            {
                return $"{at}: the schema's keyword {keyword.Name} is not known here";
            }
        }
        return TypeDifference(value, schema, at)
            ?? ValueDifference(value, schema, at)
            ?? LengthDifference(value, schema, at)
            ?? ChoiceDifference(value, schema, at)
            ?? ObjectDifference(value, schema, at)
            ?? ItemsDifference(value, schema, at);
    }

    private static string? TypeDifference(JsonElement value, JsonElement schema, string at)
    {
        if (!schema.TryGetProperty("type", out JsonElement type))
        {
            return null;
        }
        bool fits = type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Any(item => IsOf(value, item.GetString()!))
            : IsOf(value, type.GetString()!);
        return fits ? null : $"{at}: {value.ValueKind}, want {type}";
    }

    private static bool IsOf(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "integer" => value.ValueKind == JsonValueKind.Number
            && value.TryGetDecimal(out decimal number) && number == decimal.Truncate(number),
        _ => value.ValueKind == JsonValueKind.Number,
    };

    private static string? ValueDifference(JsonElement value, JsonElement schema, string at)
    {
        if (schema.TryGetProperty("enum", out JsonElement choices)
            && !choices.EnumerateArray().Any(item => JsonElement.DeepEquals(item, value)))
        {
            return $"{at}: {value}, want one of {choices}";
        }
        if (schema.TryGetProperty("const", out JsonElement only)
            && !JsonElement.DeepEquals(only, value))
        {
            return $"{at}: {value}, want {only}";
        }
        if (value.ValueKind == JsonValueKind.String
            && schema.TryGetProperty("pattern", out JsonElement pattern)
            && !Regex.IsMatch(value.GetString()!, pattern.GetString()!))
        {
            return $"{at}: {value}, want {pattern}";
        }
        bool isLow = value.ValueKind == JsonValueKind.Number
            && schema.TryGetProperty("minimum", out JsonElement minimum)
            && value.GetDecimal() < minimum.GetDecimal();
        bool isHigh = value.ValueKind == JsonValueKind.Number
            && schema.TryGetProperty("maximum", out JsonElement maximum)
            && value.GetDecimal() > maximum.GetDecimal();
        return isLow || isHigh ? $"{at}: {value} is out of range" : null;
    }

    private static string? LengthDifference(JsonElement value, JsonElement schema, string at)
    {
        (int length, string least, string most) = value.ValueKind switch
        {
            JsonValueKind.String => (value.GetString()!.Length, "minLength", "maxLength"),
            JsonValueKind.Array => (value.GetArrayLength(), "minItems", "maxItems"),
            _ => (0, "", ""),
        };
        bool isShort = schema.TryGetProperty(least, out JsonElement minimum)
            && length < minimum.GetInt32();
        bool isLong = schema.TryGetProperty(most, out JsonElement maximum)
            && length > maximum.GetInt32();
        return isShort || isLong ? $"{at}: {length} long is out of range" : null;
    }

    private static string? ChoiceDifference(JsonElement value, JsonElement schema, string at)
    {
        foreach (string keyword in (string[])["oneOf", "anyOf"])
        {
            if (!schema.TryGetProperty(keyword, out JsonElement choices))
            {
                continue;
            }
            // oneOf's "exactly one" is not asked: openrpc.json's own examples fit two at times.
            string?[] differences =
                [.. choices.EnumerateArray().Select(choice => Difference(value, choice, at))];
            if (Array.TrueForAll(differences, difference => difference is not null))
            {
                return $"{at}: fits none of {differences.Length}: "
                    + string.Join(" | ", differences);
            }
        }
        return schema.TryGetProperty("allOf", out JsonElement all)
            ? all.EnumerateArray().Select(part => Difference(value, part, at))
                .FirstOrDefault(difference => difference is not null)
            : null;
    }

    private static string? ObjectDifference(JsonElement value, JsonElement schema, string at)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return null;
        }
        if (schema.TryGetProperty("required", out JsonElement required))
        {
            foreach (JsonElement name in required.EnumerateArray())
            {
                if (!value.TryGetProperty(name.GetString()!, out _))
                {
                    return $"{at}: {name} is missing";
                }
            }
        }
        bool hasProperties = schema.TryGetProperty("properties", out JsonElement properties);
        bool hasRest = schema.TryGetProperty("additionalProperties", out JsonElement rest);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            bool isNamed = hasProperties
                && properties.TryGetProperty(member.Name, out JsonElement named);
            JsonElement wanted = isNamed ? properties.GetProperty(member.Name) : rest;
            string? difference = isNamed || hasRest
                ? Difference(member.Value, wanted, $"{at}.{member.Name}")
                : null;
            if (difference is not null)
            {
                return difference;
            }
        }
        return null;
    }

    private static string? ItemsDifference(JsonElement value, JsonElement schema, string at)
    {
        if (value.ValueKind != JsonValueKind.Array
            || !schema.TryGetProperty("items", out JsonElement items))
        {
            return null;
        }
        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (Difference(item, items, $"{at}[{index++}]") is { } difference)
            {
                return difference;
            }
        }
        return null;
    }
}
