using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Homeostat.Node.Rpc;

/// <summary>
/// Bearer tokens as the engine API has them: JWT by HS256 with a shared secret, issued within a
/// minute of now. Off unless a secret is configured.
/// </summary>
internal sealed class JwtCheck(byte[] secret, TimeProvider time)
{
    private const int MostSkewSeconds = 60;
    private const string Scheme = "Bearer ";

    /// <summary>Geth's text when the request may not pass, else null.</summary>
    public string? Problem(string? authorization)
    {
        if (authorization?.StartsWith(Scheme, StringComparison.Ordinal) != true)
        {
            return "missing token";
        }
        string[] parts = authorization[Scheme.Length..].Split('.');
        if (parts.Length != 3)
        {
            return "invalid token";
        }
        try
        {
            byte[] wanted = HMACSHA256.HashData(
                secret, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"));
            bool isSigned = IsHs256(Base64Url.DecodeFromChars(parts[0]))
                && CryptographicOperations.FixedTimeEquals(
                    wanted, Base64Url.DecodeFromChars(parts[2]));
            return isSigned ? CheckAge(Base64Url.DecodeFromChars(parts[1])) : "invalid token";
        }
        catch (Exception problem) when (problem is FormatException or JsonException)
        {
            return "invalid token";
        }
    }

    private static bool IsHs256(byte[] header)
    {
        using JsonDocument document = JsonDocument.Parse(header);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("alg"u8, out JsonElement algorithm)
            && algorithm.ValueKind == JsonValueKind.String
            && algorithm.ValueEquals("HS256"u8);
    }

    private string? CheckAge(byte[] claims)
    {
        using JsonDocument document = JsonDocument.Parse(claims);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("iat"u8, out JsonElement issued)
            || issued.ValueKind != JsonValueKind.Number || !issued.TryGetInt64(out long seconds))
        {
            return "missing issued-at";
        }
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        return seconds < now - MostSkewSeconds ? "stale token"
            : seconds > now + MostSkewSeconds ? "future token"
            : null;
    }
}
