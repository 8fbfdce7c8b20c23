import type { Chain, Head } from '../chain';
import { call } from '../contracts';
import { h, link, put, sync } from '../dom';
import { STEERING, plain, steeringAbi } from '../events';
import { duration, ether, fixed, integer, num, time } from '../format';
import type { Page } from '../page';
import {
  type Epoch, type Healed, type Health, type Member, missedText, readEpoch, readHealth, reputation,
  stateText,
} from '../standing';

/** What a validator last reported (docs/spec/steering.md, "Observations"). */
interface Report {
  height: number;
  nanosecondsPerKilogas: number;
  propagationMs: number;
  voteLatencyMs: number;
  queueMs: number;
}

const EVERY_MS = 2_000;
const EVENTS = 40;
const COUNTED = 100;

const STANDING = ['Stake', 'Weight', 'Reputation', 'Blocks led', 'Missed views', 'In the epoch before',
  'Present'];
const REPORTS = ['Blocks led, of late', 'Last led', 'Last heard', 'Vote latency, ms', 'Propagation, ms',
  'Execution, ns per kilogas', 'Queue'];
const HEALING = ['Connection lost', 'Back after', 'Restarts', 'Repairs', 'Resyncs', 'Blocks fetched'];

export function validatorsPage(chain: Chain): Page {
  const bodies = [h('tbody', null), h('tbody', null), h('tbody', null)] as const;
  const note = h('p', { class: 'note', role: 'status' }, 'Reading…');
  const happened = h('ol', { class: 'events' });
  const none = h('p', { class: 'note' });
  const leaders = h('ol', { class: 'leaders', 'aria-label': 'Leaders of recent blocks' });
  let epoch: Epoch | null = null;
  let health: Health = { nodes: [], peers: [] };
  const reports = new Map<string, Report | null>();
  let [readAt, readTip, busy, views] = [0, -1, false, ''];
  const read = async (): Promise<void> => {
    busy = true;
    readAt = Date.now();
    try {
      const tip = chain.tip?.number ?? 0;
      // What the chain says moves with blocks only; how peers come and go does not.
      if (readTip < 0 || tip - readTip >= 8 || tip < readTip) {
        epoch = await readEpoch(chain.link);
        await Promise.all(epoch.members.map(async ({ address }) => {
          reports.set(address, await readReport(chain, address));
        }));
        views = await missedViews(chain);
        readTip = tip;
      }
      health = await readHealth(chain.link);
      if (element.firstElementChild === note) element.prepend(...sections);
      draw();
    } catch (error) {
      if (readTip < 0) put(note, `Not read: ${(error as Error).message}`);
    } finally {
      busy = false;
    }
  };
  const draw = (): void => {
    if (!epoch) return;
    drawStanding(bodies[0], epoch);
    drawReports(bodies[1], epoch, chain, reports);
    drawHealing(bodies[2], epoch, health);
    drawEvents(happened, none, health, epoch);
    drawLeaders(leaders, chain, epoch);
    put(note, `${epochText(epoch)} ${views}`);
  };
  const element = h('div', { class: 'stack' }, note);
  const sections = [
    table('Standing', ['Validator', 'State'], STANDING, bodies[0], 'Reputation is its part of the '
      + 'leader’s turns in this epoch against an equal part, taken by its missed views in the epoch '
      + 'before; a missed view gave no block though there was work. “Present” is the part of the '
      + 'epoch’s blocks that carry its vote; below the Constitution’s share it is jailed.'),
    table('Health', ['Validator'], REPORTS, bodies[1], '“Last heard” is the block that recorded a '
      + 'validator’s latest observation; the figures after it are its own reports.'),
    table('Healing', ['Validator', 'Seen from here'], HEALING, bodies[2], 'Connections as the node '
      + 'asked sees them since it started. Restarts, repairs and resyncs are each node’s own record, '
      + 'since its data folder was made: of the node asked, and of those that run beside it.'),
    h('section', { class: 'card' }, h('h2', null, 'What was healed'), none, happened),
    h('section', { class: 'card' }, h('h2', null, 'Leaders of recent blocks'), leaders,
      h('p', { class: 'note' }, 'By place in the tables above, oldest first.')),
  ];
  return {
    title: 'Validators',
    element,
    update() {
      if (chain.loaded && !busy && Date.now() - readAt > EVERY_MS) void read();
      if (epoch) drawLeaders(leaders, chain, epoch);
    },
  };
}

