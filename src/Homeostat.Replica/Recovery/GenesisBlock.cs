using Homeostat.Consensus;
using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>The first block and state, made from the genesis document.</summary>
internal static class GenesisBlock
{
    public static TreeBlock Create(GenesisDocument document, INodeSource source)
    {
        WorldSnapshot state = CreateState(document, source);
        ChainParameters parameters = ChainParameters.Read(new SnapshotStorage(state));
        ChainConfig config = document.Config;
        var header = new BlockHeader
        {
            StateRoot = state.Root,
            GasLimit = parameters.GasLimit,
            Timestamp = config.GenesisTimeMs / 1_000,
            ExtraData = document.ExtraData,
            BaseFee = config.InitialBaseFee,
            WithdrawalsRoot = Keccak.EmptyTrie,
            BlobGasUsed = 0,
            ExcessBlobGas = 0,
            ParentBeaconBlockRoot = Hash256.Zero,
            RequestsHash = EmptyRequests,
        };
        return new TreeBlock
        {
            Reference = BlockReference.Genesis(header.Hash, (long)config.GenesisTimeMs),
            Block = new Block { Header = header, Withdrawals = [] },
            Encoded = [],
            State = state,
            Parameters = parameters,
            Validators = ValidatorSet.Create(
                config.Validators.Select(entry => new Validator(entry.Address, entry.Weight))),
            Revision = RevisionStorage.Read(new SnapshotStorage(state)),
            SteeringGas = 0,
        };
    }

    /// <summary>EIP-7685: SHA-256 of nothing.</summary>
    private static Hash256 EmptyRequests =>
        new(System.Security.Cryptography.SHA256.HashData([]));

    private static WorldSnapshot CreateState(GenesisDocument document, INodeSource source)
    {
        var world = new WorldState(WorldSnapshot.Empty(source));
        foreach ((Address address, GenesisAccount account) in document.Allocations)
        {
            world.AddBalance(address, account.Balance);
            world.SetNonce(address, account.Nonce);
            if (account.Code.Length > 0)
            {
                world.SetCode(address, new Code(account.Code));
            }
            foreach ((UInt256 slot, UInt256 value) in account.Storage)
            {
                world.SetStorage(address, slot, value);
            }
        }
        world.EndTransaction(clearsEmptyAccounts: false);
        return world.Commit().State;
    }
}
