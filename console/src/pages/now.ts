import type { Chain, Head } from '../chain';
import { chart } from '../charts';
import { type Bytes, type LoopRules, call, readLoop } from '../contracts';
import { fill, h, link, put } from '../dom';
import { CONSTITUTION, type Decision, MODES, constitutionAbi } from '../events';
import { duration, fixed, gwei, integer, mean, median, short } from '../format';
import type { Page } from '../page';
import { openSteering } from '../steer';
import { capital, field } from '../words';

/** Blocks the figures on top are taken over. */
const WINDOW = 40;
const PAUSE_MS = 5_000;
/** The loop whose forecast of demand the page draws. */
const CAPACITY = 'capacity';
const MODES_EVERY_BLOCKS = 4;

export function nowPage(chain: Chain): Page {
  const sentence = h('p', { class: 'lede', 'aria-live': 'off' });
  const tiles = {
    height: tile('Final block'),
    interval: tile('Block time'),
    finality: tile('Finality, seen here'),
    rate: tile('Transactions'),
    gas: tile('Gas used'),
    fee: tile('Base fee'),
  };
  const loops = h('ul', { class: 'loops' });
  const readModes = loopList(chain, loops);
  const demand = chart({
    title: 'Gas demand: forecast and what came',
    note: 'Mean Mgas a second over the ten blocks after each decision; the band is the '
      + 'forecast ± the model’s mean error of late. By block.',
    series: [
      { label: 'upper', color: '--accent', hidden: true },
      { label: 'lower', color: '--accent', hidden: true },
      { label: 'model', color: '--accent', width: 2 },
      { label: 'twin', color: '--muted', dash: [4, 4] },
      { label: 'what came', color: '--text', width: 2 },
    ],
    band: [0, 1],
    bandLabel: 'mean error',
    height: 260,
    format: (v) => fixed(v, v < 10 ? 1 : 0),
  });
  const gas = chart({
    title: 'Gas a second, and its target',
    note: 'Mgas a second over eight blocks, transaction 0 included; the target is what '
      + 'the base fee steers to.',
    series: [
      { label: 'used', color: '--accent', area: true },
      { label: 'target', color: '--text', dash: [4, 4] },
    ],
    format: (v) => fixed(v, v < 10 ? 1 : 0),
  });
  const fee = chart({
    title: 'Base fee',
    note: 'Gwei, by block.',
    series: [{ label: 'base fee', color: '--accent' }],
    format: (v) => (v < 1 ? fixed(v, 3) : fixed(v, 1)),
  });
  const element = h(
    'div', { class: 'stack' },
    h('section', { class: 'card hero', 'aria-label': 'What the network is doing' },
      sentence),
    h('dl', { class: 'tiles' }, ...Object.values(tiles).map((t) => t.element)),
    h('section', { class: 'card', 'aria-label': 'Loops' }, h('h2', null, 'What steers it'), loops),
    demand.element,
    h('div', { class: 'two' }, gas.element, fee.element),
  );
  const update = (): void => {
    put(sentence, describe(chain));
    readModes();
    fillTiles(chain, tiles);
    drawDemand(chain, demand);
    drawBlocks(chain, gas, fee);
  };
  return {
    title: 'Now',
    element,
    update,
    dispose() {
      demand.destroy();
      gas.destroy();
      fee.destroy();
    },
  };
}

/** A line for each loop of the Constitution: its mode, its last decision, and the way to stop it. */
function loopList(chain: Chain, list: HTMLElement): () => void {
  const rows = new Map<string, { mode: HTMLElement; last: HTMLElement }>();
  let loops: LoopRules[] = [];
  let readAt = -1;
  let busy = false;
  const read = async (): Promise<void> => {
    busy = true;
    try {
      const ids = await call<Bytes[]>(chain.link, CONSTITUTION, constitutionAbi, 'loops');
      loops = await Promise.all(ids.map((id) => readLoop(chain.link, id)));
      readAt = chain.tip?.number ?? 0;
    } catch {
      // Asked again with the next block.
    } finally {
      busy = false;
    }
    if (rows.size !== loops.length) {
      rows.clear();
      fill(list, ...loops.map((loop) => {
        const parts = { mode: h('span', { class: 'chip' }), last: h('span', { class: 'note' }) };
        rows.set(loop.name, parts);
        const change = h('button', {
          type: 'button', class: 'quiet', 'aria-label': `Stop or advise ${loop.name}`,
        }, 'Stop or advise…');
        change.addEventListener('click', () => void openSteering(chain, loop.id));
        return h('li', null, link(`decisions/${encodeURIComponent(loop.name)}`, capital(loop.name)), parts.mode,
          parts.last, change);
      }));
    }
    draw();
  };
  const draw = (): void => {
    for (const loop of loops) {
      const parts = rows.get(loop.name);
      const last = chain.latestDecision(loop.name);
      if (!parts) continue;
      put(parts.mode, MODES[loop.mode] ?? String(loop.mode));
      put(parts.last, last ? `block ${integer(last.block)}: ${actorOf(last)} `
        + changeOf(chain, last) : 'no decision yet');
    }
  };
  return () => {
    const tip = chain.tip?.number ?? 0;
    draw();
    if (chain.loaded && !busy && (readAt < 0 || tip - readAt >= MODES_EVERY_BLOCKS
      || tip < readAt)) void read();
  };
}