function table(
  title: string, left: string[], right: string[], body: HTMLElement, note: string,
): HTMLElement {
  return h('section', { class: 'card table', tabindex: 0, role: 'region', 'aria-label': title },
    h('h2', null, title),
    h('table', null,
      h('thead', null, h('tr', null,
        ...left.map((t) => h('th', { scope: 'col' }, t)),
        ...right.map((t) => h('th', { scope: 'col', class: 'n' }, t)))),
      body),
    h('p', { class: 'note' }, note));
}

function epochText(e: Epoch): string {
  const inSet = e.members.filter((m) => m.weight > 0).length;
  const jailed = e.members.filter((m) => m.jailedUntil !== null).length;
  return `${integer(inSet)} validators vote${jailed ? `, ${integer(jailed)} in jail` : ''}. Epoch `
    + `${integer(e.epoch)}${e.lastBlock === null ? ', without end'
      : `: blocks ${integer(e.firstBlock)} to ${integer(e.lastBlock)}, `
        + `${integer(e.blocksCounted)} of ${integer(e.epochBlocks)} made`}.`;
}

function who(m: Member): HTMLElement {
  return h('th', { scope: 'row', title: m.node ? plain(m.node, 80) : '' },
    link(`account/${m.address}`, short(m.address), 'mono'));
}

function drawStanding(body: HTMLElement, e: Epoch): void {
  const total = e.members.reduce((sum, m) => sum + m.weight, 0) || 1;
  rows(body, e.members, (m) => {
    const share = reputation(m, e);
    return [
      h('td', null, h('span', { class: m.jailedUntil !== null || m.tombstoned ? 'chip ruling-2'
        : 'chip' }, stateText(m, e))),
      n(ether(m.stake)),
      n(m.weight ? `${integer(m.weight)} (${Math.round((m.weight / total) * 100)} %)` : '–'),
      n(share === null ? '–' : `${fixed(share, 2)} (${m.turns} of ${e.turns} turns)`),
      n(integer(m.led)), n(missedText(m.led, m.failed)), n(missedText(m.ledBefore, m.failedBefore)),
      n(e.blocksCounted && m.weight ? `${Math.round((m.present / e.blocksCounted) * 100)} %` : '–'),
    ];
  });
}

function drawReports(
  body: HTMLElement, e: Epoch, chain: Chain, reports: Map<string, Report | null>,
): void {
  const heads = chain.heads.slice(-COUNTED);
  rows(body, e.members, (m) => {
    const led = heads.filter((x) => x.miner.toLowerCase() === m.address.toLowerCase());
    const last = led.at(-1);
    const r = reports.get(m.address);
    return [
      n(`${integer(led.length)} of ${integer(heads.length)}`), n(last ? integer(last.number) : '–'),
      n(r ? integer(r.height) : '–'), n(r ? integer(r.voteLatencyMs) : '–'),
      n(r ? integer(r.propagationMs) : '–'),
      n(r?.nanosecondsPerKilogas ? integer(r.nanosecondsPerKilogas) : '–'),
      n(r ? duration(r.queueMs) : '–'),
    ];
  });
}

function drawHealing(body: HTMLElement, e: Epoch, health: Health): void {
  rows(body, e.members, (m) => {
    const peer = health.peers.find((p) => same(p.address, m.address));
    const node = health.nodes.find((x) => same(x.address, m.address));
    const seen = node?.own ? 'the node asked' : !peer ? 'not seen'
      : `${peer.connected ? 'connected' : 'away'} since ${time(peer.since).slice(11)}`;
    const count = (of: keyof Healed) => n(node ? integer(node[of] as number) : '–');
    return [
      h('td', null, h('span', { class: peer && !peer.connected ? 'chip ruling-2' : 'chip' }, seen)),
      n(peer ? `${integer(peer.lost)} ×` : '–'), n(peer?.awayMs ? duration(peer.awayMs) : '–'),
      count('restarts'), count('repairs'), count('resyncs'), count('resyncedBlocks'),
    ];
  });
}

