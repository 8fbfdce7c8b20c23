using System.Buffers.Binary;
using Homeostat.Evm;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// INFER: asks a registered model. Input: its hash, then one word a feature (int64,
/// sign-extended). Output: a word with the answer, one with each feature's attribution, and the
/// bias's; they sum exactly to the answer. A model is data under its hash and never changes, so
/// what is decoded once may be kept: whether it was is seen in the time only, never in the price
/// (docs/adr/0021-infer-precompile.md).
/// </summary>
public sealed class InferPrecompile : IStatefulPrecompile
{
    /// <summary>Finding the model and writing the answer.</summary>
    public const ulong BaseGas = 400;

    /// <summary>A feature in and its attribution out.</summary>
    public const ulong FeatureGas = 6;

    /// <summary>One step of a model: a node on a way down a tree, or a product.</summary>
    public const ulong StepGas = 1;

    /// <summary>A byte of a model that this transaction has not asked yet, from code.</summary>
    public const ulong ColdCodeByteGas = 3;

    /// <summary>An account that holds a part of it (EIP-2929's cold account).</summary>
    public const ulong ColdPartGas = 2_600;

    /// <summary>A word of a model in the registry's storage (EIP-2929's cold slot).</summary>
    public const ulong ColdWordGas = 2_100;

    /// <summary>EIP-170 cuts the longest model into eleven accounts.</summary>
    private const int MaximumParts = 16;

    private readonly ModelMemo _memo = new();

    public Address Address => PredeployAddresses.Infer;

    public bool TryRun(
        ReadOnlySpan<byte> input, ulong gas, IWorld world, out ulong cost, out byte[] output)
    {
        output = [];
        cost = BaseGas;
        if (input.Length < Hash256.Size || input.Length % 32 != 0 ||
            input.Length > 32 * (FeatureSets.MaximumFree + 1))
        {
            return false;
        }
        var hash = new Hash256(input[..Hash256.Size]);
        int features = input.Length / 32 - 1;
        cost += (ulong)features * FeatureGas;
        // Where a model lies and what it is never change, once it is there at all: the memo saves
        // finding and decoding, and the one word that says it is there is read each time.
        ModelMemo.Entry? found = _memo.Find(hash);
        if (!(found is null
            ? TryLocate(world, hash, out StoredModel place)
            : IsThere(world, found, out place)))
        {
            return false;
        }
        if (world.WarmSlot(PredeployAddresses.ModelRegistry, place.Slot))
        {
            cost += place.ColdGas;
        }
        if (cost > gas)
        {
            return false;
        }
        if (found is null)
        {
            // Paid for: by this call, or by the one that warmed it in this transaction.
            found = new ModelMemo.Entry(hash, place, Decode(world, place));
            _memo.Add(found);
        }
        if (found.Model is not { } model ||
            !FeatureSets.TryGetCount(model.FeatureSet, out int wanted) || wanted != features)
        {
            return false;
        }
        cost += (ulong)model.Steps * StepGas;
        return cost <= gas && TryEvaluate(model, input[Hash256.Size..], out output);
    }

    private static bool IsThere(IWorld world, ModelMemo.Entry entry, out StoredModel place)
    {
        place = entry.Place;
        return !world.GetStorage(PredeployAddresses.ModelRegistry, place.Slot).IsZero;
    }

    private static bool TryEvaluate(
        IForecaster model, ReadOnlySpan<byte> words, out byte[] output)
    {
        int count = words.Length / 32;
        output = new byte[32 * (count + 2)];
        Span<long> features = stackalloc long[count];
        for (int i = 0; i < count; i++)
        {
            if (!TryReadSigned(words.Slice(32 * i, 32), out features[i]))
            {
                return false;
            }
        }
        Span<long> shares = stackalloc long[count + 1];
        long answer;
        if (model is TreeEnsemble trees)
        {
            answer = trees.Evaluate(features, shares);
        }
        else
        {
            // Weights and features of a linear model are bounded, so that no sum saturates.
            var values = new Fixed[count];
            for (int i = 0; i < count; i++)
            {
                values[i] = Fixed.FromRaw(features[i]);
                if (Fixed.Abs(values[i]) > FeatureSets.MaximumFeature)
                {
                    return false;
                }
            }
            Forecast forecast = model.Evaluate(values);
            answer = forecast.Output.Raw;
            for (int i = 0; i < count; i++)
            {
                shares[i] = forecast.Attributions[i].Raw;
            }
        }
        WriteSigned(output, answer);
        for (int i = 0; i < shares.Length; i++)
        {
            WriteSigned(output.AsSpan(32 * (i + 1)), shares[i]);
        }
        return true;
    }

    private static bool TryLocate(IWorld world, in Hash256 hash, out StoredModel place)
    {
        UInt256 slot = ModelStorage.BytesSlotOf(hash);
        UInt256 word = world.GetStorage(PredeployAddresses.ModelRegistry, slot);
        if (!word.IsZero)
        {
            ulong length = (word.U0 & 1) == 0 ? (word.U0 & 0xff) / 2 : word.U0 / 2;
            place = new StoredModel(slot, 0, (1 + (length + 31) / 32) * ColdWordGas);
            return true;
        }
        slot = ModelStorage.PartsSlotOf(hash);
        UInt256 parts = world.GetStorage(PredeployAddresses.ModelRegistry, slot);
        int count = parts.IsUInt64 && parts.U0 <= MaximumParts ? (int)parts.U0 : 0;
        ulong cost = 0;
        for (int i = 0; i < count; i++)
        {
            cost += ColdPartGas + (ulong)PartOf(world, slot, i).Length * ColdCodeByteGas;
        }
        place = new StoredModel(slot, count, cost);
        return count != 0;
    }

    private static Code PartOf(IWorld world, in UInt256 slot, int index)
    {
        UInt256 word = world.GetStorage(PredeployAddresses.ModelRegistry,
            StorageLayout.ContentSlot(slot) + (UInt256)(ulong)index);
        return world.GetCode(Address.FromWord(word));
    }

    private static IForecaster? Decode(IWorld world, in StoredModel place)
    {
        byte[] bytes;
        if (place.Parts == 0)
        {
            if (!StorageLayout.TryReadBytes(new WorldStorage(world),
                PredeployAddresses.ModelRegistry, place.Slot, TreeEnsemble.MaximumBytes,
                out bytes))
            {
                return null;
            }
        }
        else
        {
            var all = new List<byte>();
            for (int i = 0; i < place.Parts; i++)
            {
                all.AddRange(PartOf(world, place.Slot, i).Bytes.AsSpan(1));
            }
            bytes = [.. all];
        }
        // A learner's answers depend on its loop's state: only the loop asks it.
        return ForecasterCoding.TryDecode(bytes, out IForecaster? model) &&
            model is not LearnerSpec ? model : null;
    }

    private static bool TryReadSigned(ReadOnlySpan<byte> word, out long value)
    {
        value = BinaryPrimitives.ReadInt64BigEndian(word[24..]);
        return !word[..24].ContainsAnyExcept(value < 0 ? (byte)0xff : (byte)0);
    }

    private static void WriteSigned(Span<byte> word, long value)
    {
        word[..24].Fill(value < 0 ? (byte)0xff : (byte)0);
        BinaryPrimitives.WriteInt64BigEndian(word[24..], value);
    }

    private sealed class WorldStorage(IWorld world) : IStorageReader
    {
        public UInt256 Read(in Address contract, in UInt256 slot) =>
            world.GetStorage(contract, slot);
    }
}
