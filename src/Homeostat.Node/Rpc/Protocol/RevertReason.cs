using System.Buffers.Binary;
using System.Text;
using Homeostat.Primitives;

namespace Homeostat.Node.Rpc;

/// <summary>
/// Reads Solidity's Error(string) and Panic(uint256) as geth does for its error texts.
/// </summary>
internal static class RevertReason
{
    private const uint ErrorSelector = 0x08c379a0;
    private const uint PanicSelector = 0x4e487b71;

    /// <summary>"execution reverted", with the reason where there is one to be read.</summary>
    public static string Describe(ReadOnlySpan<byte> output) =>
        TryRead(output, out string reason)
            ? $"execution reverted: {reason}"
            : "execution reverted";

    public static bool TryRead(ReadOnlySpan<byte> output, out string reason)
    {
        reason = "";
        if (output.Length < 36)
        {
            return false;
        }
        uint selector = BinaryPrimitives.ReadUInt32BigEndian(output);
        ReadOnlySpan<byte> arguments = output[4..];
        return selector switch
        {
            ErrorSelector => TryReadString(arguments, out reason),
            PanicSelector => TryReadPanic(arguments, out reason),
            _ => false,
        };
    }

    private static bool TryReadString(ReadOnlySpan<byte> arguments, out string text)
    {
        text = "";
        UInt256 offset = UInt256.FromBigEndian(arguments[..32]);
        if (offset > (ulong)arguments.Length || offset.U0 + 32 > (ulong)arguments.Length)
        {
            return false;
        }
        ReadOnlySpan<byte> tail = arguments[(int)offset.U0..];
        UInt256 length = UInt256.FromBigEndian(tail[..32]);
        if (length > (ulong)(tail.Length - 32))
        {
            return false;
        }
        text = Encoding.UTF8.GetString(tail.Slice(32, (int)length.U0));
        return true;
    }

    private static bool TryReadPanic(ReadOnlySpan<byte> arguments, out string text)
    {
        UInt256 code = UInt256.FromBigEndian(arguments[..32]);
        text = code.ToUInt64Saturating() switch
        {
            0x00 => "generic panic",
            0x01 => "assert(false)",
            0x11 => "arithmetic underflow or overflow",
            0x12 => "division or modulo by zero",
            0x21 => "enum overflow",
            0x22 => "invalid encoded storage byte array accessed",
            0x31 => "out-of-bounds array access; popping on an empty array",
            0x32 => "out-of-bounds access of an array or bytesN",
            0x41 => "out of memory",
            0x51 => "uninitialized function",
            _ => $"unknown panic code: {code.ToQuantity()}",
        };
        return true;
    }
}
