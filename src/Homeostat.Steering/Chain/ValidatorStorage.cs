using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Steering;

/// <summary>A validator as the ValidatorSet predeploy holds it.</summary>
public sealed record ValidatorEntry(Address Address, ulong Weight, string NodeAddress);

/// <summary>The ValidatorSet predeploy's array at slot 0: two slots an entry.</summary>
public static class ValidatorStorage
{
    /// <summary>More validators than this no steering block could read within its budget.</summary>
    public const ulong MaximumCount = 1_024;

    private const int MaximumNodeAddressBytes = 255;
    private static readonly UInt256 ArraySlot = UInt256.Zero;

    /// <summary>All validators in their order; at most <see cref="MaximumCount"/>.</summary>
    public static IReadOnlyList<ValidatorEntry> Read(IStorageReader state)
    {
        UInt256 count = state.Read(PredeployAddresses.ValidatorSet, ArraySlot);
        ulong length = Math.Min(count.ToUInt64Saturating(), MaximumCount);
        UInt256 content = StorageLayout.ContentSlot(ArraySlot);
        var validators = new List<ValidatorEntry>((int)length);
        for (ulong i = 0; i < length; i++)
        {
            UInt256 slot = content + (UInt256)(2 * i);
            UInt256 word = state.Read(PredeployAddresses.ValidatorSet, slot);
            bool isText = StorageLayout.TryReadBytes(state, PredeployAddresses.ValidatorSet,
                slot + UInt256.One, MaximumNodeAddressBytes, out byte[] node);
            validators.Add(new ValidatorEntry(Address.FromWord(word), (word >> 160).U0,
                isText ? Encoding.UTF8.GetString(node) : ""));
        }
        return validators;
    }

    public static void Write(
        SortedDictionary<UInt256, UInt256> storage, IReadOnlyList<ValidatorEntry> validators)
    {
        storage[ArraySlot] = (ulong)validators.Count;
        UInt256 content = StorageLayout.ContentSlot(ArraySlot);
        for (int i = 0; i < validators.Count; i++)
        {
            UInt256 slot = content + (UInt256)(2 * (ulong)i);
            storage[slot] = validators[i].Address.ToWord() | ((UInt256)validators[i].Weight << 160);
            StorageLayout.WriteBytes(storage, slot + UInt256.One,
                Encoding.UTF8.GetBytes(validators[i].NodeAddress));
        }
    }
}
