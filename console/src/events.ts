// What Steering logs, decoded; names and interfaces of the predeploys. Pure functions, tested in
// test/.
import { type Abi, decodeEventLog, hexToString } from 'viem';
import { abi as steeringJson } from '../../contracts/artifacts/Steering.json';
import { abi as constitutionJson } from '../../contracts/artifacts/Constitution.json';
import { abi as registryJson } from '../../contracts/artifacts/ModelRegistry.json';
import { abi as feePoolJson } from '../../contracts/artifacts/FeePool.json';
import { abi as randomnessJson } from '../../contracts/artifacts/Randomness.json';
import { abi as bookJson } from '../../contracts/artifacts/RuleBook.json';
import { abi as optimisticJson } from '../../contracts/artifacts/OptimisticProposals.json';
import { abi as executorJson } from '../../contracts/artifacts/RuleExecutor.json';
import { abi as revisionsJson } from '../../contracts/artifacts/Revisions.json';
import { abi as dryRunsJson } from '../../contracts/artifacts/DryRuns.json';
import { abi as treasuryJson } from '../../contracts/artifacts/Treasury.json';
import { abi as timelockJson } from '../../contracts/artifacts/TimelockController.json';
import { abi as votesJson } from '../../contracts/artifacts/StakeVotes.json';
import { abi as governorJson } from '../../contracts/artifacts/HomeostatGovernor.json';
import { abi as validatorsJson } from '../../contracts/artifacts/ValidatorSet.json';
import type { Log } from './link';
import { capital, field } from './words';

export const STEERING = '0x00000000000000000000000000000000484f0001';
export const CONSTITUTION = '0x00000000000000000000000000000000484f0002';
export const REGISTRY = '0x00000000000000000000000000000000484f0003';
export const VALIDATORS = '0x00000000000000000000000000000000484f0004';
export const FEE_POOL = '0x00000000000000000000000000000000484f0005';
export const RANDOMNESS = '0x00000000000000000000000000000000484f0006';
export const BURNER = '0x00000000000000000000000000000000484f0010';
export const TIMELOCK = '0x00000000000000000000000000000000484f0020';
export const VOTES = '0x00000000000000000000000000000000484f0022';
export const GOVERNOR = '0x00000000000000000000000000000000484f0021';

export const steeringAbi = steeringJson as unknown as Abi;
export const constitutionAbi = constitutionJson as unknown as Abi;
export const registryAbi = registryJson as unknown as Abi;
export const validatorsAbi = validatorsJson as unknown as Abi;

/** Interfaces of the predeploys, to name calls and events by. */
export const ABIS: Record<string, Abi> = {
  [STEERING]: steeringAbi,
  [CONSTITUTION]: constitutionAbi,
  [REGISTRY]: registryAbi,
  [VALIDATORS]: validatorsAbi,
  [FEE_POOL]: feePoolJson as unknown as Abi,
  [RANDOMNESS]: randomnessJson as unknown as Abi,
  [TIMELOCK]: timelockJson as unknown as Abi,
  [GOVERNOR]: governorJson as unknown as Abi,
  [VOTES]: votesJson as unknown as Abi,
  '0x00000000000000000000000000000000484f0023': bookJson as unknown as Abi,
  '0x00000000000000000000000000000000484f0024': executorJson as unknown as Abi,
  '0x00000000000000000000000000000000484f0025': treasuryJson as unknown as Abi,
  '0x00000000000000000000000000000000484f0026': optimisticJson as unknown as Abi,
  '0x00000000000000000000000000000000484f0027': revisionsJson as unknown as Abi,
  '0x00000000000000000000000000000000484f0028': dryRunsJson as unknown as Abi,
};

export const NAMES: Record<string, string> = {
  [STEERING]: 'Steering',
  [CONSTITUTION]: 'Constitution',
  [REGISTRY]: 'Model registry',
  [VALIDATORS]: 'Validator set',
  [FEE_POOL]: 'Fee pool',
  [RANDOMNESS]: 'Randomness',
  [BURNER]: 'Gas burner (replay)',
  [TIMELOCK]: 'Timelock',
  [GOVERNOR]: 'Governor',
  [VOTES]: 'Votes',
  '0x00000000000000000000000000000000484f0023': 'Rule book',
  '0x00000000000000000000000000000000484f0024': 'Rule executor',
  '0x00000000000000000000000000000000484f0025': 'Treasury',
  '0x00000000000000000000000000000000484f0026': 'Optimistic approval',
  '0x00000000000000000000000000000000484f0027': 'Revisions',
  '0x00000000000000000000000000000000484f0028': 'Dry runs',
  '0x00000000000000000000000000000000484f0100': 'INFER',
};

export interface Decision {
  id: number;
  block: number;
  loop: string;
  modelHash: string;
  inputsHash: string;
  actor: number;
  ruling: number;
  modelRefusal: number;
  twinRefusal: number;
  failure: number;
  /** In the unit of the loop's output. */
  model: number;
  twin: number;
  readings: bigint[];
  modelProposal: bigint[];
  twinProposal: bigint[];
  inForce: bigint[];
  features: number[];
  attributions: number[];
  /** All models asked, what each said and why it failed (0: it did not). */
  champions: `0x${string}`[];
  outputs: number[];
  failures: number[];
}