type Tile = ReturnType<typeof tile>;

function tile(label: string) {
  const value = h('span', { class: 'value' }, '–');
  const unit = h('span', { class: 'unit' });
  const below = h('span', { class: 'below' }, '\u00a0');
  const element = h('div', { class: 'tile' },
    h('dt', null, label), h('dd', null, value, ' ', unit, below));
  return {
    element,
    set(text: string, units: string, note: string) {
      put(value, text);
      put(unit, units);
      put(below, note || '\u00a0');
    },
  };
}

function recent(chain: Chain): { heads: Head[]; seconds: number } {
  let heads = chain.heads.slice(-WINDOW - 1);
  // A pause without transactions is no part of a rate: count from after the last one.
  const pause = heads.findLastIndex((x, i) => i > 0 && x.timeMs - heads[i - 1]!.timeMs > PAUSE_MS);
  if (pause > 0) heads = heads.slice(pause);
  const seconds = heads.length > 1 ? (heads.at(-1)!.timeMs - heads[0]!.timeMs) / 1000 : 0;
  return { heads, seconds };
}

/** An idle chain makes no blocks, so what it did in its last ones is not what it does now. */
function isIdle(chain: Chain): boolean {
  const interval = chain.parameters?.blockIntervalMs ?? 1000;
  return !!chain.tip && Date.now() - chain.tip.timeMs > Math.max(10_000, interval * 10);
}

function fillTiles(chain: Chain, tiles: Record<string, Tile>): void {
  const { heads, seconds } = recent(chain);
  const tip = chain.tip;
  if (!tip) return;
  const idle = isIdle(chain);
  tiles.height!.set(integer(tip.number), '', `${duration(Date.now() - tip.timeMs)} old`);
  const steps = heads.slice(1).map((head, i) => head.timeMs - heads[i]!.timeMs);
  tiles.interval!.set(
    steps.length ? integer(Math.round(median(steps))) : '–', 'ms',
    chain.parameters ? `least ${integer(chain.parameters.blockIntervalMs)} ms` : '');
  const finality = heads.filter((x) => x.seenMs).map((x) => x.seenMs! - x.timeMs);
  tiles.finality!.set(
    finality.length ? integer(Math.round(median(finality))) : '–', 'ms',
    finality.length ? `median of ${finality.length} blocks` : 'waiting for a block');
  const counted = heads.slice(1);
  const own = counted.reduce((sum, x) => sum + Math.max(0, x.transactions - 1), 0);
  tiles.rate!.set(idle ? '0' : seconds ? fixed(own / seconds, 1) : '–', 'a second',
    `${integer(own)} in ${counted.length} blocks`);
  const used = counted.reduce((sum, x) => sum + x.gasUsed, 0);
  const target = chain.parameters?.gasTargetPerSecond ?? 0;
  const gas = idle || !seconds ? 0 : used / seconds;
  tiles.gas!.set(fixed(gas / 1e6, 2), 'Mgas/s',
    target ? `${fixed((gas / target) * 100, 0)} % of the target` : '');
  tiles.fee!.set(gwei(tip.baseFee), 'gwei',
    chain.parameters ? `least ${gwei(chain.parameters.minimumBaseFee)}` : '');
}