function drawEvents(list: HTMLElement, none: HTMLElement, health: Health, e: Epoch): void {
  const all = health.nodes.flatMap((node) => node.events.map((x) => ({ ...x, of: node.address })));
  all.sort((a, b) => b.time - a.time);
  put(none, all.length ? '' : 'Nothing had to be healed, as far as the node asked knows.');
  none.hidden = all.length > 0;
  sync(list, all.slice(0, EVENTS), (x) => `${x.time}${x.of}${x.text}`, (x) => {
    const place = e.members.findIndex((m) => same(m.address, x.of));
    return h('li', null, `${time(x.time)} · `, h('strong', null, plain(x.kind, 20)),
      ` of ${place >= 0 ? `validator ${place + 1}` : 'a node'}, ${short(x.of)}: `,
      h('span', { class: 'break' }, plain(x.text, 400)));
  });
}

function drawLeaders(list: HTMLElement, chain: Chain, e: Epoch): void {
  if (list.contains(document.activeElement)) return;
  const placeOf = (x: Head): number => e.members.findIndex((m) => same(m.address, x.miner));
  // By place, so that nothing slides as blocks come.
  const recent = chain.heads.slice(-60).map((x, i) => ({ ...x, i }));
  sync(list, recent, (x) => `${x.i}/${x.number}/${placeOf(x)}`, (x) => {
    const place = placeOf(x);
    const item = link(`block/${x.number}`, place >= 0 ? String(place + 1) : '?');
    item.setAttribute('aria-label', `block ${x.number} by validator ${place + 1}`);
    return h('li', null, item);
  });
}

/** A row keeps its place and is made anew when what it says has changed. */
function rows(
  body: HTMLElement, members: Member[], cells: (m: Member) => HTMLElement[],
): void {
  if (body.contains(document.activeElement)) return;
  const made = members.map((m) => h('tr', null, who(m), ...cells(m)));
  sync(body, made, (row) => row.textContent ?? '', (row) => row);
}

function n(text: string): HTMLElement {
  return h('td', { class: 'n' }, text);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function short(address: string): string {
  return `${address.slice(0, 10)}…${address.slice(-6)}`;
}

async function readReport(chain: Chain, address: string): Promise<Report | null> {
  const [bytes, height] = await call<[string, bigint]>(
    chain.link, STEERING, steeringAbi, 'observation', [address]);
  if (height === 0n) return null;
  const field = (from: number, to: number): number =>
    Number.parseInt(bytes.slice(2 + from * 2, 4 + to * 2), 16);
  return {
    height: Number(height),
    nanosecondsPerKilogas: field(2, 5),
    propagationMs: field(10, 11),
    voteLatencyMs: field(20, 21),
    queueMs: field(22, 23),
  };
}

/** Views without a block of their own: views passed less blocks made, over what is shown. */
async function missedViews(chain: Chain): Promise<string> {
  const last = chain.tip;
  const first = chain.heads.at(-101) ?? chain.heads[1];
  if (!last || !first || first.number >= last.number || first.number === 0) return '';
  const viewAt = async (number: number): Promise<{ at: number; view: number } | null> => {
    const c = await chain.link.request<Record<string, string> | null>(
      'homeostat_certificate', [`0x${number.toString(16)}`]);
    return c ? { at: num(c.certifiedNumber!), view: num(c.view!) } : null;
  };
  const [a, b] = await Promise.all([viewAt(first.number), viewAt(last.number)]);
  if (!a || !b || b.at <= a.at) return '';
  const missed = Math.max(0, b.view - a.view - (b.at - a.at));
  return `Of the last ${integer(b.view - a.view)} views ${integer(missed)} made no block.`;
}