export interface Outcome {
  id: number;
  loop: string;
  decidedAt: number;
  realised: number;
  model: number;
  twin: number;
  modelError: number;
  twinError: number;
}

/** Q32.32 as its nearest double: for eyes, never for arithmetic that must agree. */
export function fromFixed(raw: bigint): number {
  return Number(raw) / 2 ** 32;
}

/** A loop's name; whatever it holds is shown as text. */
export function loopName(bytes: `0x${string}`): string {
  return plain(hexToString(bytes).replace(/\0+$/, '')) || '(unnamed)';
}

/** Text from the chain: marks that turn or hide text around them are shown as what they are. */
export function plain(text: string, most = 200): string {
  const shown = text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
  return shown.length > most ? `${shown.slice(0, most)}…` : shown;
}

export function decodeSteering(log: Log): Decision | Outcome | null {
  let decoded: { eventName?: string; args?: unknown };
  try {
    decoded = decodeEventLog({
      abi: steeringAbi,
      data: log.data,
      topics: log.topics as [`0x${string}`, ...`0x${string}`[]],
    });
  } catch {
    return null;
  }
  const a = decoded.args as Record<string, never>;
  if (decoded.eventName === 'Decision') return decision(a, Number(BigInt(log.blockNumber)));
  return decoded.eventName === 'Outcome' ? outcome(a) : null;
}

export function isDecision(event: Decision | Outcome): event is Decision {
  return 'ruling' in event;
}

function decision(a: Record<string, never>, block: number): Decision {
  return {
    id: Number(a.id),
    block,
    loop: loopName(a.loop),
    modelHash: a.modelHash,
    inputsHash: a.inputsHash,
    actor: a.actor,
    ruling: a.ruling,
    modelRefusal: a.modelRefusal,
    twinRefusal: a.twinRefusal,
    failure: a.failure,
    model: fromFixed(a.modelOutput),
    twin: fromFixed(a.twinOutput),
    readings: [...(a.readings as bigint[])],
    modelProposal: [...(a.modelProposal as bigint[])],
    twinProposal: [...(a.twinProposal as bigint[])],
    inForce: [...(a.inForce as bigint[])],
    features: (a.features as bigint[]).map(fromFixed),
    attributions: (a.attributions as bigint[]).map(fromFixed),
    champions: [...(a.champions as `0x${string}`[])],
    outputs: (a.outputs as bigint[]).map(fromFixed),
    failures: [...(a.failures as number[])].map(Number),
  };
}

function outcome(a: Record<string, never>): Outcome {
  return {
    id: Number(a.id),
    loop: loopName(a.loop),
    decidedAt: Number(a.decidedAt),
    realised: fromFixed(a.realised),
    model: fromFixed(a.modelOutput),
    twin: fromFixed(a.twinOutput),
    modelError: fromFixed(a.modelError),
    twinError: fromFixed(a.twinError),
  };
}

const REFUSALS: Record<number, string> = {
  1: 'wrong length',
  2: 'below its lower bound',
  3: 'above its upper bound',
  4: 'too far from the ratified value',
  5: 'too large a step',
  6: 'still cooling down',
  7: 'breaks an invariant',
  8: 'leaves the way back while the loop is off',
  9: 'unknown loop',
};

/** A refusal code of this loop in words; empty when nothing was refused. */
export function refusalText(code: number, loop: string): string {
  if (code === 0) return '';
  const [kind, index] = [code >> 8, code & 0xff];
  const what = REFUSALS[kind] ?? `refused (code ${code})`;
  if (kind === 7) return `breaks invariant ${index} of the Constitution`;
  return kind >= 2 && kind <= 8 ? `${capital(field(loop, index).name)}: ${what}` : what;
}

const FAILURES: Record<number, string> = {
  1: 'the loop has no champion',
  2: 'the champion is not in the registry',
  3: 'the model does not hash to its name',
  4: 'the model is malformed or of another horizon',
  5: 'the model is over the loop’s budget of bytes or steps',
  6: 'the model failed inside',
  7: 'the champions disagree beyond the bound',
  8: 'the champions’ errors have drifted from the twin’s',
  100: 'the Constitution could not rule',
  201: 'the Constitution refused what the rule would do',
  202: 'the rule’s budget does not cover it',
  203: 'the rule’s action failed',
};

export function failureText(code: number): string {
  return code === 0 ? '' : FAILURES[code] ?? `failure ${code}`;
}

export const RULINGS = ['held', 'applied', 'refused'] as const;
export const ACTORS = ['nobody', 'the model', 'the twin', 'a rule'] as const;
export const MODES = ['act', 'advise', 'off'] as const;

/** One line about a log of Steering; null of any other. */
export function describeSteering(log: Log): { name: string; text: string } | null {
  if (log.address.toLowerCase() !== STEERING) return null;
  const event = decodeSteering(log);
  if (event && isDecision(event)) {
    return {
      name: 'Decision',
      text: `#${event.id} of ${event.loop}: ${RULINGS[event.ruling] ?? event.ruling}`,
    };
  }
  return event && {
    name: 'Outcome',
    text: `of decision #${event.id} of ${event.loop}: ${event.realised.toFixed(3)} came, the `
      + `model said ${event.model.toFixed(3)}, the twin ${event.twin.toFixed(3)}`,
  };
}
