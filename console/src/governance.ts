// The Governor at 0x484f0021 (OpenZeppelin's, with proposals stored by number) in words.
import { type Abi, decodeEventLog, decodeFunctionData, toEventSelector } from 'viem';
import { abi as governorJson } from '../../contracts/artifacts/HomeostatGovernor.json';
import { call } from './contracts';
import { ABIS, GOVERNOR, NAMES, loopName, plain } from './events';
import { gwei, integer } from './format';
import type { Link, Log } from './link';
import { field } from './words';

export const governorAbi = governorJson as unknown as Abi;

export const STATES = [
  'pending', 'active', 'cancelled', 'defeated', 'succeeded', 'queued', 'expired', 'executed',
] as const;

export const [PENDING, ACTIVE, CANCELLED, , SUCCEEDED, QUEUED, EXPIRED, EXECUTED] =
  [0, 1, 2, 3, 4, 5, 6, 7];

export interface Proposal {
  id: bigint;
  block: number;
  proposer: string;
  description: string;
  targets: string[];
  values: bigint[];
  calldatas: `0x${string}`[];
  /** Seconds. */
  voteStart: number;
  voteEnd: number;
}

export interface Standing {
  state: number;
  against: bigint;
  for: bigint;
  abstain: bigint;
  quorum: bigint;
  /** Second from which it may be executed, 0 while it is not queued. */
  eta: number;
}

export interface GovernorRules {
  delay: bigint;
  period: bigint;
  threshold: bigint;
  guardian: string;
  guardianExpiry: number;
}

const CREATED = toEventSelector(
  'ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)');
/** A log query covers at most 100,000 blocks. */
const BLOCKS = 90_000;

export async function hasGovernor(link: Link): Promise<boolean> {
  return (await link.request<string>('eth_getCode', [GOVERNOR, 'latest'])) !== '0x';
}

const read = <T>(link: Link, name: string, args: unknown[] = []) =>
  call<T>(link, GOVERNOR, governorAbi, name, args);

export async function readGovernor(link: Link): Promise<GovernorRules> {
  const [delay, period, threshold, guardian, expiry] = await Promise.all([
    read<bigint>(link, 'votingDelay'), read<bigint>(link, 'votingPeriod'),
    read<bigint>(link, 'proposalThreshold'), read<string>(link, 'guardian'),
    read<bigint>(link, 'guardianExpiry'),
  ]);
  return { delay, period, threshold, guardian, guardianExpiry: Number(expiry) };
}

/** Newest first. */
export async function readProposals(link: Link, tip: number, most: number): Promise<Proposal[]> {
  const logs = await link.request<Log[]>('eth_getLogs', [{
    address: GOVERNOR, topics: [CREATED], fromBlock: `0x${Math.max(0, tip - BLOCKS).toString(16)}`,
  }]);
  return logs.slice(-most).reverse().flatMap((log) => {
    const proposal = proposalOf(log);
    return proposal ? [proposal] : [];
  });
}

export function proposalOf(log: Log): Proposal | null {
  try {
    const { args } = decodeEventLog({
      abi: governorAbi, eventName: 'ProposalCreated', data: log.data,
      topics: log.topics as [`0x${string}`, ...`0x${string}`[]],
    });
    const a = args as unknown as Record<string, never>;
    return {
      id: a.proposalId, block: Number(BigInt(log.blockNumber)), proposer: a.proposer,
      description: a.description, targets: [...(a.targets as string[])],
      values: [...(a.values as bigint[])], calldatas: [...(a.calldatas as `0x${string}`[])],
      voteStart: Number(a.voteStart), voteEnd: Number(a.voteEnd),
    };
  } catch {
    return null;
  }
}

export async function readStanding(link: Link, p: Proposal): Promise<Standing> {
  const [state, votes, quorum, eta] = await Promise.all([
    read<number>(link, 'state', [p.id]),
    read<[bigint, bigint, bigint]>(link, 'proposalVotes', [p.id]),
    // It is of a past moment, so unknown until the snapshot is over.
    read<bigint>(link, 'quorum', [BigInt(p.voteStart)]).catch(() => 0n),
    read<bigint>(link, 'proposalEta', [p.id]),
  ]);
  return {
    state, against: votes[0], for: votes[1], abstain: votes[2], quorum, eta: Number(eta),
  };
}

interface Replayed {
  firstBlock: string;
  lastBlock: string;
  calls: { to: string; success: boolean }[];
  loops: {
    loop: `0x${string}`; modeActual: string; modeReplayed: string;
    replayed: string[]; actual: string[]; ratifiedActual: string[]; ratifiedReplayed: string[];
  }[];
  baseFeePerGas: { actual: string; replayed: string };
  transactions: string;
  leftOut: unknown[];
  changed: unknown[];
}

const DRY_BLOCKS = 16;

/** Recent blocks executed again as if the proposal had been carried out before them, in words. */
export async function dryRun(link: Link, p: Proposal): Promise<string[]> {
  const calls = p.targets.map((to, i) => ({
    to, data: p.calldatas[i] ?? '0x', value: `0x${(p.values[i] ?? 0n).toString(16)}`,
  }));
  const r = await link.request<Replayed>(
    'homeostat_simulateProposal', [calls, `0x${DRY_BLOCKS.toString(16)}`]);
  const moved = (name: string, what: string, was: string[], now: string[]) =>
    was.flatMap((value, i) => (value === now[i] ? [] : [
      `${name}: ${what} ${field(name, i).name} ${integer(BigInt(value))} → `
        + integer(BigInt(now[i] ?? '0x0'))]));
  return [
    `Over blocks ${integer(BigInt(r.firstBlock))} to ${integer(BigInt(r.lastBlock))}:`,
    ...r.calls.map((x, i) => `call ${i + 1} ${x.success ? 'succeeds' : 'FAILS'}`),
    ...r.loops.flatMap((x) => {
      const name = loopName(x.loop);
      return [
        ...x.modeActual === x.modeReplayed ? []
          : [`${name}: mode ${x.modeActual} → ${x.modeReplayed}`],
        ...moved(name, 'ratified', x.ratifiedActual, x.ratifiedReplayed),
        ...moved(name, 'in force', x.actual, x.replayed),
      ];
    }),
    `base fee ${gwei(BigInt(r.baseFeePerGas.actual))} → ${gwei(BigInt(r.baseFeePerGas.replayed))} `
      + `gwei; of ${integer(BigInt(r.transactions))} transactions ${r.leftOut.length} would not `
      + `have fitted, ${r.changed.length} would have ended otherwise`,
  ];
}

/** What a proposal does, one line a call; text from the chain stays text. */
export function callText(target: string, data: `0x${string}`): string {
  const address = target.toLowerCase();
  const name = NAMES[address] ?? target;
  const abi = ABIS[address];
  try {
    if (abi) {
      const { functionName, args } = decodeFunctionData({ abi, data });
      const text = JSON.stringify(args ?? [], (_, v) => (typeof v === 'bigint' ? v.toString() : v));
      return plain(`${name}: ${functionName}(${text.slice(1, -1)})`, 1_000);
    }
  } catch {
    // An unknown selector is shown as such.
  }
  return plain(`${name}: ${data.length > 2 ? `call of ${data.slice(0, 10)}, ${(data.length - 2) / 2} bytes`
    : 'plain transfer'}`, 1_000);
}
