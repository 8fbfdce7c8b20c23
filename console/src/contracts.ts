// Reads of the predeploys through eth_call.
import { type Abi, decodeFunctionResult, encodeFunctionData, toEventSelector } from 'viem';
import {
  CONSTITUTION, REGISTRY, constitutionAbi, loopName, registryAbi,
} from './events';
import type { Link, Log } from './link';

export type Bytes = `0x${string}`;

export interface Actuator {
  minimum: bigint;
  maximum: bigint;
  ratified: bigint;
  changedAt: bigint;
  stepBasisPoints: number;
  cooldownBlocks: number;
  distanceBasisPoints: number;
}

export interface LoopRules {
  id: Bytes;
  name: string;
  mode: number;
  since: bigint;
  dwellBlocks: number;
  inForce: bigint[];
  actuators: Actuator[];
  /** Sixteen uint32, lowest first. */
  parameters: number[];
}

export interface Rules {
  loops: LoopRules[];
  /** Code of each invariant, by place; '0x' where there is none. */
  invariants: Bytes[];
  owner: string;
  guardian: string;
  guardianExpiry: bigint;
}

const MOST_INVARIANTS = 16;

export async function call<T>(
  link: Link, to: string, abi: Abi, functionName: string, args: unknown[] = [],
): Promise<T> {
  const data = encodeFunctionData({ abi, functionName, args });
  const result = await link.request<Bytes>('eth_call', [{ to, data }, 'latest']);
  return decodeFunctionResult({ abi, functionName, data: result }) as T;
}

export async function readRules(link: Link): Promise<Rules> {
  const read = <T>(name: string, args: unknown[] = []) =>
    call<T>(link, CONSTITUTION, constitutionAbi, name, args);
  const [ids, owner, guardian, guardianExpiry, ...invariants] = await Promise.all([
    read<Bytes[]>('loops'),
    read<string>('owner'),
    read<string>('guardian'),
    read<bigint>('guardianExpiry'),
    ...Array.from({ length: MOST_INVARIANTS }, (_, i) => read<Bytes>('invariant', [BigInt(i)])),
  ]);
  const loops = await Promise.all((ids as Bytes[]).map((id) => readLoop(link, id)));
  return {
    loops, invariants: invariants as Bytes[], owner: owner as string,
    guardian: guardian as string, guardianExpiry: guardianExpiry as bigint,
  };
}

export async function readLoop(link: Link, id: Bytes): Promise<LoopRules> {
  const read = <T>(name: string, args: unknown[] = []) =>
    call<T>(link, CONSTITUTION, constitutionAbi, name, [id, ...args]);
  const [state, inForce, words] = await Promise.all([
    read<{ mode: number; since: bigint; dwellBlocks: number }>('loopState'),
    read<bigint[]>('inForce'),
    read<[Bytes, Bytes]>('parameters'),
  ]);
  const actuators = await Promise.all(
    inForce.map((_, f) => read<Actuator>('actuator', [BigInt(f)])));
  const parameters = words.flatMap((word) =>
    Array.from({ length: 8 }, (_, i) => Number(BigInt(word) >> BigInt(32 * i) & 0xffffffffn)));
  return {
    id, name: loopName(id), mode: state.mode, since: state.since,
    dwellBlocks: state.dwellBlocks, inForce, actuators, parameters,
  };
}

/** The invariants' language (contracts/src/Invariants.sol), as people write it: "x ≤ 0". */
export function invariantText(
  code: Bytes, field: (loop: number, index: number) => string,
  parameter: (loop: number, index: number) => string,
): string {
  const stack: string[] = [];
  const at = (i: number) => Number.parseInt(code.slice(2 + 2 * i, 4 + 2 * i), 16);
  const pop = () => stack.pop() ?? '?';
  const length = (code.length - 2) / 2;
  for (let i = 0; i < length; i++) {
    const op = at(i);
    if (op === 1) stack.push(String(at(++i)));
    else if (op === 2) {
      stack.push(BigInt(`0x${code.slice(4 + 2 * i, 20 + 2 * i)}`).toString());
      i += 8;
    } else if (op === 3) {
      const operand = at(++i);
      stack.push(field(operand >> 3, operand & 7));
    } else if (op === 4) {
      const operand = at(++i);
      stack.push(parameter(operand >> 4, operand & 15));
    } else if (op === 0x17) {
      const [no, yes, condition] = [pop(), pop(), pop()];
      stack.push(`(${condition} > 0 ? ${yes} : ${no})`);
    } else {
      const [b, a] = [pop(), pop()];
      // The outermost difference reads as a comparison.
      if (op === 0x11 && i === length - 1) return `${a} ≤ ${b}`;
      stack.push(OPERATIONS[op]?.(a, b) ?? '?');
    }
  }
  return `${pop()} ≤ 0`;
}

