import type { Chain } from '../chain';
import { fill, h, link, put, sync } from '../dom';
import { ACTORS, type Decision, type Outcome, RULINGS, failureText, refusalText } from '../events';
import { fixed, hash, integer } from '../format';
import type { Page } from '../page';
import { capital, feature, field, reading, wordsOf } from '../words';

const SHOWN = 40;

export function decisionsPage(chain: Chain, argument: string): Page {
  return /^\d+$/.test(argument) ? onePage(chain, Number(argument)) : listPage(chain, argument);
}

/** @param wanted a loop's name to begin with, or nothing for all. */
function listPage(chain: Chain, wanted: string): Page {
  let shown = SHOWN;
  const loop = h('select', { id: 'loop' }, h('option', { value: '' }, 'all loops'));
  const ruling = h('select', { id: 'ruling' }, h('option', { value: '' }, 'every ruling'),
    ...RULINGS.map((text, i) => h('option', { value: i }, text)));
  const body = h('tbody', null);
  const count = h('p', { class: 'note', role: 'status' });
  const more = h('button', { type: 'button', class: 'quiet' }, 'Older');
  let first = wanted;
  const update = (): void => {
    const all = chain.decisionsNewest();
    const names = chain.loopsSeen();
    sync(loop, ['', ...names], (n) => n, (n) => h('option', { value: n }, n || 'all loops'));
    if (first && names.includes(first)) {
      loop.value = first;
      first = '';
    }
    const found = all.filter((d) => (!loop.value || d.loop === loop.value)
      && (ruling.value === '' || d.ruling === Number(ruling.value)));
    const rows = found.slice(0, shown);
    // The outcome is part of the key: a row is made anew when it is known.
    sync(body, rows, (d) => `${d.id}${chain.outcomes.has(d.id) ? '+' : ''}`,
      (d) => row(d, chain.outcomes.get(d.id)));
    put(count, rows.length
      ? `${integer(rows.length)} of ${integer(found.length)} decisions`
      : chain.loaded ? 'No decisions yet: they come with blocks, and blocks with transactions.'
        : 'Reading…');
    more.disabled = found.length <= shown && chain.decisionsFrom === 0;
  };
  (loop.firstElementChild as HTMLElement).dataset.key = '';
  for (const control of [loop, ruling]) control.addEventListener('change', update);
  more.addEventListener('click', () => {
    shown += SHOWN;
    if (chain.decisions.size < shown) void chain.loadOlderDecisions();
    update();
  });
  const element = h(
    'div', { class: 'stack' },
    h('div', { class: 'row filters' },
      h('label', { for: 'loop' }, 'Loop'), loop,
      h('label', { for: 'ruling' }, 'Ruling'), ruling, count),
    h('div', { class: 'card table', tabindex: 0, role: 'region', 'aria-label': 'Decisions' },
      h('table', null,
        h('thead', null, h('tr', null,
          ...['Decision', 'Block', 'Loop', 'Ruling'].map((t) => h('th', { scope: 'col' }, t)),
          ...['Model', 'Twin', 'What came', 'Closer'].map((t) =>
            h('th', { scope: 'col', class: 'n' }, t)))),
        body)),
    h('div', { class: 'row' }, more,
      h('span', { class: 'note' }, 'Each in the unit of its loop’s forecast.')),
  );
  return { title: 'Decisions', element, update };
}

function row(d: Decision, o: Outcome | undefined): HTMLElement {
  return h('tr', null,
    h('th', { scope: 'row' }, link(`decisions/${d.id}`, `#${integer(d.id)}`)),
    h('td', null, link(`block/${d.block}`, integer(d.block))),
    h('td', null, d.loop),
    h('td', null, rulingChip(d)),
    h('td', { class: 'n' }, fixed(d.model, 3)),
    h('td', { class: 'n' }, fixed(d.twin, 3)),
    h('td', { class: 'n' }, o ? fixed(o.realised, 3) : '…'),
    h('td', { class: 'n' }, closer(o)));
}

function closer(o: Outcome | undefined): string {
  if (!o) return '…';
  return o.modelError === o.twinError ? 'equal' : o.modelError < o.twinError ? 'model' : 'twin';
}

function rulingChip(d: Decision): HTMLElement {
  const text = d.ruling === 1 ? `applied, by ${ACTORS[d.actor] ?? d.actor}`
    : RULINGS[d.ruling] ?? String(d.ruling);
  return h('span', { class: `chip ruling-${d.ruling}` }, text);
}

function onePage(chain: Chain, id: number): Page {
  const element = h('div', { class: 'stack' });
  let drawn = '';
  const update = (): void => {
    const d = chain.decisions.get(id);
    const state = `${!!d}${chain.outcomes.has(id)}${d && chain.decisionBefore(d)?.id}${chain.loaded}`;
    if (state === drawn) return;
    drawn = state;
    if (!d) {
      fill(element, h('p', { class: 'card' }, chain.loaded
        ? `Decision ${id} is not among those read so far; older ones can be read from the list.`
        : 'Reading…'));
      return;
    }
    const [o, before] = [chain.outcomes.get(id), chain.decisionBefore(d)];
    fill(element, summary(d, o), h('div', { class: 'two' }, attribution(d), inputs(d)),
      vector(d, before));
  };
  return { title: `Decision ${integer(id)}`, element, update };
}