function describe(chain: Chain): string {
  if (!chain.tip) return chain.link.state === 'lost' ? 'The node does not answer.' : 'Reading…';
  const last = chain.latestDecision(CAPACITY);
  if (!last) {
    return chain.tip.number === 0
      ? 'The network is waiting for its first transaction; it makes no empty blocks.'
      : 'The network has decided nothing yet.';
  }
  // The mean of eight blocks as the models saw it: without the protocol's own transaction.
  const demand = last.features[4] ?? 0;
  const opening = isIdle(chain)
    ? 'The network is idle and makes no empty blocks; when it last decided, demand had been'
    : 'Demand has been';
  return `${opening} ${fixed(demand, 2)} Mgas a second over eight blocks; ${actorOf(last)} `
    + `expected ${fixed(forecastOf(last), 2)} for the next ten `
    + `and ${changeOf(chain, last)} (decision ${integer(last.id)}, block ${integer(last.block)}).${standing(chain)}`;
}

function standing(chain: Chain): string {
  const p = chain.parameters;
  return p ? ` The gas target is ${fixed(p.gasTargetPerSecond / 1e6, 2)} Mgas a second.` : '';
}

function actorOf(d: Decision): string {
  return d.actor === 3 ? 'a rule' : d.actor === 2 ? 'the twin' : 'the model';
}

function forecastOf(d: Decision): number {
  return d.actor === 2 ? d.twin : d.model;
}

function changeOf(chain: Chain, d: Decision): string {
  if (d.ruling === 2) return 'the Constitution refused what was proposed, so the settings stay';
  if (d.ruling === 0) return 'left the settings as they are';
  const before = chain.decisionBefore(d)?.inForce;
  const changes = d.inForce.flatMap((value, i) => {
    const old = before?.[i];
    if (old === undefined || old === value) return [];
    const { name } = field(d.loop, i);
    return [`${value > old ? 'raised' : 'lowered'} the ${name} from ${short(Number(old))} to `
      + short(Number(value))];
  });
  return changes.length ? changes.join(' and ') : 'changed the settings';
}

function drawDemand(chain: Chain, demand: ReturnType<typeof chart>): void {
  const decisions = chain.decisionsNewest(CAPACITY).slice(0, 150).reverse();
  const errors = chain.outcomesOf(CAPACITY).slice(-50);
  const off = mean(errors.map((o) => o.modelError)) || 0;
  const twinOff = mean(errors.map((o) => o.twinError)) || 0;
  demand.set(
    [
      decisions.map((d) => d.block),
      decisions.map((d) => d.model + off),
      decisions.map((d) => Math.max(0, d.model - off)),
      decisions.map((d) => d.model),
      decisions.map((d) => d.twin),
      decisions.map((d) => chain.outcomes.get(d.id)?.realised ?? null),
    ],
    errors.length
      ? `Over ${errors.length} outcomes the model was off by ${fixed(off, 3)} Mgas a second on `
        + `average, the twin by ${fixed(twinOff, 3)}.`
      : 'No outcome yet.',
  );
}

function drawBlocks(
  chain: Chain, gas: ReturnType<typeof chart>, fee: ReturnType<typeof chart>,
): void {
  const heads = chain.heads.slice(-240);
  const smooth = heads.map((head, i) => {
    const first = Math.max(0, i - 8);
    const seconds = (head.timeMs - heads[first]!.timeMs) / 1000;
    if (i === 0 || seconds <= 0) return null;
    return heads.slice(first + 1, i + 1).reduce((sum, x) => sum + x.gasUsed, 0) / seconds / 1e6;
  });
  gas.set(
    [heads.map((x) => x.number), smooth, targets(chain, heads)],
    `${integer(heads.length)} blocks.`,
  );
  fee.set(
    [heads.map((x) => x.number), heads.map((x) => Number(x.baseFee) / 1e9)],
    `Now ${gwei(chain.tip?.baseFee ?? 0n)} gwei.`,
  );
}

/** The target in force at each block, out of the decisions before it. */
function targets(chain: Chain, heads: Head[]): (number | null)[] {
  const decisions = chain.decisionsNewest(CAPACITY).reverse();
  let next = 0;
  let target: number | null = null;
  const fallback = chain.parameters ? chain.parameters.gasTargetPerSecond / 1e6 : null;
  return heads.map((head) => {
    while (next < decisions.length && decisions[next]!.block < head.number) {
      target = Number(decisions[next]!.inForce[0] ?? 0n) / 1e6 || target;
      next++;
    }
    return target ?? (decisions.length ? null : fallback);
  });
}
