using Homeostat.Evm;
using Homeostat.Ledger;
using Homeostat.Primitives;
using Homeostat.Steering;

namespace Homeostat.Replica;

/// <summary>
/// Blocks after a state in which recorded demand comes again: transaction 0 and the base fee alone,
/// on the state's own contracts. What exceeds a block's gas waits for the next. Readings are the
/// recorded ones, loads of the paid classes their means.
/// </summary>
internal sealed class SteeringReplay
{
    private readonly WorldState _world;
    private readonly WorldStorage _storage;
    private readonly BlockRules _rules;
    private readonly IEvmEngine _engine;
    private readonly BlockHeader _parent;
    private readonly DemandAnswer _answer;
    private readonly (Address Validator, Observation Seen)[] _observations;
    private readonly (Fixed Fast, Fixed Urgent) _loads;
    private ulong _height;
    private ulong _timeMs;
    private ulong _parentGas;
    private ulong _parentSteeringGas;
    private UInt256 _baseFee;
    private UInt256 _feeSum = UInt256.Zero;
    private UInt128 _delaySum;
    private ulong _mostDelayMs;
    private ulong _blocks;
    private ulong _included;
    private ulong _waiting;
    private ulong _decisions;
    private ulong _refused;
    private ulong _unruled;
    private ulong _firings;
    private ulong _failed;
    private ulong _steeringGas;

    public SteeringReplay(
        WorldState world, ReplayParent parent, BlockRules rules, IEvmEngine engine,
        DemandAnswer answer)
    {
        _answer = answer;
        (_world, _storage, _rules, _engine) = (world, new WorldStorage(world), rules, engine);
        _parent = parent.Header;
        _height = parent.Header.Number.Value;
        var steering = new SteeringStorage(_storage);
        _timeMs = steering.Head.TimeMs;
        _parentGas = parent.Header.GasUsed;
        _parentSteeringGas = parent.SteeringGas;
        _baseFee = parent.Header.BaseFee ?? UInt256.Zero;
        _observations =
        [
            .. ValidatorStorage.Read(_storage).Select(v => (
                    v.Address,
                    IsSeen: steering.TryGetObservation(v.Address, out Observation seen, out _),
                    Seen: seen))
                .Where(v => v.IsSeen).Select(v => (v.Address, v.Seen)),
        ];
        UInt256 word = steering.ReadWord(SteeringProgram.OrderingLoopName, 0);
        _loads = (Fixed.FromRaw((long)word.U0), Fixed.FromRaw((long)word.U1));
    }

    /// <summary>False where the gas budget ended it.</summary>
    public bool Run(IReadOnlyList<RecordedBlock> blocks)
    {
        foreach (RecordedBlock block in blocks)
        {
            if (_steeringGas > DryRun.MaximumGas)
            {
                return false;
            }
            Next(block);
        }
        return true;
    }

    public DryRunSide Side() => new(
        _blocks == 0 ? _baseFee : _feeSum / (UInt256)_blocks, _baseFee,
        _blocks == 0 ? 0 : (ulong)(_delaySum / _blocks), _mostDelayMs, _included, _waiting,
        _decisions, _refused, _unruled, _firings, _failed, _steeringGas, Loops());

    private void Next(RecordedBlock block)
    {
        ChainParameters inForce = ChainParameters.Read(_storage);
        _height++;
        _timeMs += block.ElapsedMs;
        UInt256 parentFee = _baseFee;
        _baseFee = BaseFee.Next(
            parentFee, _parentGas, block.ElapsedMs, inForce.GasTargetPerSecond,
            inForce.MinimumBaseFee);
        ulong room = inForce.GasLimit - Math.Min(inForce.GasLimit, SteeringProgram.GasLimit);
        ulong steeringGas = Step(block, parentFee, inForce.GasLimit);
        SetLoads(room);
        _world.EndTransaction(clearsEmptyAccounts: true);
        UInt128 offered = (UInt128)_waiting + _answer.Demand(
            block.DemandGas, block.BaseFee, _baseFee);
        ulong used = (ulong)UInt128.Min(offered, room);
        _waiting = (ulong)UInt128.Min(offered - used, ulong.MaxValue);
        ulong delayMs = (ulong)UInt128.Min(
            (UInt128)_waiting * block.ElapsedMs / Math.Max(room, 1), uint.MaxValue);
        (_parentGas, _parentSteeringGas) = (used + steeringGas, steeringGas);
        _included += used;
        _steeringGas += steeringGas;
        _feeSum += _baseFee;
        _delaySum += delayMs;
        _mostDelayMs = Math.Max(_mostDelayMs, delayMs);
        _blocks++;
    }

