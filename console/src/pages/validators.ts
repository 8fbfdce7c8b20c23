import type { Chain, Head } from '../chain';
import { call } from '../contracts';
import { h, link, put, sync } from '../dom';
import { STEERING, steeringAbi } from '../events';
import { duration, integer, num } from '../format';
import type { Page } from '../page';

interface Validator {
  address: string;
  weight: number;
}

/** What a validator last reported (docs/spec/steering.md, "Observations"). */
interface Report {
  height: number;
  nanosecondsPerKilogas: number;
  propagationMs: number;
  voteLatencyMs: number;
  queueMs: number;
}

export function validatorsPage(chain: Chain): Page {
  const body = h('tbody', null);
  const note = h('p', { class: 'note', role: 'status' }, 'Reading…');
  const leaders = h('ol', { class: 'leaders', 'aria-label': 'Leaders of recent blocks' });
  let validators: Validator[] = [];
  const reports = new Map<string, Report | null>();
  let readAt = -1;
  let views = '';
  const read = async (): Promise<void> => {
    const tip = chain.tip?.number ?? 0;
    if (readAt >= 0 && tip - readAt < 8) return;
    readAt = tip;
    try {
      const raw = await chain.link.request<Record<string, string>[]>('homeostat_validators');
      validators = raw.map((v) => ({ address: v.address!, weight: num(v.weight!) }));
      await Promise.all(validators.map(async ({ address }) => {
        reports.set(address, await readReport(chain, address));
      }));
      views = await missedViews(chain);
      if (element.firstElementChild === note) element.prepend(...sections);
      draw();
    } catch {
      readAt = -1;
    }
  };
  const draw = (): void => {
    const heads = chain.heads.slice(-100);
    const total = validators.reduce((sum, v) => sum + v.weight, 0);
    const rows = validators.map((v) => {
      const led = heads.filter((x) => x.miner.toLowerCase() === v.address.toLowerCase());
      return { ...v, led: led.length, last: led.at(-1), report: reports.get(v.address) ?? null };
    });
    sync(body, rows,
      (r) => `${r.address}${r.led}${r.last?.number}${r.report?.height}`,
      (r) => h('tr', null,
        h('th', { scope: 'row' }, link(`account/${r.address}`, short(r.address), 'mono')),
        n(`${integer(r.weight)} (${Math.round((r.weight / (total || 1)) * 100)} %)`),
        n(integer(r.led)),
        n(r.last ? integer(r.last.number) : '–'),
        n(r.report ? integer(r.report.height) : '–'),
        n(r.report?.nanosecondsPerKilogas ? integer(r.report.nanosecondsPerKilogas) : '–'),
        n(r.report ? integer(r.report.propagationMs) : '–'),
        n(r.report ? integer(r.report.voteLatencyMs) : '–'),
        n(r.report ? duration(r.report.queueMs) : '–')));
    const placeOf = (x: Head): number =>
      validators.findIndex((v) => v.address.toLowerCase() === x.miner.toLowerCase());
    // By place, so that nothing slides as blocks come.
    const recent = chain.heads.slice(-60).map((x, i) => ({ ...x, i }));
    if (!leaders.contains(document.activeElement)) sync(leaders, recent, (x) =>
      `${x.i}/${x.number}/${placeOf(x)}`, (x) => {
      const place = placeOf(x);
      const item = link(`block/${x.number}`, place >= 0 ? String(place + 1) : '?');
      item.setAttribute('aria-label', `block ${x.number} by validator ${place + 1}`);
      return h('li', null, item);
    });
    put(note, validators.length
      ? `${integer(validators.length)} validators; blocks led counted over the last `
        + `${integer(heads.length)}. ${views}`
      : 'Reading…');
  };
  const element = h('div', { class: 'stack' }, note);
  const sections = [
    h('section', { class: 'card table', tabindex: 0, role: 'region', 'aria-label': 'Validators' },
      h('table', null,
        h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Validator'),
          ...['Weight', 'Blocks led', 'Last led', 'Last heard', 'ns per kilogas',
            'Propagation ms', 'Vote ms', 'Queue'].map((t) =>
            h('th', { scope: 'col', class: 'n' }, t)))),
        body)),
    h('section', { class: 'card' }, h('h2', null, 'Leaders of recent blocks'), leaders,
      h('p', { class: 'note' }, 'By place in the table above, oldest first. “Last heard” is the '
        + 'block that recorded a validator’s latest observation; the figures after it are its '
        + 'own reports.')),
  ];
  return {
    title: 'Validators',
    element,
    update() {
      void read();
      draw();
    },
  };
}

function n(text: string): HTMLElement {
  return h('td', { class: 'n' }, text);
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

