import type { Chain } from '../chain';
import { chart } from '../charts';
import { readChampion, readForecaster, readModel } from '../contracts';
import { fill, h, put, sync } from '../dom';
import { FEATURES, type Outcome } from '../events';
import { fixed, hash, integer } from '../format';
import type { Page } from '../page';

const ROLLING = 25;

interface Score {
  hash: string;
  loop: string;
  decisions: number;
  outcomes: Outcome[];
}

export function modelsPage(chain: Chain): Page {
  const champion = h('section', { class: 'card' }, 'Reading…');
  const body = h('tbody', null);
  const summary = h('p', { class: 'note', role: 'status' });
  const errors = chart({
    title: 'Mean error, model against twin',
    note: `Mgas a second, over the last ${ROLLING} outcomes at each decision; lower is better.`,
    series: [
      { label: 'model', color: '--accent', width: 2 },
      { label: 'twin', color: '--muted', dash: [4, 4] },
    ],
    format: (v) => fixed(v, 2),
  });
  const older = h('button', { type: 'button', class: 'quiet' }, 'Read older decisions');
  older.addEventListener('click', () => void chain.loadOlderDecisions());
  const element = h('div', { class: 'stack' },
    champion, errors.element,
    h('section', { class: 'card table', tabindex: 0, role: 'region', 'aria-label': 'Score' },
      h('h2', null, 'Score'),
      h('table', null,
        h('thead', null, h('tr', null,
          h('th', { scope: 'col' }, 'Model'), h('th', { scope: 'col' }, 'Loop'),
          ...['Decisions', 'Outcomes', 'Mean error', 'Twin’s', 'Closer than twin'].map((t) =>
            h('th', { scope: 'col', class: 'n' }, t)))),
        body)),
    h('div', { class: 'row' }, older, summary));
  let known = '';
  const update = (): void => {
    void readChampion(chain.link).then(async (now) => {
      if (now === known) return;
      known = now;
      await showChampion(chain, champion, now);
    }).catch(() => {});
    sync(body, scores(chain), (s) => `${s.hash}${s.loop}${s.decisions}/${s.outcomes.length}`, row);
    older.disabled = chain.decisionsFrom === 0;
    put(summary, `${integer(chain.decisions.size)} decisions read, from block `
      + (Number.isFinite(chain.decisionsFrom) ? integer(chain.decisionsFrom) : '…'));
    draw(chain, errors);
  };
  return { title: 'Models', element, update, dispose: () => errors.destroy() };
}

async function showChampion(chain: Chain, box: HTMLElement, name: `0x${string}`): Promise<void> {
  if (/^0x0*$/.test(name)) {
    fill(box, h('h2', null, 'Champion'), h('p', null, 'None: the loop runs on its twin.'));
    return;
  }
  const bytes = await readModel(chain.link, name);
  const model = readForecaster(bytes);
  const most = Math.max(...(model?.weights ?? [1]).map(Math.abs), 1e-9);
  fill(box,
    h('h2', null, 'Champion of the capacity loop'),
    h('dl', { class: 'facts' },
      h('dt', null, 'Hash'), h('dd', { class: 'mono break' }, name),
      h('dt', null, 'Kind'), h('dd', null, model
        ? `linear forecaster, ${model.horizon} blocks ahead` : 'of a kind unknown here'),
      h('dt', null, 'Length'), h('dd', null, `${integer((bytes.length - 2) / 2)} bytes`)),
    model && h('ul', { class: 'bars' }, ...model.weights.map((w, i) => {
      const bar = h('span', { class: w < 0 ? 'bar bar-minus' : 'bar' });
      bar.style.width = `${(Math.abs(w) / most) * 50}%`;
      bar.style[w < 0 ? 'right' : 'left'] = '50%';
      return h('li', null, h('span', null, FEATURES[i] ?? `Input ${i + 1}`),
        h('span', { class: 'track', 'aria-hidden': 'true' }, bar),
        h('span', { class: 'n' }, `${w < 0 ? '−' : '+'}${fixed(Math.abs(w), 3)}`));
    })),
    model && h('p', { class: 'note' }, 'Its weights, as they are in the registry.'));
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
  const sum = (of: (o: Outcome) => number) => s.outcomes.reduce((t, o) => t + of(o), 0);
  const closer = s.outcomes.filter((o) => o.modelError < o.twinError).length;
  const cell = (text: string) => h('td', { class: 'n' }, text);
  return h('tr', null,
    h('th', { scope: 'row', class: 'mono', title: s.hash }, hash(s.hash)),
    h('td', null, s.loop),
    cell(integer(s.decisions)), cell(integer(n)),
    cell(n ? fixed(sum((o) => o.modelError) / n, 3) : '–'),
    cell(n ? fixed(sum((o) => o.twinError) / n, 3) : '–'),
    cell(n ? `${fixed((closer / n) * 100, 0)} %` : '–'));
}

function draw(chain: Chain, errors: ReturnType<typeof chart>): void {
  const outcomes = [...chain.outcomes.values()].sort((a, b) => a.id - b.id).slice(-250);
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
