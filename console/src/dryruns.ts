// Dry runs that validators attest (DryRuns at 0x484f0028): without one that passed, what has privileged
// effects does not get into the timelock (docs/spec/governance.md, "Dry run").
import type { Abi } from 'viem';
import { abi as dryRunsJson } from '../../contracts/artifacts/DryRuns.json';
import { call } from './contracts';
import { gwei, integer } from './format';
import type { Link } from './link';

export const DRY_RUNS = '0x00000000000000000000000000000000484f0028';
export const dryRunsAbi = dryRunsJson as unknown as Abi;
export const DRY_RUN_BOND = 10n ** 18n;

type Side = Record<string, string>;

interface Raw {
  status: 'none' | 'open' | 'replaced' | 'passed' | 'failed';
  verdict?: string;
  call?: string;
  blocks?: string;
  attestedWeight?: string;
  totalWeight?: string;
  result?: `0x${string}`;
  without?: Side;
  with?: Side;
}

export interface DryRun {
  /** Whether the proposal needs one at all. */
  needed: boolean;
  status: Raw['status'];
  /** More than two thirds of the weight say the same, so it may be published. */
  attested: boolean;
  result: `0x${string}` | null;
  requester: string;
  isBonded: boolean;
  owed: bigint;
  /** One line on where it stands, and what it found. */
  text: string;
  found: string[];
}

export const NO_DRY_RUN: DryRun = {
  needed: false, status: 'none', attested: false, result: null, requester: '', isBonded: false,
  owed: 0n, text: '', found: [],
};

const read = <T>(link: Link, name: string, args: unknown[] = []) =>
  call<T>(link, DRY_RUNS, dryRunsAbi, name, args);

/** @param subject the Governor's number of the proposal */
export async function readDryRun(
  link: Link, subject: bigint, targets: string[], calldatas: readonly string[],
): Promise<DryRun> {
  const needed = await read<boolean>(link, 'needsDryRun', [targets, calldatas]).catch(() => false);
  if (!needed) return NO_DRY_RUN;
  const [raw, run] = await Promise.all([
    link.request<Raw>('homeostat_dryRun', [`0x${subject.toString(16)}`]),
    read<{ requester: string; isBonded: boolean }>(link, 'runOf', [subject]),
  ]);
  const owed = /^0x0*$/.test(run.requester) ? 0n : await read<bigint>(link, 'owed', [run.requester]);
  const [weight, all] = [BigInt(raw.attestedWeight ?? '0x0'), BigInt(raw.totalWeight ?? '0x0')];
  return {
    needed, status: raw.status, attested: all > 0n && weight * 3n > all * 2n,
    result: raw.result ?? null, requester: run.requester, isBonded: run.isBonded, owed,
    text: standing(raw, weight, all), found: findings(raw),
  };
}

function standing(raw: Raw, weight: bigint, all: bigint): string {
  const part = all > 0n ? `; ${integer(weight)} of ${integer(all)} of the weight attest it` : '';
  switch (raw.status) {
    case 'passed': return `passed${part}`;
    case 'failed': return `FAILED: ${verdict(raw)}${part}`;
    case 'open': return `under way: ${verdict(raw)}${part}`;
    case 'replaced': return 'another took its place before enough attested it';
    default: return 'not requested: without one it can’t get into the timelock';
  }
}

function verdict(raw: Raw): string {
  switch (raw.verdict) {
    case undefined: return 'not computed yet';
    case 'Passed': return 'it would pass';
    case 'CallReverts': return `its call ${integer(BigInt(raw.call ?? '0x0'))} would revert`;
    case 'SteeringFails': return 'transaction 0 would fail under it';
    case 'NothingRules': return 'the Constitution could not rule under it';
    case 'OverBudget': return 'steering under it takes more gas than a dry run may';
    default: return raw.verdict;
  }
}

const FIGURES: [string, string, (value: bigint) => string][] = [
  ['meanBaseFee', 'mean base fee, gwei', (x) => gwei(x)],
  ['lastBaseFee', 'base fee at the end, gwei', (x) => gwei(x)],
  ['meanDelayMs', 'mean wait for a place, ms', integer],
  ['includedGas', 'gas included', integer],
  ['decisions', 'decisions', integer],
  ['refused', 'of these refused', integer],
  ['firings', 'firings of rules', integer],
];

/** Only what differs with the proposal, and that nothing does. */
function findings(raw: Raw): string[] {
  if (!raw.without || !raw.with) return [];
  const lines = FIGURES.flatMap(([name, words, show]) => {
    const [was, now] = [raw.without![name], raw.with![name]];
    return was === undefined || now === undefined || was === now ? []
      : [`${words}: ${show(BigInt(was))} → ${show(BigInt(now))}`];
  });
  const over = `over ${integer(BigInt(raw.blocks ?? '0x0'))} recorded blocks, without it → with it`;
  return lines.length ? [`${over}:`, ...lines] : [`${over}: fees, waits and decisions are the same`];
}

/** What those who vote are told, by the node's own methods (docs/spec/governance.md, "Advice"). */
export interface Advice {
  changes: string[];
  cohorts: Record<string, string>[];
  validators: string;
  precedents: string[];
}

export function readAdvice(link: Link, subject: bigint): Promise<Advice> {
  return link.request<Advice>('homeostat_advice', [`0x${subject.toString(16)}`]);
}
