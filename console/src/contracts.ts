// Reads of the predeploys through eth_call.
import { type Abi, decodeFunctionResult, encodeFunctionData, stringToHex } from 'viem';
import { CONSTITUTION, REGISTRY, constitutionAbi, registryAbi } from './events';
import type { Link } from './link';

export const CAPACITY = stringToHex('capacity', { size: 32 });

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
  mode: number;
  since: bigint;
  dwellBlocks: number;
}

export interface Rules {
  inForce: bigint[];
  actuators: Actuator[];
  loop: LoopRules;
  /** What the invariants across settings read. */
  intervalsPerLimit: number;
  secondsPerLimit: number;
  owner: string;
  guardian: string;
  guardianExpiry: bigint;
}

export async function call<T>(
  link: Link, to: string, abi: Abi, functionName: string, args: unknown[] = [],
): Promise<T> {
  const data = encodeFunctionData({ abi, functionName, args });
  const result = await link.request<`0x${string}`>('eth_call', [{ to, data }, 'latest']);
  return decodeFunctionResult({ abi, functionName, data: result }) as T;
}

export async function readRules(link: Link): Promise<Rules> {
  const read = <T>(name: string, args: unknown[] = []) =>
    call<T>(link, CONSTITUTION, constitutionAbi, name, args);
  const [inForce, loop, settings, owner, guardian, guardianExpiry, ...actuators] = await Promise.all([
    read<bigint[]>('inForce', [CAPACITY]),
    read<LoopRules>('loopState', [CAPACITY]),
    read<[`0x${string}`, `0x${string}`]>('parameters', [CAPACITY]),
    read<string>('owner'),
    read<string>('guardian'),
    read<bigint>('guardianExpiry'),
    ...[0n, 1n, 2n, 3n].map((field) => read<Actuator>('actuator', [CAPACITY, field])),
  ]);
  // Sixteen uint32 in two words, lowest first: the eighth and ninth.
  const second = BigInt(settings[1]);
  return {
    inForce, actuators: actuators as Actuator[], loop, owner, guardian, guardianExpiry,
    intervalsPerLimit: Number(second & 0xffffffffn),
    secondsPerLimit: Number(second >> 32n & 0xffffffffn),
  };
}

export function readChampion(link: Link): Promise<`0x${string}`> {
  return call(link, REGISTRY, registryAbi, 'champion', [CAPACITY]);
}

export function readModel(link: Link, hash: string): Promise<`0x${string}`> {
  return call(link, REGISTRY, registryAbi, 'model', [hash]);
}

/** A linear forecaster's bytes in words (docs/spec/steering.md, "Models"); null for others. */
export function readForecaster(bytes: string): { horizon: number; weights: number[] } | null {
  const hex = bytes.slice(2);
  if (hex.length !== 144 || !hex.startsWith('48534c460101')) return null;
  const weights = Array.from({ length: 8 }, (_, i) => {
    const word = BigInt.asIntN(64, BigInt(`0x${hex.slice(16 + i * 16, 32 + i * 16)}`));
    return Number(word) / 2 ** 32;
  });
  return { horizon: Number.parseInt(hex.slice(12, 16), 16), weights };
}
