using Homeostat.Primitives;

namespace Homeostat.Node.Keys;

/// <summary>Private keys in files: hexadecimal as geth's nodekey, or keystore V3.</summary>
internal static class KeyFile
{
    /// <summary>Reads whichever name is not empty.</summary>
    public static bool TryRead(
        string keyFile, string keystore, string passwordFile, out Hash256 key, out string error)
    {
        key = default;
        try
        {
            if (keystore.Length == 0)
            {
                return TryReadHex(File.ReadAllText(keyFile).Trim(), keyFile, out key, out error);
            }
            if (passwordFile.Length == 0)
            {
                error = "a keystore needs --password FILE";
                return false;
            }
            string password = File.ReadLines(passwordFile).FirstOrDefault() ?? "";
            return KeystoreV3.TryDecrypt(File.ReadAllText(keystore), password, out key, out error);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            error = failure.Message;
            return false;
        }
    }

    /// <summary>Writes the key so that only its owner can read it.</summary>
    public static void Write(string file, in Hash256 key) =>
        WritePrivate(file, Convert.ToHexStringLower(key.Bytes) + "\n");

    /// <summary>A new file that only its owner can read.</summary>
    public static void WritePrivate(string file, string text)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using var writer = new StreamWriter(file, options);
        writer.Write(text);
    }

    private static bool TryReadHex(string text, string file, out Hash256 key, out string error)
    {
        bool good = Hash256.TryParse(text, out key) && KeystoreV3.IsPrivateKey(key);
        error = good ? "" : $"{file} does not hold a private key of 64 hexadecimal digits";
        return good;
    }
}
