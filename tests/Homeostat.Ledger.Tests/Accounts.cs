using System.Buffers.Binary;
using Homeostat.Primitives;

namespace Homeostat.Ledger.Tests;

/// <summary>Keys 1, 2, 3 … and their addresses.</summary>
internal static class Accounts
{
    public static Hash256 Key(int number)
    {
        byte[] key = new byte[32];
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(28), number);
        return new Hash256(key);
    }

    public static Address Address(int number) => Secp256k1.AddressOf(Key(number));
}