const OPERATIONS: Record<number, (a: string, b: string) => string> = {
  0x10: (a, b) => `(${a} + ${b})`,
  0x11: (a, b) => `(${a} − ${b})`,
  0x12: (a, b) => `${a} × ${b}`,
  0x13: (a, b) => `${a} / ${b}`,
  0x14: (a, b) => `least(${a}, ${b})`,
  0x15: (a, b) => `greatest(${a}, ${b})`,
  0x16: (a, b) => `(${a} ≤ ${b})`,
};

export const STATUSES = ['not registered', 'shadow', 'champion', 'retired'] as const;

export interface ModelEntry {
  hash: Bytes;
  status: number;
  bonder: string;
  bond: bigint;
  bytes: Bytes;
}

export interface Trial {
  model: Bytes;
  start: bigint;
  end: bigint;
  tried: bigint;
}

export interface LoopModels {
  champions: Bytes[];
  trial: Trial;
}

export async function readLoopModels(link: Link, id: Bytes): Promise<LoopModels> {
  const [champions, trial] = await Promise.all([
    call<Bytes[]>(link, REGISTRY, registryAbi, 'champions', [id]),
    call<Trial>(link, REGISTRY, registryAbi, 'trial', [id]),
  ]);
  return { champions: [...champions].filter((x) => !/^0x0*$/.test(x)), trial };
}

const REGISTERED = toEventSelector('ModelRegistered(bytes32,uint256)');
/** A log query covers at most 100,000 blocks. */
const MODEL_BLOCKS = 90_000;

/** Hashes named by the registry's events, newest first. */
export async function readRegistered(link: Link, tip: number, most: number): Promise<Bytes[]> {
  const logs = await link.request<Log[]>('eth_getLogs', [{
    address: REGISTRY, topics: [REGISTERED],
    fromBlock: `0x${Math.max(0, tip - MODEL_BLOCKS).toString(16)}`,
  }]);
  return [...new Set(logs.map((log) => log.topics[1]!))].reverse().slice(0, most);
}

export async function readModel(link: Link, hash: Bytes): Promise<ModelEntry> {
  const [bytes, entry] = await Promise.all([
    call<Bytes>(link, REGISTRY, registryAbi, 'model', [hash]),
    call<{ bonder: string; status: number; bond: bigint }>(
      link, REGISTRY, registryAbi, 'entry', [hash]),
  ]);
  return { hash, bytes, status: entry.status, bonder: entry.bonder, bond: entry.bond };
}

export interface ModelKind {
  kind: string;
  horizon: number;
  /** A linear model's, or a learner's first ones. */
  weights: number[] | null;
}

/** A model's bytes in words (docs/spec/steering.md, "Models"); null for others. */
export function describeModel(bytes: string): ModelKind | null {
  const hex = bytes.slice(2);
  const mark = hex.slice(0, 10);
  const horizon = Number.parseInt(hex.slice(12, 16), 16);
  const weights = (from: number): number[] =>
    (hex.slice(from).match(/.{16}/g) ?? []).map((word) =>
      Number(BigInt.asIntN(64, BigInt(`0x${word}`))) / 2 ** 32);
  if (mark === '48534c4601' && hex.length === 144) {
    return { kind: 'linear forecaster', horizon, weights: weights(16) };
  }
  if (mark === '4853544501' && hex.length >= 36) {
    const trees = Number.parseInt(hex.slice(16, 20), 16);
    return { kind: `ensemble of ${trees} trees`, horizon, weights: null };
  }
  if (mark === '48534c5201' && hex.length >= 72) {
    return { kind: 'learner; its weights move in state', horizon, weights: weights(72) };
  }
  return null;
}
