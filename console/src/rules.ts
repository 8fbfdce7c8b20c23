// Standing rules (RuleBook at 0x484f0023) and optimistic proposals (0x484f0026) in words.
import { type Abi, toEventSelector } from 'viem';
import { abi as bookJson } from '../../contracts/artifacts/RuleBook.json';
import { abi as optimisticJson } from '../../contracts/artifacts/OptimisticProposals.json';
import { call } from './contracts';
import type { Link, Log } from './link';

export const RULE_BOOK = '0x00000000000000000000000000000000484f0023';
export const OPTIMISTIC = '0x00000000000000000000000000000000484f0026';
export const bookAbi = bookJson as unknown as Abi;
export const optimisticAbi = optimisticJson as unknown as Abi;

export const RULE_STATUSES = ['unknown', 'written', 'in force', 'suspended', 'ended'] as const;
export const RULE_KINDS = [
  'nothing', 'change a loop’s settings', 'switch a loop’s mode', 'seat a model', 'retire a model',
  'pay from the Treasury', 'call a contract',
] as const;

export interface Rule {
  id: `0x${string}`;
  purpose: string;
  kind: number;
  condition: `0x${string}`;
  action: `0x${string}`;
  sustainBlocks: number;
  intervalSeconds: number;
  maximumFirings: number;
  expiry: bigint;
  budget: bigint;
  status: number;
  firings: number;
  armedAt: bigint;
  bonder: string;
  /** Whether its condition holds at this block; null when it can't be asked. */
  holds: boolean | null;
}

const WRITTEN = toEventSelector('RuleWritten(bytes32,address,string)');
const BLOCKS = 90_000;

/** Those in force, then those that were written and wait for a vote. */
export async function readRuleBook(link: Link, tip: number, most: number): Promise<Rule[]> {
  const [active, logs] = await Promise.all([
    call<`0x${string}`[]>(link, RULE_BOOK, bookAbi, 'active'),
    link.request<Log[]>('eth_getLogs', [{
      address: RULE_BOOK, topics: [WRITTEN],
      fromBlock: `0x${Math.max(0, tip - BLOCKS).toString(16)}`,
    }]),
  ]);
  const ids = [...new Set([...active, ...logs.reverse().map((log) => log.topics[1]!)])];
  return Promise.all(ids.slice(0, most).map((id) => readRule(link, id)));
}

async function readRule(link: Link, id: `0x${string}`): Promise<Rule> {
  const [rule, state] = await Promise.all([
    call<Rule>(link, RULE_BOOK, bookAbi, 'ruleOf', [id]),
    call<{ bonder: string; status: number; firings: number; armedAt: bigint }>(
      link, RULE_BOOK, bookAbi, 'stateOf', [id]),
  ]);
  const holds = await call<[boolean, bigint[]]>(
    link, RULE_BOOK, bookAbi, 'evaluate', [rule.condition, BigInt(rule.sustainBlocks)])
    .then((x) => x[0]).catch(() => null);
  return { ...rule, ...state, id, holds };
}

export const OPTIMISTIC_KINDS = [
  'adopt a rule', 'pay from the Treasury', 'ratify a loop’s settings', 'seat a model',
] as const;
export const OPTIMISTIC_STATUSES = [
  'unknown', 'open', 'scheduled', 'under a full vote', 'settled', 'cancelled',
] as const;
export const OPEN = 1;
export const BOND = 10n ** 18n;

export interface Optimistic {
  id: bigint;
  proposer: string;
  kind: number;
  status: number;
  endsAt: number;
  objector: string;
  objections: bigint;
  description: string;
}

/** Newest first. */
export async function readOptimistic(link: Link, most: number): Promise<Optimistic[]> {
  const count = Number(await call<bigint>(link, OPTIMISTIC, optimisticAbi, 'count'));
  const ids = Array.from({ length: Math.min(count, most) }, (_, i) => BigInt(count - i));
  return Promise.all(ids.map(async (id) => ({
    ...await call<Optimistic>(link, OPTIMISTIC, optimisticAbi, 'proposal', [id]), id,
  })));
}
