// The part of the Governance page about standing rules and what passes unless somebody objects.
import { encodeFunctionData } from 'viem';
import type { Chain } from '../chain';
import { type Child, fill, h, link, sync } from '../dom';
import { RULINGS, failureText, plain } from '../events';
import { duration, ether, fixed, integer, time } from '../format';
import {
  BOND, OPEN, OPTIMISTIC, OPTIMISTIC_KINDS, OPTIMISTIC_STATUSES, type Firing, type Optimistic,
  RULE_BOOK, RULE_KINDS, RULE_STATUSES, type Rule, VOTED, optimisticAbi, readFirings,
  readOptimistic, readRuleBook,
} from '../rules';

const MOST = 20;
const SHOWN_FIRINGS = 10;

/** What is sent by the wallet chosen on the page; `status` says how it went. */
export type Send = (
  label: string, to: string, data: `0x${string}`, value: bigint, status: HTMLElement,
) => void;

/** A card whose content may be drawn anew; its status line stays. */
export interface Slot {
  element: HTMLElement;
  content: HTMLElement;
  status: HTMLElement;
  drawn: string;
}

export interface RuleSection {
  element: HTMLElement;
  update(): Promise<void>;
}

export function ruleSection(chain: Chain, send: Send): RuleSection {
  const rules = h('div', { class: 'stack' });
  const optimistic = h('div', { class: 'stack' });
  const noRules = h('p', { class: 'card' }, 'No rule was written yet. A rule is a condition over '
    + 'what the chain knows of itself and one action; a vote adopts it, and from then on every '
    + 'block evaluates it.');
  const noProposals = h('p', { class: 'card' }, 'Nothing is proposed this way.');
  const element = h('section', { class: 'stack', 'aria-label': 'Standing rules', hidden: true },
    h('h2', null, 'Standing rules'), noRules, rules,
    h('h2', null, 'Passes unless somebody objects'), noProposals, optimistic);
  const slots = new Map<string, Slot>();
  return {
    element,
    /** Where the network has no RuleBook it stays hidden. */
    async update() {
      const code = await chain.link.request<string>('eth_getCode', [RULE_BOOK, 'latest']);
      if (code === '0x') return;
      const tip = chain.tip?.number ?? 0;
      const [found, proposals] = await Promise.all([
        readRuleBook(chain.link, tip, MOST), readOptimistic(chain.link, MOST),
      ]);
      const firings = await readFirings(chain.link, tip, found.map((x) => x.id));
      const now = (chain.tip?.timeMs ?? 0) / 1000;
      show(slots, rules, found, (x) => x.id, (x) => ruleContent(
        chain, x, firings.filter((f) => f.rule === x.id)));
      show(slots, optimistic, proposals, (x) => `o${x.id}`,
        (x, status) => optimisticContent(x, now, send, status));
      noRules.hidden = found.length > 0;
      noProposals.hidden = proposals.length > 0;
      element.hidden = false;
    },
  };
}

/** What says the same stays as it is, so that focus and selection do; a button keeps the focus. */
export function show<T>(
  slots: Map<string, Slot>, box: HTMLElement, items: T[], idOf: (item: T) => string,
  draw: (item: T, status: HTMLElement) => HTMLElement[],
): void {
  for (const item of items) {
    const id = idOf(item);
    const slot = slots.get(id) ?? newSlot();
    slots.set(id, slot);
    const content = draw(item, slot.status);
    const drawn = content.map((x) => x.textContent).join('\n');
    if (drawn === slot.drawn) continue;
    slot.drawn = drawn;
    const focus = slot.content.contains(document.activeElement)
      ? document.activeElement!.getAttribute('aria-label') : null;
    fill(slot.content, ...content);
    if (focus === null) continue;
    const again = [...slot.content.querySelectorAll('button')].find(
      (x) => x.getAttribute('aria-label') === focus);
    (again ?? slot.element).focus({ preventScroll: true });
  }
  sync(box, items, idOf, (item) => slots.get(idOf(item))!.element);
}

function newSlot(): Slot {
  const content = h('div', null);
  const status = h('p', { class: 'note', role: 'status' });
  return {
    element: h('article', { class: 'card', tabindex: -1 }, content, status), content, status,
    drawn: '',
  };
}

function facts(rows: [string, Child][]): HTMLElement {
  return h('dl', { class: 'facts' }, ...rows.flatMap(([name, value]) =>
    [h('dt', null, name), h('dd', { class: 'break' }, value)]));
}

