using System.Diagnostics.CodeAnalysis;
using Homeostat.Primitives;

namespace Homeostat.Evm;

/// <summary>Which precompile answers at which address, from which fork on.</summary>
public static class Precompiles
{
    /// <summary>EIP-7951's address, the greatest there is.</summary>
    private const int LastAddress = 0x100;

    private static readonly (int Number, Fork Since, IPrecompile Contract)[] All =
    [
        (0x01, Fork.Frontier, new EcRecover()),
        (0x02, Fork.Frontier, new Sha256Hash()),
        (0x03, Fork.Frontier, new Ripemd160Hash()),
        (0x04, Fork.Frontier, new Identity()),
        (0x05, Fork.Byzantium, new ModExp()),
        (0x06, Fork.Byzantium, new Bn254Add()),
        (0x07, Fork.Byzantium, new Bn254Multiply()),
        (0x08, Fork.Byzantium, new Bn254PairingCheck()),
        (0x09, Fork.Istanbul, new Blake2Compression()),
        (0x0a, Fork.Cancun, new PointEvaluation()),
        (0x0b, Fork.Prague, new Bls12G1Add()),
        (0x0c, Fork.Prague, new Bls12G1MultiScalar()),
        (0x0d, Fork.Prague, new Bls12G2Add()),
        (0x0e, Fork.Prague, new Bls12G2MultiScalar()),
        (0x0f, Fork.Prague, new Bls12PairingCheck()),
        (0x10, Fork.Prague, new Bls12MapToG1()),
        (0x11, Fork.Prague, new Bls12MapToG2()),
        (0x100, Fork.Osaka, new P256Verify()),
    ];

    private static readonly IPrecompile?[][] ByFork = BuildTables();

    private static readonly Address[][] AddressesByFork = BuildAddresses();

    /// <summary>False where the address is no precompile in this fork.</summary>
    public static bool TryGet(
        Fork fork, in Address address, [NotNullWhen(true)] out IPrecompile? precompile)
    {
        ReadOnlySpan<byte> bytes = address.Bytes;
        precompile = null;
        if (bytes[..18].ContainsAnyExcept((byte)0))
        {
            return false;
        }
        int number = (bytes[18] << 8) | bytes[19];
        if (number > LastAddress)
        {
            return false;
        }
        precompile = ByFork[(int)fork][number];
        return precompile is not null;
    }

    /// <summary>The fork's precompiles, rising: they are warm from the start (EIP-2929).</summary>
    public static ReadOnlySpan<Address> Addresses(Fork fork) => AddressesByFork[(int)fork];

    private static IPrecompile?[][] BuildTables()
    {
        var tables = new IPrecompile?[Enum.GetValues<Fork>().Length][];
        foreach (Fork fork in Enum.GetValues<Fork>())
        {
            var table = new IPrecompile?[LastAddress + 1];
            foreach ((int number, Fork since, IPrecompile contract) in All)
            {
                table[number] = fork >= since ? contract : null;
            }
            tables[(int)fork] = table;
        }
        return tables;
    }

    private static Address[][] BuildAddresses() =>
        [.. Enum.GetValues<Fork>().Select(fork => All
            .Where(entry => fork >= entry.Since)
            .Select(entry => Address.FromNumber((uint)entry.Number))
            .ToArray())];
}
