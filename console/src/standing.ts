// Who bonded and how each does (homeostat_epoch), and what this node mended (homeostat_health).
import { num } from './format';
import type { Link } from './link';

export interface Member {
  address: string;
  owner: string;
  stake: bigint;
  /** 0: not in the set. */
  weight: number;
  node: string;
  /** First epoch in which it may be unjailed. */
  jailedUntil: number | null;
  tombstoned: boolean;
  leaving: boolean;
  /** Of a round of the leader schedule. */
  turns: number;
  led: number;
  failed: number;
  ledBefore: number;
  failedBefore: number;
  /** Blocks of the epoch with its vote. */
  present: number;
}

export interface Epoch {
  epoch: number;
  epochBlocks: number;
  firstBlock: number;
  lastBlock: number | null;
  blocksCounted: number;
  turns: number;
  members: Member[];
}

export interface Healed {
  address: string;
  /** The node that was asked. */
  own: boolean;
  startedAt: number;
  starts: number;
  restarts: number;
  repairs: number;
  resyncs: number;
  resyncedBlocks: number;
  snapshots: number;
  events: { time: number; kind: string; text: string }[];
}

export interface Peer {
  address: string;
  connected: boolean;
  since: number;
  lost: number;
  awayMs: number;
}

export interface Health {
  nodes: Healed[];
  peers: Peer[];
}

type Raw = Record<string, string>;
type RawMember = Raw & { tombstoned: boolean; leaving: boolean; jailedUntil: string | null };
type RawHealed = Raw & { this: boolean; events: Raw[] };

export async function readEpoch(link: Link): Promise<Epoch> {
  const raw = await link.request<Raw & { lastBlock: string | null; members: RawMember[] }>(
    'homeostat_epoch');
  return {
    epoch: num(raw.epoch!), epochBlocks: num(raw.epochBlocks!), firstBlock: num(raw.firstBlock!),
    lastBlock: raw.lastBlock === null ? null : num(raw.lastBlock),
    blocksCounted: num(raw.blocksCounted!), turns: num(raw.turns!),
    members: raw.members.map((m) => ({
      address: m.address!, owner: m.owner!, stake: BigInt(m.stake!), weight: num(m.weight!),
      node: m.node!, jailedUntil: m.jailedUntil === null ? null : num(m.jailedUntil),
      tombstoned: m.tombstoned, leaving: m.leaving, turns: num(m.turns!), led: num(m.led!),
      failed: num(m.failed!), ledBefore: num(m.ledBefore!), failedBefore: num(m.failedBefore!),
      present: num(m.present!),
    })),
  };
}

/** Of a node without the method: nothing. */
export async function readHealth(link: Link): Promise<Health> {
  const raw = await link.request<{ nodes: RawHealed[]; peers: (Raw & { connected: boolean })[] }>(
    'homeostat_health').catch(() => ({ nodes: [], peers: [] }));
  return {
    nodes: raw.nodes.map((n) => ({
      address: n.address!, own: n.this, startedAt: num(n.startedAt!), starts: num(n.starts!),
      restarts: num(n.restarts!), repairs: num(n.repairs!), resyncs: num(n.resyncs!),
      resyncedBlocks: num(n.resyncedBlocks!), snapshots: num(n.snapshots!),
      events: n.events.map((x) => ({ time: num(x.time!), kind: x.kind!, text: x.text! })),
    })),
    peers: raw.peers.map((p) => ({
      address: p.address!, connected: p.connected, since: num(p.since!), lost: num(p.lost!),
      awayMs: num(p.awayMs!),
    })),
  };
}

/** Whether it votes, and if not why and until when. */
export function stateText(m: Member, epoch: Epoch): string {
  if (m.tombstoned) return 'slashed for good';
  if (m.jailedUntil !== null) {
    const over = epoch.epoch >= m.jailedUntil;
    return `${m.weight ? 'votes to the end of this epoch; ' : ''}jailed ${over
      ? 'and may be unjailed now' : `until epoch ${m.jailedUntil}`}`;
  }
  if (m.leaving) return m.weight ? 'leaves with the next epoch' : 'has left';
  return m.weight ? 'votes' : 'joins with the next epoch';
}

/** Its part of the leader's turns against an equal part: 1 is full reputation. */
export function reputation(m: Member, epoch: Epoch): number | null {
  const inSet = epoch.members.filter((x) => x.weight > 0).length;
  return m.weight && epoch.turns && inSet ? (m.turns * inSet) / epoch.turns : null;
}

/** Views of its that gave no block though there was work, of all of its. */
export function missedText(led: number, failed: number): string {
  return led + failed === 0 ? '–' : `${failed} of ${led + failed}`;
}