function summary(d: Decision, o: Outcome | undefined): HTMLElement {
  const why = [
    d.failure && `The model made no proposal: ${failureText(d.failure)}.`,
    d.modelRefusal && `The model’s proposal was refused: ${refusalText(d.modelRefusal, d.loop)}.`,
    d.twinRefusal && `The twin’s proposal was refused: ${refusalText(d.twinRefusal, d.loop)}.`,
  ].filter((x) => typeof x === 'string');
  const unit = wordsOf(d.loop).output.unit;
  const amount = (x: number) => `${fixed(x, 3)} ${unit}`.trim();
  const model = d.failure && d.failure !== 100 ? 'no model' : link('models', hash(d.modelHash), 'mono');
  const facts: [string, Node | string][] = [
    ['Ruling', rulingChip(d)],
    ['Loop', link(`decisions/${encodeURIComponent(d.loop)}`, d.loop)],
    ['Block', link(`block/${d.block}`, integer(d.block))],
    ['Model', model],
    [`The model expected, of ${wordsOf(d.loop).output.name}`,
      d.failure && d.failure !== 100 ? '–' : amount(d.model)],
    ['The twin expected', amount(d.twin)],
    ['What came', o ? amount(o.realised) : 'not known yet'],
    ['Off by', o ? d.failure && d.failure !== 100 ? `twin ${amount(o.twinError)}`
      : `model ${amount(o.modelError)}, twin ${amount(o.twinError)}` : '…'],
    ...d.champions.length > 1 ? d.champions.map((c, i): [string, Node | string] => [
      `Asked: seat ${i + 1}`, `${hash(c)}: ` + (d.failures[i]
        ? failureText(d.failures[i]!) : amount(d.outputs[i] ?? 0))]) : [],
    ['Hash of inputs', h('span', { class: 'mono break' }, d.inputsHash)],
  ];
  return h('section', { class: 'card' },
    h('nav', { class: 'row', 'aria-label': 'Neighbouring decisions' },
      d.id > 0 && link(`decisions/${d.id - 1}`, `← #${integer(d.id - 1)}`),
      link(`decisions/${d.id + 1}`, `#${integer(d.id + 1)} →`),
      link('decisions', 'all')),
    ...why.map((text) => h('p', null, text as string)),
    h('dl', { class: 'facts' }, ...facts.flatMap(([name, value]) =>
      [h('dt', null, name), h('dd', null, value)])));
}

/** Bars left and right of zero: what each input added to the forecast. They sum to it exactly. */
function attribution(d: Decision): HTMLElement {
  const most = Math.max(...d.attributions.map(Math.abs), 1e-9);
  const unit = wordsOf(d.loop).output.unit;
  if (d.attributions.length === 0) {
    return h('section', { class: 'card' }, h('h2', null, 'What made the forecast'),
      h('p', { class: 'note' }, 'No model spoke, so there is nothing to attribute: the twin’s plain '
        + 'estimate was ruled on.'));
  }
  return h('section', { class: 'card' },
    h('h2', null, 'What made the forecast'),
    h('ul', { class: 'bars' }, ...d.attributions.map((value, i) => {
      const bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
      bar.style.width = `${(Math.abs(value) / most) * 50}%`;
      bar.style[value < 0 ? 'right' : 'left'] = '50%';
      if (value < 0) bar.classList.add('bar-minus');
      return h('li', null,
        h('span', null, capital(feature(d.loop, i, d.features.length))),
        h('span', { class: 'track', 'aria-hidden': 'true' }, bar),
        h('span', { class: 'n' }, `${value < 0 ? '−' : '+'}${fixed(Math.abs(value), 3)}`));
    })),
    h('p', { class: 'note' },
      `What each input added, in ${unit || 'the output’s unit'}; they sum to the forecast, `
        + `${fixed(d.model, 3)}.`));
}

function inputs(d: Decision): HTMLElement {
  return h('section', {
    class: 'card table', tabindex: 0, role: 'region', 'aria-label': 'Inputs',
  },
    h('h2', null, 'What it was computed from'),
    h('table', null, h('tbody', null,
      ...d.features.map((value, i) => h('tr', null,
        h('th', { scope: 'row' }, capital(feature(d.loop, i, d.features.length))),
        h('td', { class: 'n' }, fixed(value, 3)),
        h('td', { class: 'u' }, wordsOf(d.loop).output.unit))),
      ...d.readings.map((value, i) => h('tr', null,
        h('th', { scope: 'row' }, capital(reading(d.loop, i).name)),
        h('td', { class: 'n' }, integer(value)),
        h('td', { class: 'u' }, reading(d.loop, i).unit))))));
}

function vector(d: Decision, before: Decision | undefined): HTMLElement {
  const cell = (values: bigint[], i: number, base?: bigint) => h('td', {
    class: base !== undefined && values[i] !== undefined && values[i] !== base ? 'n changed' : 'n',
  }, values[i] === undefined ? '–' : integer(values[i]));
  return h('section', {
    class: 'card table', tabindex: 0, role: 'region', 'aria-label': 'Settings',
  },
    h('h2', null, 'Settings'),
    h('table', null,
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Setting'),
        ...['Before', 'Model proposed', 'Twin proposed', 'In force after'].map((t) =>
          h('th', { scope: 'col', class: 'n' }, t)), h('th', null))),
      h('tbody', null, ...d.inForce.map((_, i) => h('tr', null,
        h('th', { scope: 'row' }, capital(field(d.loop, i).name)),
        cell(before?.inForce ?? [], i),
        cell(d.modelProposal, i, before?.inForce[i]),
        cell(d.twinProposal, i, before?.inForce[i]),
        cell(d.inForce, i, before?.inForce[i]),
        h('td', { class: 'u' }, field(d.loop, i).unit))))));
}
