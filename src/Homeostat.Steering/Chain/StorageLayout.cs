using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>
/// Where Solidity puts mappings, dynamic arrays and bytes (Solidity documentation, "Layout of State
/// Variables in Storage"), read and written.
/// </summary>
public static class StorageLayout
{
    /// <summary>keccak256(key ‖ slot): the place of a mapping's value.</summary>
    public static UInt256 MappingSlot(in UInt256 key, in UInt256 slot)
    {
        Span<byte> bytes = stackalloc byte[64];
        key.WriteBigEndian(bytes[..32]);
        slot.WriteBigEndian(bytes[32..]);
        return UInt256.FromHash256(Keccak.Hash(bytes));
    }

    /// <summary>
    /// keccak256(slot): where the content of a dynamic array or of long bytes begins.
    /// </summary>
    public static UInt256 ContentSlot(in UInt256 slot) =>
        UInt256.FromHash256(Keccak.Hash(slot.ToBigEndian()));

    /// <summary>
    /// Bytes or a string at a slot, or false when they are longer than the limit or the length word
    /// is not one Solidity writes.
    /// </summary>
    public static bool TryReadBytes(
        IStorageReader state, in Address contract, in UInt256 slot, int limit, out byte[] bytes)
    {
        bytes = [];
        UInt256 word = state.Read(contract, slot);
        bool isLong = (word.U0 & 1) != 0;
        if (!isLong)
        {
            int length = (int)(word.U0 & 0xff) / 2;
            bytes = length <= 31 ? word.ToBigEndian()[..length] : [];
            return length <= Math.Min(31, limit);
        }
        if (!word.IsUInt64 || word.U0 / 2 > (ulong)limit)
        {
            return false;
        }
        byte[] result = new byte[(int)(word.U0 / 2)];
        UInt256 content = ContentSlot(slot);
        for (int at = 0; at < result.Length; at += 32)
        {
            byte[] part = state.Read(contract, content + (UInt256)(ulong)(at / 32)).ToBigEndian();
            part.AsSpan(0, Math.Min(32, result.Length - at)).CopyTo(result.AsSpan(at));
        }
        bytes = result;
        return true;
    }

    /// <summary>The inverse of <see cref="TryReadBytes"/>, for genesis.</summary>
    public static void WriteBytes(
        SortedDictionary<UInt256, UInt256> storage, in UInt256 slot, ReadOnlySpan<byte> bytes)
    {
        byte[] word = new byte[32];
        if (bytes.Length <= 31)
        {
            bytes.CopyTo(word);
            word[31] = (byte)(bytes.Length * 2);
            storage[slot] = UInt256.FromBigEndian(word);
            return;
        }
        storage[slot] = (ulong)bytes.Length * 2 + 1;
        UInt256 content = ContentSlot(slot);
        for (int at = 0; at < bytes.Length; at += 32)
        {
            word.AsSpan().Clear();
            bytes[at..Math.Min(at + 32, bytes.Length)].CopyTo(word);
            storage[content + (UInt256)(ulong)(at / 32)] = UInt256.FromBigEndian(word);
        }
    }
}
