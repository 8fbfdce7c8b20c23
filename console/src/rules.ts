// Standing rules (RuleBook at 0x484f0023) and optimistic proposals (0x484f0026) in words.
import { type Abi, toEventSelector } from 'viem';
import { abi as bookJson } from '../../contracts/artifacts/RuleBook.json';
import { abi as optimisticJson } from '../../contracts/artifacts/OptimisticProposals.json';
import { call } from './contracts';
import { GOVERNOR, STEERING, decodeSteering, isDecision } from './events';
import { governorAbi } from './governance';
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
  /** As the node words it; null of a node without the method. */
  words: { condition: string; action: string } | null;
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
  const words = await link.request<Rule['words']>('homeostat_rule', [id]).catch(() => null);
  return { ...rule, ...state, id, holds, words };
}

export const OPTIMISTIC_KINDS = [
  'adopt a rule', 'pay from the Treasury', 'ratify a loop’s settings', 'seat a model',
] as const;
export const OPTIMISTIC_STATUSES = [
  'unknown', 'open', 'scheduled', 'under a full vote', 'settled', 'cancelled',
] as const;
export const OPEN = 1;
export const VOTED = 3;
export const BOND = 10n ** 18n;

export interface Optimistic {
  id: bigint;
  proposer: string;
  kind: number;
  status: number;
  endsAt: number;
  objector: string;
  objections: bigint;
  /** The Governor's number of the vote it became. */
  vote: bigint;
  voteIsOver: boolean;
  owedToProposer: bigint;
  owedToObjector: bigint;
  description: string;
}

/** Newest first. */
export async function readOptimistic(link: Link, most: number): Promise<Optimistic[]> {
  const count = Number(await call<bigint>(link, OPTIMISTIC, optimisticAbi, 'count'));
  const ids = Array.from({ length: Math.min(count, most) }, (_, i) => BigInt(count - i));
  return Promise.all(ids.map(async (id) => {
    const p = await call<Optimistic>(link, OPTIMISTIC, optimisticAbi, 'proposal', [id]);
    const owed = (account: string) =>
      call<bigint>(link, OPTIMISTIC, optimisticAbi, 'owed', [account]);
    const [owedToProposer, owedToObjector, state] = await Promise.all([
      owed(p.proposer), owed(p.objector),
      p.status === VOTED ? call<number>(link, GOVERNOR, governorAbi, 'state', [p.vote]) : 0,
    ]);
    // Pending and active are 0 and 1.
    return { ...p, id, owedToProposer, owedToObjector, voteIsOver: state > 1 };
  }));
}

/** One time that a rule's condition held and it was carried out, or tried. */
export interface Firing {
  rule: string;
  decision: number;
  block: number;
  ruling: number;
  failure: number;
}

const DECISION = toEventSelector('Decision(uint256,bytes32,bytes32,bytes32,uint8,uint8,uint16,'
  + 'uint16,uint16,int64,int64,uint64[],uint64[],uint64[],uint64[],int64[],int64[],bytes32[],int64[],'
  + 'uint16[])');

/** Newest first: a firing is a Decision whose model is the rule (docs/spec/governance.md). */
export async function readFirings(
  link: Link, tip: number, rules: readonly `0x${string}`[],
): Promise<Firing[]> {
  if (rules.length === 0) return [];
  const logs = await link.request<Log[]>('eth_getLogs', [{
    address: STEERING, topics: [DECISION, null, null, rules],
    fromBlock: `0x${Math.max(0, tip - BLOCKS).toString(16)}`,
  }]);
  return logs.reverse().flatMap((log) => {
    const d = decodeSteering(log);
    return d && isDecision(d) ? [{
      rule: d.modelHash, decision: d.id, block: d.block, ruling: d.ruling, failure: d.failure,
    }] : [];
  });
}
