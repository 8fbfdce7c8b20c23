// What Steering and ERC-20 contracts log, decoded. Pure functions, tested in test/.
import { type Abi, decodeEventLog, getAddress, hexToString } from 'viem';
import { abi as steeringJson } from '../../contracts/artifacts/Steering.json';
import { abi as constitutionJson } from '../../contracts/artifacts/Constitution.json';
import { abi as registryJson } from '../../contracts/artifacts/ModelRegistry.json';
import type { Log } from './link';

export const STEERING = '0x00000000000000000000000000000000484f0001';
export const CONSTITUTION = '0x00000000000000000000000000000000484f0002';
export const REGISTRY = '0x00000000000000000000000000000000484f0003';
export const VALIDATORS = '0x00000000000000000000000000000000484f0004';
export const BURNER = '0x00000000000000000000000000000000484f0010';

export const steeringAbi = steeringJson as unknown as Abi;
export const constitutionAbi = constitutionJson as unknown as Abi;
export const registryAbi = registryJson as unknown as Abi;

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';

export const NAMES: Record<string, string> = {
  [STEERING]: 'Steering',
  [CONSTITUTION]: 'Constitution',
  [REGISTRY]: 'Model registry',
  [VALIDATORS]: 'Validator set',
  [BURNER]: 'Gas burner (replay)',
};

export const FIELDS = [
  { name: 'Gas target', unit: 'gas/s', about: 'gas a second the base fee steers to' },
  { name: 'Gas limit', unit: 'gas', about: 'most gas in one block' },
  { name: 'Minimum base fee', unit: 'wei', about: 'price of gas when nobody waits' },
  { name: 'Block interval', unit: 'ms', about: 'least time between two blocks' },
] as const;

export const FEATURES = [
  'Last block', '2 blocks ago', '3 blocks ago', '4 blocks ago',
  'Mean of 8', 'Fast mean', 'Medium mean', 'Slow mean',
] as const;

export const READINGS = [
  { name: 'Execution time', unit: 'ns per 1 000 gas' },
  { name: 'Propagation', unit: 'ms' },
  { name: 'Gas waiting in pools', unit: 'thousand gas' },
  { name: 'Weight that reported', unit: '' },
  { name: 'Weight in all', unit: '' },
  { name: 'Execution ceiling', unit: 'gas/s' },
] as const;

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
  /** Mgas/s */
  model: number;
  twin: number;
  readings: bigint[];
  modelProposal: bigint[];
  twinProposal: bigint[];
  inForce: bigint[];
  features: number[];
  attributions: number[];
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
  const text = hexToString(bytes).replace(/\0+$/, '');
  // Marks that turn or hide text around them are shown as what they are: not letters.
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd') || '(unnamed)';
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

/** A refusal code in words; empty when nothing was refused. */
export function refusalText(code: number): string {
  if (code === 0) return '';
  const [kind, field] = [code >> 8, code & 0xff];
  const what = REFUSALS[kind] ?? `refused (code ${code})`;
  if (kind === 7) {
    return field === 0 ? 'a block would not hold enough intervals of the target'
      : 'a block would hold too many seconds of the target';
  }
  const name = FIELDS[field]?.name;
  return kind >= 2 && kind <= 8 && name ? `${name}: ${what}` : what;
}

const FAILURES: Record<number, string> = {
  1: 'the loop has no champion',
  2: 'the champion is not in the registry',
  3: 'the model does not hash to its name',
  4: 'the model is malformed or of another horizon',
  5: 'the model is too long',
  6: 'the model failed inside',
  100: 'the Constitution could not rule',
};

export function failureText(code: number): string {
  return code === 0 ? '' : FAILURES[code] ?? `failure ${code}`;
}

export const RULINGS = ['held', 'applied', 'refused'] as const;
export const ACTORS = ['nobody', 'the model', 'the twin'] as const;
export const MODES = ['act', 'advise', 'off'] as const;

/** One line about any log: what we know how to read, or null. */
export function describeLog(log: Log): { name: string; text: string } | null {
  if (log.topics[0] === TRANSFER && log.topics.length === 3 && log.data.length === 66) {
    const [from, to] = [addressOf(log.topics[1]!), addressOf(log.topics[2]!)];
    return { name: 'Transfer', text: `${BigInt(log.data)} units from ${from} to ${to}` };
  }
  const address = log.address.toLowerCase();
  if (address === STEERING) {
    const event = decodeSteering(log);
    if (event && isDecision(event)) {
      return {
        name: 'Decision',
        text: `#${event.id} of ${event.loop}: ${RULINGS[event.ruling] ?? event.ruling}`,
      };
    }
    if (event) {
      return {
        name: 'Outcome',
        text: `of decision #${event.id}: ${event.realised.toFixed(3)} Mgas/s came, the model `
          + `said ${event.model.toFixed(3)}, the twin ${event.twin.toFixed(3)}`,
      };
    }
  }
  const known = { [CONSTITUTION]: constitutionAbi, [REGISTRY]: registryAbi }[address];
  return known ? describeBy(known, log) : null;
}

function describeBy(abi: Abi, log: Log): { name: string; text: string } | null {
  try {
    const { eventName, args } = decodeEventLog({
      abi,
      data: log.data,
      topics: log.topics as [`0x${string}`, ...`0x${string}`[]],
    });
    return {
      name: eventName ?? '',
      text: JSON.stringify(args, (_, v) => (typeof v === 'bigint' ? v.toString() : v)),
    };
  } catch {
    return null;
  }
}

function addressOf(topic: string): string {
  return getAddress(`0x${topic.slice(26)}`);
}
