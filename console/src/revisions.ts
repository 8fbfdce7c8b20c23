// Protocol revisions (Revisions at 0x484f0027) in words: which one blocks follow, what comes next, and
// who is ready for it (docs/spec/governance.md, "Revisions").
import { integer, time } from './format';
import type { Link } from './link';

interface RawRevision {
  number: string;
  spec: string;
  version: string;
}

interface Raw {
  history: (RawRevision & { firstBlock: string })[];
  proposed: (RawRevision & {
    deadline: string; proposedAt: string; lockedAt: string | null;
  }) | null;
  node: { newest: string; knowsActive: boolean; knowsProposed: boolean };
  validators: { address: string; weight: string; signals: string }[];
  readyWeight: string;
  totalWeight: string;
}

export interface Revision {
  number: number;
  spec: string;
  version: string;
  /** One word or two. */
  state: string;
  /** Name and text of each fact, in order. */
  facts: [string, string][];
  /** Validators that do not signal it, while it is proposed. */
  missing: string[];
}

/** Of a node without the method: null. */
export async function readRevisions(link: Link, nowSeconds: number): Promise<Revision[] | null> {
  const raw = await link.request<Raw>('homeostat_revisions').catch((error: Error) => {
    if (/does not exist/.test(error.message)) return null;
    throw error;
  });
  return raw && revisionsOf(raw, nowSeconds);
}

/** What is proposed first, then those that were put in force, the newest first. */
export function revisionsOf(raw: Raw, nowSeconds: number): Revision[] {
  const past = raw.history.map((x, i): Revision => {
    const next = raw.history[i + 1];
    const from = integer(BigInt(x.firstBlock));
    return {
      number: Number(x.number), spec: x.spec, version: x.version, missing: [],
      state: next ? 'replaced' : 'in force',
      facts: [['Followed', next
        ? `by blocks ${from} to ${integer(BigInt(next.firstBlock) - 1n)}`
        : `by every block from ${from} on`],
      ...next || raw.node.knowsActive ? [] : [['This node',
        `does not know it: install version ${x.version}`] as [string, string]]],
    };
  }).reverse();
  return raw.proposed ? [proposedOf(raw, raw.proposed, nowSeconds), ...past] : past;
}

function proposedOf(
  raw: Raw, p: NonNullable<Raw['proposed']>, nowSeconds: number,
): Revision {
  const [ready, all] = [BigInt(raw.readyWeight), BigInt(raw.totalWeight)];
  const share = all === 0n ? 0 : Number(ready * 1000n / all) / 10;
  const late = nowSeconds >= Number(p.deadline);
  const at = time(Number(p.deadline) * 1000);
  const locked = p.lockedAt !== null;
  return {
    number: Number(p.number), spec: p.spec, version: p.version,
    state: locked ? 'locked in' : 'signalling',
    facts: [
      ['Signalled by', `${share} % of the weight (${integer(ready)} of ${integer(all)})`],
      ['Needs', locked
        ? late ? 'over two thirds at an epoch’s end, since its deadline has passed'
          : 'five sixths at an epoch’s end, or over two thirds after its deadline'
        : 'over two thirds at an epoch’s end to be locked in; until then a vote may withdraw it'],
      ['Deadline', late ? `passed: ${at}` : at],
      ['Proposed', `in block ${integer(BigInt(p.proposedAt))}`],
      ...locked ? [['Locked in', `in block ${integer(BigInt(p.lockedAt!))}`] as [string, string]]
        : [],
      ['This node', raw.node.knowsProposed ? 'is ready for it'
        : `does not know it: install version ${p.version} before it is in force`],
    ],
    missing: raw.validators.filter((x) => x.signals !== p.spec).map((x) => x.address),
  };
}