    private ulong Step(RecordedBlock block, in UInt256 parentFee, ulong gasLimit)
    {
        var facts = new BlockFacts(
            new Height(_height), _timeMs, Hash256.Zero, _parentGas, _parentSteeringGas, parentFee,
            Observed(block));
        byte[] data = SteeringProgram.Transaction0(_storage, facts);
        var context = new EvmContext(
            _world, _rules.Evm,
            BlockExecution.EnvironmentOf(_parent, _rules, NoBlockHashes.Instance) with
            {
                Number = _height,
                Timestamp = _timeMs / 1_000,
                GasLimit = gasLimit,
                BaseFee = _baseFee,
            },
            new TransactionEnvironment { Origin = _parent.Coinbase });
        CallResult result = _engine.Execute(context, new CallMessage(
            CallKind.Call, _parent.Coinbase, SteeringProgram.Target, UInt256.Zero,
            SteeringProgram.GasLimit, data));
        _failed += result.IsSuccess ? 0UL : 1;
        foreach (Log log in _world.Logs)
        {
            Count(log);
        }
        return SteeringProgram.GasLimit - result.GasLeft;
    }

    private void Count(Log log)
    {
        if (log.Address != PredeployAddresses.Steering
            || !DecisionEvent.TryDecode(log.Topics, log.Data, out DecisionEvent? decision))
        {
            return;
        }
        if (decision!.Actor == Actor.Rule)
        {
            _firings++;
            return;
        }
        _decisions++;
        _refused += decision.Ruling == RulingKind.Refused ? 1UL : 0;
        _unruled += decision.Failure == SteeringFailure.NoRuling ? 1UL : 0;
    }

    // Everyone's last observation again, with the speed and the propagation that were read then.
    private List<SignedObservation> Observed(RecordedBlock block) =>
    [
        .. _observations.Select(o => new SignedObservation(o.Validator, new ObservationReport(
            block.NanosecondsPerKilogas == 0
                ? o.Seen
                : o.Seen with
                {
                    NanosecondsPerKilogas = Math.Min(
                        block.NanosecondsPerKilogas, Observation.MaximumNanosecondsPerKilogas),
                    PropagationMs = (ushort)Math.Min(block.PropagationMs, ushort.MaxValue),
                },
            new SteeringStorage(_storage).Signals(o.Validator), []).Encode())),
    ];

    // What the ledger leaves in FeePool of a block, for the ordering loop.
    private void SetLoads(ulong room)
    {
        OrderingParameters vector = OrderingParameters.Read(_storage);
        ulong GasOf(Fixed load, ulong share) => (ulong)Math.Max(
            0, load.MultiplyInteger((long)UInt128.Min(
                (UInt128)room * share / 10_000, (UInt128)(1L << 30))));
        _world.SetStorage(PredeployAddresses.FeePool, UInt256.Zero, new UInt256(
            GasOf(_loads.Fast, vector.FastShare), GasOf(_loads.Urgent, vector.UrgentShare), 0, 0));
    }

    private List<ReplayedLoop> Loops()
    {
        var loops = new List<ReplayedLoop>();
        for (ulong i = 0; i < ConstitutionStorage.MaximumLoops; i++)
        {
            var name = _storage.Read(
                PredeployAddresses.Constitution, ConstitutionStorage.NamesSlot + i).ToHash256();
            if (!name.IsZero && ConstitutionStorage.ReadLoop(_storage, name) is { } rules)
            {
                loops.Add(new ReplayedLoop(
                    name, rules.Mode, rules.InForce, [.. rules.Actuators.Select(a => a.Ratified)]));
            }
        }
        return loops;
    }
}
