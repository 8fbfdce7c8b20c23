import type { Chain } from '../chain';
import { chart } from '../charts';
import {
  type Bytes, type LoopModels, type ModelEntry, STATUSES, call, describeModel, readLoopModels,
  readModel, readRegistered,
} from '../contracts';
import { type Child, fill, h, link, put, sync } from '../dom';
import { CONSTITUTION, type Outcome, constitutionAbi, loopName } from '../events';
import { ether, fixed, hash, integer } from '../format';
import type { Page } from '../page';
import { capital, feature, wordsOf } from '../words';

const ROLLING = 25;
const MOST_MODELS = 24;
const EVERY_BLOCKS = 16;

interface Score {
  hash: string;
  loop: string;
  decisions: number;
  outcomes: Outcome[];
}

interface Registry {
  loops: { id: Bytes; name: string; models: LoopModels }[];
  entries: Map<Bytes, ModelEntry>;
}

export function modelsPage(chain: Chain, argument: string): Page {
  const registry = h('section', { class: 'stack', 'aria-label': 'Registry' },
    h('p', { class: 'card' }, 'Reading…'));
  const body = h('tbody', null);
  const summary = h('p', { class: 'note', role: 'status' });
  const loop = h('select', { id: 'score-loop' });
  const errors = chart({
    title: 'Mean error, model against twin',
    note: `In the unit of the loop’s forecast, over the last ${ROLLING} outcomes at each decision; `
      + 'lower is better.',
    series: [
      { label: 'model', color: '--accent', width: 2 },
      { label: 'twin', color: '--muted', dash: [4, 4] },
    ],
    format: (v) => fixed(v, 2),
  });
  const older = h('button', { type: 'button', class: 'quiet' }, 'Read older decisions');
  older.addEventListener('click', () => void chain.loadOlderDecisions());
  const head = ['Decisions', 'Outcomes', 'Mean error', 'Twin’s', 'Closer than twin'];
  const element = h('div', { class: 'stack' },
    h('div', { class: 'row filters' }, h('label', { for: 'score-loop' }, 'Score of'), loop),
    errors.element,
    h('section', { class: 'card table', tabindex: 0, role: 'region', 'aria-label': 'Score' },
      h('h2', null, 'Score'),
      h('table', null,
        h('thead', null, h('tr', null,
          h('th', { scope: 'col' }, 'Model'), h('th', { scope: 'col' }, 'Loop'),
          ...head.map((t) => h('th', { scope: 'col', class: 'n' }, t)))),
        body)),
    h('div', { class: 'row' }, older, summary), registry);
  let readAt = -1;
  let first = argument;
  const update = (): void => {
    const tip = chain.tip?.number ?? 0;
    if (chain.loaded && (readAt < 0 || tip - readAt >= EVERY_BLOCKS)) {
      readAt = tip;
      readRegistry(chain, tip).then((found) => show(registry, found))
        .catch((error: Error) => {
          fill(registry, h('p', { class: 'card' }, `The registry was not read: ${error.message}`));
          readAt = -1;
        });
    }
    const names = chain.loopsSeen();
    sync(loop, names, (x) => x, (x) => h('option', { value: x }, x));
    if (names.includes(first)) {
      loop.value = first;
      first = '';
    }
    sync(body, scores(chain), (s) => `${s.hash}${s.loop}${s.decisions}/${s.outcomes.length}`, row);
    older.disabled = chain.decisionsFrom === 0;
    put(summary, `${integer(chain.decisions.size)} decisions read, from block `
      + (Number.isFinite(chain.decisionsFrom) ? integer(chain.decisionsFrom) : '…'));
    draw(chain.outcomesOf(loop.value), errors);
  };
  loop.addEventListener('change', update);
  return { title: 'Models', element, update, dispose: () => errors.destroy() };
}

async function readRegistry(chain: Chain, tip: number): Promise<Registry> {
  const ids = await call<Bytes[]>(chain.link, CONSTITUTION, constitutionAbi, 'loops');
  const [loops, registered] = await Promise.all([
    Promise.all(ids.map(async (id) => ({
      id, name: loopName(id), models: await readLoopModels(chain.link, id),
    }))),
    readRegistered(chain.link, tip, MOST_MODELS),
  ]);
  const hashes = new Set<Bytes>(registered);
  for (const { models } of loops) {
    for (const champion of models.champions) hashes.add(champion);
    if (!/^0x0*$/.test(models.trial.model)) hashes.add(models.trial.model);
  }
  const entries = await Promise.all([...hashes].map((x) => readModel(chain.link, x)));
  return { loops, entries: new Map(entries.map((x) => [x.hash, x])) };
}

