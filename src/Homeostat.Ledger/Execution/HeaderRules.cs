using Homeostat.Primitives;

namespace Homeostat.Ledger;

/// <summary>
/// What a header must be, given its parent. Each check asks one entry of <see cref="BlockRules"/>;
/// texts begin as geth's.
/// </summary>
internal static class HeaderRules
{
    private const ulong MinGasLimit = 5_000;
    private const ulong GasLimitBoundDivisor = 1_024;
    private const ulong ElasticityMultiplier = 2;
    private const ulong BaseFeeChangeDenominator = 8;
    private const int DaoExtraDataBlocks = 10;
    private static readonly UInt256 InitialBaseFee = 1_000_000_000;
    private static readonly byte[] DaoExtraData = "dao-hard-fork"u8.ToArray();

    /// <summary>Null when the header follows from its parent under these rules.</summary>
    public static string? Check(
        BlockHeader header, BlockHeader parent, BlockRules rules, BlockInputs? inputs) =>
        CheckChain(header, parent, rules)
        ?? CheckProof(header, parent, rules)
        ?? CheckGas(header, parent, rules)
        ?? CheckForkFields(header, parent, rules)
        ?? (rules.HasInputs ? InputRules.CheckHeader(header, parent, inputs!) : null);

    private static string? CheckChain(BlockHeader header, BlockHeader parent, BlockRules rules)
    {
        if (header.ParentHash != parent.Hash)
        {
            return "unknown ancestor";
        }
        if (header.Number != parent.Number.Next)
        {
            return "invalid block number";
        }
        if (header.ExtraData.Length > BlockHeader.LongestExtraData)
        {
            return $"extra-data too long: {header.ExtraData.Length} "
                + $"> {BlockHeader.LongestExtraData}";
        }
        bool inOrder = header.Timestamp > parent.Timestamp
            || (rules.TimestampMayRepeat && header.Timestamp == parent.Timestamp);
        if (!inOrder)
        {
            return "timestamp older than parent";
        }
        bool wantsDaoMark = rules.DaoForkBlock is { } dao && header.Number.Value >= dao
            && header.Number.Value < dao + DaoExtraDataBlocks;
        return wantsDaoMark && !header.ExtraData.AsSpan().SequenceEqual(DaoExtraData)
            ? "bad DAO pro-fork extra-data"
            : null;
    }

    private static string? CheckProof(BlockHeader header, BlockHeader parent, BlockRules rules)
    {
        UInt256 difficulty = Difficulty.Next(parent, header.Timestamp, rules);
        if (header.Difficulty != difficulty)
        {
            return $"invalid difficulty: have {header.Difficulty}, want {difficulty}";
        }
        if (rules.IsProofOfStake && header.Nonce != 0)
        {
            return "invalid nonce";
        }
        return rules.IsProofOfStake && header.OmmersHash != Keccak.EmptyList
            ? "invalid uncleHash"
            : null;
    }

    private static string? CheckGas(BlockHeader header, BlockHeader parent, BlockRules rules)
    {
        if (header.GasLimit > BlockRules.MaxGasLimit)
        {
            return $"invalid gasLimit: have {header.GasLimit}, max {BlockRules.MaxGasLimit}";
        }
        if (header.GasUsed > header.GasLimit)
        {
            return $"invalid gasUsed: have {header.GasUsed}, gasLimit {header.GasLimit}";
        }
        if (!rules.HasInputs)
        {
            bool isFirstElastic =
                rules.BaseFeeRule == BaseFeeRule.ByParentGas && parent.BaseFee is null;
            ulong from = parent.GasLimit * (isFirstElastic ? ElasticityMultiplier : 1);
            ulong bound = from / GasLimitBoundDivisor;
            ulong distance = from > header.GasLimit
                ? from - header.GasLimit
                : header.GasLimit - from;
            if (distance >= bound || header.GasLimit < MinGasLimit)
            {
                return $"invalid gas limit: have {header.GasLimit}, want {from} +-= {bound}";
            }
        }
        return CheckBaseFee(header, parent, rules);
    }

    private static string? CheckBaseFee(BlockHeader header, BlockHeader parent, BlockRules rules)
    {
        switch (rules.BaseFeeRule)
        {
            case BaseFeeRule.None:
                return header.BaseFee is null ? null : "invalid baseFee: have some, want none";
            case BaseFeeRule.ByParentGas:
                UInt256 expected = NextBaseFee(parent);
                return header.BaseFee == expected
                    ? null
                    : $"invalid baseFee: have {header.BaseFee}, want {expected}";
            default:
                return header.BaseFee is null ? "header is missing baseFee" : null;
        }
    }

    /// <summary>EIP-1559.</summary>
    public static UInt256 NextBaseFee(BlockHeader parent)
    {
        if (parent.BaseFee is not { } fee)
        {
            return InitialBaseFee;
        }
        ulong target = parent.GasLimit / ElasticityMultiplier;
        if (parent.GasUsed == target || target == 0)
        {
            return fee;
        }
        if (parent.GasUsed > target)
        {
            UInt256 rise = fee * (parent.GasUsed - target) / target / BaseFeeChangeDenominator;
            return fee + (rise.IsZero ? UInt256.One : rise);
        }
        return fee - fee * (target - parent.GasUsed) / target / BaseFeeChangeDenominator;
    }

    private static string? CheckForkFields(
        BlockHeader header, BlockHeader parent, BlockRules rules)
    {
        if ((header.WithdrawalsRoot is not null) != rules.HasWithdrawals)
        {
            return Presence("withdrawalsHash", rules.HasWithdrawals);
        }
        bool hasBlobs = rules.Blobs is not null;
        if ((header.BlobGasUsed is not null) != hasBlobs)
        {
            return Presence("blobGasUsed", hasBlobs);
        }
        if ((header.ExcessBlobGas is not null) != hasBlobs)
        {
            return Presence("excessBlobGas", hasBlobs);
        }
        if ((header.ParentBeaconBlockRoot is not null) != rules.HasBeaconRoot)
        {
            return Presence("parentBeaconRoot", rules.HasBeaconRoot);
        }
        if ((header.RequestsHash is not null) != rules.HasRequests)
        {
            return Presence("requestsHash", rules.HasRequests);
        }
        return rules.Blobs is { } schedule ? CheckBlobGas(header, parent, rules, schedule) : null;
    }

    private static string Presence(string field, bool wanted) =>
        wanted ? $"header is missing {field}" : $"invalid {field}: have some, want none";

    private static string? CheckBlobGas(
        BlockHeader header, BlockHeader parent, BlockRules rules, BlobSchedule schedule)
    {
        ulong most = schedule.Max * BlobSchedule.GasPerBlob;
        if (header.BlobGasUsed > most)
        {
            return $"blob gas used {header.BlobGasUsed} exceeds maximum allowance {most}";
        }
        if (header.BlobGasUsed % BlobSchedule.GasPerBlob != 0)
        {
            return $"blob gas used {header.BlobGasUsed} not a multiple of blob gas per blob "
                + $"{BlobSchedule.GasPerBlob}";
        }
        ulong excess = BlobGas.NextExcess(parent, rules);
        return header.ExcessBlobGas == excess
            ? null
            : $"invalid excessBlobGas: have {header.ExcessBlobGas}, want {excess}";
    }
}
