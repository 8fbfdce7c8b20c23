import type { Chain } from '../chain';
import { type Actuator, type LoopRules, type Rules, invariantText, readRules } from '../contracts';
import { type Child, fill, h, link } from '../dom';
import { MODES, NAMES } from '../events';
import { fixed, integer, time } from '../format';
import type { Page } from '../page';
import { openSteering } from '../steer';
import { capital, field } from '../words';

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
      // An open dialog gives its focus back to the button it came from: that has to stay.
      const isHeld = element.contains(document.activeElement)
        || document.querySelector('dialog[open]') !== null;
      if (!isHeld || readAt < 0) {
        fill(element, powersCard(rules),
          ...rules.loops.map((loop) => loopSection(chain, loop)), invariantsCard(rules));
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

export function facts(rows: [string, Child][], className = 'facts'): HTMLElement {
  return h('dl', { class: className }, ...rows.flatMap(([name, value]) =>
    [h('dt', null, name), h('dd', { class: 'break' }, value)]));
}

function powersCard(rules: Rules): HTMLElement {
  const expiry = Number(rules.guardianExpiry) * 1000;
  return h('section', { class: 'card' },
    h('h2', null, 'Who may change it'),
    facts([
      ['Owner: amends, ratifies, switches', account(rules.owner)],
      ['Guardian: may restrain loops, to advise or off', account(rules.guardian)],
      ['Guardian’s term ends', expiry > 8e15 ? 'never' : time(expiry)],
    ]),
    h('p', { class: 'note' }, 'A loop moves its own values inside these rules, and only by '
      + 'decisions that are recorded. A vector is accepted or refused whole; if both the model’s '
      + 'and the twin’s are refused, the one in force stays.'));
}

function account(address: string): HTMLElement {
  const name = NAMES[address.toLowerCase()];
  return h('span', null, link(`account/${address}`, address, 'mono break'), name && ` · ${name}`);
}

function loopSection(chain: Chain, loop: LoopRules): HTMLElement {
  const change = h('button', {
    type: 'button', class: 'quiet', 'aria-label': `Change the mode of ${loop.name}`,
  }, 'Change the mode…');
  change.addEventListener('click', () => void openSteering(chain, loop.id));
  return h('section', { class: 'stack', 'aria-label': `${loop.name} loop` },
    h('div', { class: 'card' },
      h('h2', null, `${capital(loop.name)} loop`),
      facts([
        ['Mode', h('span', { class: 'chip' }, MODES[loop.mode] ?? String(loop.mode))],
        ['Since block', integer(loop.since)],
        ['Least blocks between switches', integer(loop.dwellBlocks)],
      ]),
      h('div', { class: 'row' }, change,
        link(`decisions/${encodeURIComponent(loop.name)}`, `Decisions of ${loop.name}`))),
    h('div', { class: 'fields' }, ...loop.actuators.map((a, i) => fieldCard(loop, a, i))));
}

function fieldCard(loop: LoopRules, a: Actuator, i: number): HTMLElement {
  const words = field(loop.name, i);
  const value = loop.inForce[i] ?? 0n;
  const drift = a.ratified === 0n ? 0 : Number(value) / Number(a.ratified) - 1;
  const rows: [string, string][] = [
    ['Ratified', integer(a.ratified)],
    ['Bounds', `${integer(a.minimum)} – ${integer(a.maximum)}`],
    ['Most change in one decision', `${fixed(a.stepBasisPoints / 100, 0)} %`],
    ['Most distance from ratified', `× ${fixed(a.distanceBasisPoints / 10_000, 1)}`],
    ['Cooldown', `${integer(a.cooldownBlocks)} blocks`],
    ['Last changed', a.changedAt ? `block ${integer(a.changedAt)}` : 'never'],
  ];
  return h('article', { class: 'card' },
    h('h3', null, capital(words.name)),
    h('p', { class: 'figure' }, h('span', { class: 'value' }, integer(value)), ' ',
      h('span', { class: 'unit' }, words.unit)),
    gauge(value, a),
    h('p', { class: 'note' }, value === a.ratified ? 'At the ratified value.'
      : `${drift > 0 ? '+' : '−'}${fixed(Math.abs(drift) * 100, 1)} % from ratified.`),
    h('dl', { class: 'facts' }, ...rows.flatMap(([name, text]) =>
      [h('dt', null, name), h('dd', { class: 'n' }, text)])));
}

/** Where the value stands between what is legal now, by ratio: bounds and distance together. */
function gauge(value: bigint, a: Actuator): HTMLElement {
  const ratio = a.distanceBasisPoints / 10_000;
  const ratified = Number(a.ratified);
  const low = Math.max(Number(a.minimum), ratio > 0 ? ratified / ratio : 0, 1);
  const far = ratified > 0 && ratio > 0 ? ratified * ratio : Infinity;
  const high = Math.max(Math.min(Number(a.maximum), far), low + 1);
  const place = (x: number): number =>
    Math.min(1, Math.max(0, Math.log(Math.max(x, 1) / low) / Math.log(high / low))) * 100;
  const mark = h('span', { class: 'gauge-mark' });
  mark.style.left = `${place(ratified)}%`;
  const dot = h('span', { class: 'gauge-dot' });
  dot.style.left = `${place(Number(value))}%`;
  return h('div', {
    class: 'gauge', role: 'img',
    'aria-label': `${integer(value)} between ${integer(Math.round(low))} and `
      + `${integer(Math.round(high))}, ratified ${integer(a.ratified)}`,
  }, mark, dot);
}

function invariantsCard(rules: Rules): HTMLElement {
  const codes = rules.invariants.map((code, i) => ({ code, i })).filter(({ code }) => code !== '0x');
  const nameOf = (loop: number, i: number) => {
    const name = rules.loops[loop]?.name ?? `loop ${loop}`;
    return `${name}.${field(name, i).name}`;
  };
  const parameterOf = (loop: number, i: number) =>
    String(rules.loops[loop]?.parameters[i] ?? `parameter ${i} of loop ${loop}`);
  return h('section', { class: 'card' },
    h('h2', null, 'Across settings'),
    codes.length === 0 ? h('p', null, 'No invariant stands.') : null,
    h('dl', { class: 'facts' }, ...codes.flatMap(({ code, i }) => [
      h('dt', null, `Invariant ${i}`),
      h('dd', { class: 'break' }, invariantText(code, nameOf, parameterOf)),
    ])),
    h('p', { class: 'note' }, 'Read back from the code on the chain. A proposal that breaks one is '
      + 'refused, whoever makes it.'));
}
