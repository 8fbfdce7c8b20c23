namespace Homeostat.Evm;

/// <summary>Why the loop stopped running a frame.</summary>
internal enum Halt
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>STOP, RETURN or SELFDESTRUCT; the return data is set.</summary>
    Done,

    /// <summary>REVERT; the return data is set.</summary>
    Reverted,

    /// <summary>A call or create pushed a frame, which runs next.</summary>
    Entered,

    OutOfGas,
    StackUnderflow,
    StackOverflow,
    InvalidOpcode,
    InvalidJump,
    StaticViolation,
    ReturnDataOutOfBounds,
    InitcodeSizeExceeded,
}
