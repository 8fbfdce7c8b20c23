using Homeostat.Primitives;

namespace Homeostat.Steering.Tests;

/// <summary>Calls of the ModelRegistry for the capacity loop.</summary>
internal static class ModelCalls
{
    private static readonly Hash256 Loop = SteeringProgram.CapacityLoopName;

    public static byte[] Register(byte[] model) => Bytes("register(bytes)", model);

    public static byte[] Upload(byte[] part) => Bytes("upload(bytes)", part);

    public static byte[] RegisterParts(IEnumerable<Address> parts)
    {
        Address[] all = [.. parts];
        var tuple = new AbiTuple().Add((UInt256)32UL).Add((UInt256)(ulong)all.Length);
        foreach (Address part in all)
        {
            tuple.Add(part);
        }
        return Encode("registerParts(address[])", tuple);
    }

    public static byte[] SetChampion(in Hash256 model) =>
        Encode("setChampion(bytes32,bytes32)", new AbiTuple().Add(Loop).Add(model));

    public static byte[] SetChampions(Hash256[] models) => Encode(
        "setChampions(bytes32,bytes32[3])",
        new AbiTuple().Add(Loop).Add(models[0]).Add(models[1]).Add(models[2]));

    public static byte[] Nominate(in Hash256 model, ulong start, ulong blocks) => Encode(
        "nominate(bytes32,bytes32,uint64,uint64)",
        new AbiTuple().Add(Loop).Add(model).Add((UInt256)start).Add((UInt256)blocks));

    public static byte[] Promote(ulong seat) =>
        Encode("promote(bytes32,uint256)", new AbiTuple().Add(Loop).Add((UInt256)seat));

    public static byte[] Retire(in Hash256 model) =>
        Encode("retire(bytes32,bytes32)", new AbiTuple().Add(model).Add(Loop));

    public static byte[] Withdraw(in Hash256 model) =>
        Encode("withdraw(bytes32)", new AbiTuple().Add(model));

    private static byte[] Bytes(string signature, byte[] bytes) =>
    [
        .. Encode(signature,
            new AbiTuple().Add((UInt256)32UL).Add((UInt256)(ulong)bytes.Length)),
        .. bytes, .. new byte[(32 - bytes.Length % 32) % 32],
    ];

    private static byte[] Encode(string signature, AbiTuple arguments) =>
    [
        .. Keccak.Hash(System.Text.Encoding.ASCII.GetBytes(signature)).Bytes[..4],
        .. arguments.Encode(),
    ];
}