function ruleContent(chain: Chain, rule: Rule, firings: Firing[]): HTMLElement[] {
  const words = rule.words;
  return [
    h('h3', null, plain(rule.purpose, 200) || '(no purpose given)'),
    h('span', { class: 'chip' }, RULE_STATUSES[rule.status] ?? String(rule.status)),
    facts([
      ['When', words ? plain(words.condition, 600)
        : h('span', { class: 'mono break' }, plain(rule.condition, 400))],
      ['Does', words ? plain(words.action, 600) : RULE_KINDS[rule.kind] ?? `kind ${rule.kind}`],
      ['Its condition', rule.holds === null ? 'can’t be asked now'
        : rule.holds ? 'holds now' : 'does not hold now'],
      ['Sustained for', `${integer(rule.sustainBlocks)} blocks`],
      ['Armed', rule.armedAt ? `since block ${integer(rule.armedAt)}` : 'no'],
      ['Fired', `${integer(rule.firings)} of at most ${integer(rule.maximumFirings)} times, `
        + `${duration(rule.intervalSeconds * 1000)} apart at least`],
      ['Ends', time(Number(rule.expiry) * 1000)],
      ['May spend', ether(rule.budget)],
      ['By', link(`account/${rule.bonder}`, rule.bonder, 'mono break')],
      ['Hash', h('span', { class: 'mono break' }, rule.id)],
    ]),
    ...firings.length ? [h('h4', null, 'Its firings, newest first'),
      h('ol', { class: 'plain' }, ...firings.slice(0, SHOWN_FIRINGS).map((x) =>
        firing(chain, x)))] : [],
  ];
}

function firing(chain: Chain, f: Firing): HTMLElement {
  const o = chain.outcomes.get(f.decision);
  return h('li', null, link(`decisions/${f.decision}`, `#${integer(f.decision)}`), ' in ',
    link(`block/${f.block}`, `block ${integer(f.block)}`),
    `: ${f.failure ? failureText(f.failure) : RULINGS[f.ruling] ?? f.ruling}`,
    o ? `; ${fixed(o.realised, 3)} came` : '');
}

function optimisticContent(
  p: Optimistic, now: number, send: Send, status: HTMLElement,
): HTMLElement[] {
  const title = plain(p.description, 200) || '(no description)';
  const button = (label: string, name: string, args: unknown[], value = 0n) => {
    const made = h('button', {
      type: 'button', class: 'quiet', 'aria-label': `${label}: ${title}`,
    }, label);
    made.addEventListener('click', () => send(label, OPTIMISTIC, encodeFunctionData({
      abi: optimisticAbi, functionName: name, args,
    }), value, status));
    return made;
  };
  const first = /^0x0*$/.test(p.objector);
  const isOpen = p.status === OPEN && now < p.endsAt;
  const owed = [[p.proposer, p.owedToProposer], [p.objector, p.owedToObjector]] as const;
  const due = owed.filter(([, amount], i) => amount > 0n && (i === 0 || p.objector !== p.proposer));
  const actions = [
    isOpen && button(first ? `Object, with a bond of ${ether(BOND)}` : 'Object', 'object', [p.id],
      first ? BOND : 0n),
    isOpen && button('Stop as guardian', 'cancel', [p.id]),
    p.status === OPEN && !isOpen && button('Hand to the timelock', 'schedule', [p.id]),
    p.status === VOTED && p.voteIsOver && button('Settle the bonds', 'settle', [p.id]),
    due.length > 0 && button('Take out what I am owed', 'withdraw', []),
  ].filter((x) => x !== false);
  return [
    h('h3', null, title),
    h('span', { class: 'chip' }, OPTIMISTIC_STATUSES[p.status] ?? String(p.status)),
    facts([
      ['Would', OPTIMISTIC_KINDS[p.kind] ?? `kind ${p.kind}`],
      ['May be objected to', `${isOpen ? '' : 'was, '}until ${time(Number(p.endsAt) * 1000)}`],
      ['Objections', ether(p.objections)],
      ['By', link(`account/${p.proposer}`, p.proposer, 'mono break')],
      ...first ? [] : [['First objector',
        link(`account/${p.objector}`, p.objector, 'mono break')] as [string, Child]],
      ...due.map(([who, amount]): [string, Child] => [`Owed to ${who.slice(0, 8)}…`, ether(amount)]),
    ]),
    ...actions.length ? [h('div', { class: 'row' }, ...actions)] : [],
  ];
}
