import type { Chain } from '../chain';
import { type Rules, readRules } from '../contracts';
import { fill, h, link } from '../dom';
import { FIELDS, MODES } from '../events';
import { fixed, integer, time } from '../format';
import type { Page } from '../page';
import { openSteering } from '../steer';

export function constitutionPage(chain: Chain): Page {
  const element = h('div', { class: 'stack' }, h('p', { class: 'card' }, 'Reading…'));
  let readAt = -1;
  let reading = false;
  const read = async (): Promise<void> => {
    const tip = chain.tip?.number ?? 0;
    // It changes by decisions; a look every few blocks is enough.
    if (reading || (readAt >= 0 && tip - readAt < 8)) return;
    reading = true;
    try {
      const rules = await readRules(chain.link);
      if (!element.contains(document.activeElement) || readAt < 0) {
        fill(element, loopCard(chain, rules), fieldsCard(rules), invariantsCard(rules));
      }
      readAt = tip;
    } catch (error) {
      if (readAt < 0) {
        fill(element, h('p', { class: 'card' }, `Not read: ${(error as Error).message}`));
      }
    } finally {
      reading = false;
    }
  };
  return { title: 'Constitution', element, update: () => void read() };
}

function loopCard(chain: Chain, rules: Rules): HTMLElement {
  const change = h('button', { type: 'button', class: 'quiet' }, 'Change the mode…');
  change.addEventListener('click', () => void openSteering(chain));
  const expiry = Number(rules.guardianExpiry) * 1000;
  const facts: [string, Node | string][] = [
    ['Mode', h('span', { class: 'chip' }, MODES[rules.loop.mode] ?? String(rules.loop.mode))],
    ['Since block', integer(rules.loop.since)],
    ['Least blocks between switches', integer(rules.loop.dwellBlocks)],
    ['Owner: amends, ratifies, switches', account(rules.owner)],
    ['Guardian: may switch off', account(rules.guardian)],
    ['Guardian’s term ends', expiry > 8e15 ? 'never' : time(expiry)],
  ];
  return h('section', { class: 'card' },
    h('h2', null, 'Capacity loop'),
    h('dl', { class: 'facts' }, ...facts.flatMap(([name, value]) =>
      [h('dt', null, name), h('dd', null, value)])),
    h('div', { class: 'row' }, change));
}

function account(address: string): HTMLElement {
  return link(`account/${address}`, address, 'mono break');
}

function fieldsCard(rules: Rules): HTMLElement {
  return h('section', { class: 'fields', 'aria-label': 'Actuators' },
    ...FIELDS.map((field, i) => {
      const a = rules.actuators[i]!;
      const value = rules.inForce[i] ?? 0n;
      const drift = Number(value) / Number(a.ratified || 1n) - 1;
      const facts: [string, string][] = [
        ['Ratified', integer(a.ratified)],
        ['Bounds', `${integer(a.minimum)} – ${integer(a.maximum)}`],
        ['Most change in one decision', `${fixed(a.stepBasisPoints / 100, 0)} %`],
        ['Most distance from ratified', `× ${fixed(a.distanceBasisPoints / 10_000, 1)}`],
        ['Cooldown', `${integer(a.cooldownBlocks)} blocks`],
        ['Last changed', a.changedAt ? `block ${integer(a.changedAt)}` : 'never'],
      ];
      return h('article', { class: 'card' },
        h('h2', null, field.name),
        h('p', { class: 'note' }, field.about),
        h('p', { class: 'figure' }, h('span', { class: 'value' }, integer(value)), ' ',
          h('span', { class: 'unit' }, field.unit)),
        gauge(value, a.minimum, a.maximum, a.ratified, a.distanceBasisPoints),
        h('p', { class: 'note' }, Math.abs(drift) < 5e-5 ? 'At the ratified value.'
          : `${drift > 0 ? '+' : '−'}${fixed(Math.abs(drift) * 100, 1)} % from ratified.`),
        h('dl', { class: 'facts' }, ...facts.flatMap(([name, text]) =>
          [h('dt', null, name), h('dd', { class: 'n' }, text)])));
    }));
}

/** Where the value stands between what is legal now, by ratio: bounds and distance together. */
function gauge(
  value: bigint, minimum: bigint, maximum: bigint, ratified: bigint, distance: number,
): HTMLElement {
  const ratio = distance / 10_000;
  const low = Math.max(Number(minimum), Number(ratified) / ratio, 1);
  const high = Math.max(Math.min(Number(maximum), Number(ratified) * ratio), low + 1);
  const place = (x: number): number =>
    Math.min(1, Math.max(0, Math.log(Math.max(x, 1) / low) / Math.log(high / low))) * 100;
  const mark = h('span', { class: 'gauge-mark' });
  mark.style.left = `${place(Number(ratified))}%`;
  const dot = h('span', { class: 'gauge-dot' });
  dot.style.left = `${place(Number(value))}%`;
  return h('div', {
    class: 'gauge', role: 'img',
    'aria-label': `${integer(value)} between ${integer(Math.round(low))} and `
      + `${integer(Math.round(high))}, ratified ${integer(ratified)}`,
  }, mark, dot);
}

function invariantsCard(rules: Rules): HTMLElement {
  return h('section', { class: 'card' },
    h('h2', null, 'Across settings'),
    h('ul', { class: 'plain' },
      h('li', null, `A block holds the target of at least ${rules.intervalsPerLimit} `
        + 'block intervals.'),
      h('li', null, `A block holds the target of at most ${rules.secondsPerLimit} seconds.`),
      h('li', null, 'A vector of settings is accepted or refused whole; if both the model’s and '
        + 'the twin’s are refused, the one in force stays.')));
}