function show(box: HTMLElement, registry: Registry): void {
  if (box.contains(document.activeElement)) return;
  const seats = new Map<Bytes, string>();
  for (const { name, models } of registry.loops) {
    models.champions.forEach((x, i) => seats.set(x, `champion of ${name}, seat ${i + 1}`));
    if (!/^0x0*$/.test(models.trial.model)) {
      seats.set(models.trial.model, `on trial for ${name}, blocks ${integer(models.trial.start)} `
        + `to ${integer(models.trial.end)}; ${integer(models.trial.tried)} tried so far`);
    }
  }
  const empty = registry.loops.filter((x) => x.models.champions.length === 0);
  fill(box, h('h2', null, 'In the registry'),
    ...empty.map((x) => h('p', { class: 'card' },
      `The ${x.name} loop has no champion: it runs on its twin.`)),
    ...[...registry.entries.values()].map((entry) => modelCard(entry, seats.get(entry.hash),
      registry.loops.find((x) => x.models.champions.includes(entry.hash))?.name ?? '')));
}

function modelCard(entry: ModelEntry, seat: string | undefined, loop: string): HTMLElement {
  const model = describeModel(entry.bytes);
  const most = Math.max(...(model?.weights ?? [1]).map(Math.abs), 1e-9);
  const nobody = /^0x0*$/.test(entry.bonder);
  const rows: [string, Child][] = [
    ['Hash', h('span', { class: 'mono break' }, entry.hash)],
    ['Stands as', seat ?? STATUSES[entry.status] ?? String(entry.status)],
    ['Author', nobody ? 'genesis' : link(`account/${entry.bonder}`, entry.bonder, 'mono break')],
    ['Bond', nobody ? 'none' : ether(entry.bond)],
    ['Kind', model ? `${model.kind}, ${model.horizon} blocks ahead` : 'of a kind unknown here'],
    ['Length', `${integer((entry.bytes.length - 2) / 2)} bytes`],
  ];
  return h('article', { class: 'card' },
    h('h3', null, seat ? capital(seat) : `Model ${hash(entry.hash)}`),
    h('dl', { class: 'facts' }, ...rows.flatMap(([name, value]) =>
      [h('dt', null, name), h('dd', null, value)])),
    model?.weights && h('ul', { class: 'bars' }, ...model.weights.map((w, i) => {
      const bar = h('span', { class: w < 0 ? 'bar bar-minus' : 'bar' });
      bar.style.width = `${(Math.abs(w) / most) * 50}%`;
      bar.style[w < 0 ? 'right' : 'left'] = '50%';
      return h('li', null, h('span', null, capital(feature(loop, i, model.weights!.length))),
        h('span', { class: 'track', 'aria-hidden': 'true' }, bar),
        h('span', { class: 'n' }, `${w < 0 ? '−' : '+'}${fixed(Math.abs(w), 3)}`));
    })),
    model?.weights && h('p', { class: 'note' }, 'Its weights, as they are in the registry.'));
}

function scores(chain: Chain): Score[] {
  const all = new Map<string, Score>();
  for (const d of chain.decisions.values()) {
    const key = d.modelHash + d.loop;
    const score = all.get(key) ?? { hash: d.modelHash, loop: d.loop, decisions: 0, outcomes: [] };
    all.set(key, score);
    score.decisions++;
    const o = chain.outcomes.get(d.id);
    if (o) score.outcomes.push(o);
  }
  return [...all.values()];
}

function row(s: Score): HTMLElement {
  const n = s.outcomes.length;
  const isTwin = /^0x0*$/.test(s.hash);
  const mean = (of: (o: Outcome) => number) => s.outcomes.reduce((t, o) => t + of(o), 0) / n;
  const closer = s.outcomes.filter((o) => o.modelError < o.twinError).length;
  const cell = (text: string) => h('td', { class: 'n' }, text);
  return h('tr', null,
    h('th', { scope: 'row', class: isTwin ? '' : 'mono', title: s.hash },
      isTwin ? 'no model spoke' : hash(s.hash)),
    h('td', null, s.loop),
    cell(integer(s.decisions)), cell(integer(n)),
    cell(n && !isTwin ? fixed(mean((o) => o.modelError), 3) : '–'),
    cell(n ? `${fixed(mean((o) => o.twinError), 3)} ${wordsOf(s.loop).output.unit}` : '–'),
    cell(n && !isTwin ? `${fixed((closer / n) * 100, 0)} %` : '–'));
}

function draw(all: Outcome[], errors: ReturnType<typeof chart>): void {
  const outcomes = all.slice(-250);
  let [model, twin] = [0, 0];
  const lines: [number[], number[], number[]] = [[], [], []];
  outcomes.forEach((o, i) => {
    model += o.modelError;
    twin += o.twinError;
    const gone = outcomes[i - ROLLING];
    if (gone) {
      model -= gone.modelError;
      twin -= gone.twinError;
    }
    const n = Math.min(i + 1, ROLLING);
    lines[0].push(o.decidedAt);
    lines[1].push(model / n);
    lines[2].push(twin / n);
  });
  const last = lines[1].length - 1;
  errors.set(lines, last < 0 ? 'No outcome yet.'
    : `At last ${fixed(lines[1][last]!, 3)} by the model, ${fixed(lines[2][last]!, 3)} by the twin.`);
}
