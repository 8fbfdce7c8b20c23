// The part of the Governance page about standing rules and what passes unless somebody objects.
import { encodeFunctionData } from 'viem';
import type { Chain } from '../chain';
import { type Child, fill, h, link } from '../dom';
import { plain } from '../events';
import { duration, ether, integer, time } from '../format';
import {
  BOND, OPEN, OPTIMISTIC, OPTIMISTIC_KINDS, OPTIMISTIC_STATUSES, type Optimistic, RULE_BOOK,
  RULE_KINDS, RULE_STATUSES, type Rule, optimisticAbi, readOptimistic, readRuleBook,
} from '../rules';

const MOST = 20;

/** What is sent by the wallet chosen on the page; `status` says how it went. */
export type Send = (
  label: string, to: string, data: `0x${string}`, value: bigint, status: HTMLElement,
) => void;

/** Fills the box; where the network has no RuleBook it stays empty. */
export async function showRuleBook(chain: Chain, box: HTMLElement, send: Send): Promise<void> {
  if (box.contains(document.activeElement)) return;
  const code = await chain.link.request<string>('eth_getCode', [RULE_BOOK, 'latest']);
  if (code === '0x') return;
  const [rules, optimistic] = await Promise.all([
    readRuleBook(chain.link, chain.tip?.number ?? 0, MOST), readOptimistic(chain.link, MOST),
  ]);
  const key = JSON.stringify([rules, optimistic], (_, v) => (typeof v === 'bigint' ? `${v}` : v));
  if (box.dataset.drawn === key || box.contains(document.activeElement)) return;
  box.dataset.drawn = key;
  fill(box,
    h('h2', null, 'Standing rules'),
    rules.length ? null : h('p', { class: 'card' }, 'No rule was written yet. A rule is a condition '
      + 'over what the chain knows of itself and one action; a vote adopts it, and from then on '
      + 'every block evaluates it.'),
    ...rules.map(ruleCard),
    h('h2', null, 'Passes unless somebody objects'),
    optimistic.length ? null : h('p', { class: 'card' }, 'Nothing is proposed this way.'),
    ...optimistic.map((p) => optimisticCard(p, send)));
}

function facts(rows: [string, Child][]): HTMLElement {
  return h('dl', { class: 'facts' }, ...rows.flatMap(([name, value]) =>
    [h('dt', null, name), h('dd', { class: 'break' }, value)]));
}

function ruleCard(rule: Rule): HTMLElement {
  return h('article', { class: 'card' },
    h('h3', null, plain(rule.purpose, 200) || '(no purpose given)'),
    h('span', { class: 'chip' }, RULE_STATUSES[rule.status] ?? String(rule.status)),
    facts([
      ['May', RULE_KINDS[rule.kind] ?? `kind ${rule.kind}`],
      ['Its condition', rule.holds === null ? 'can’t be asked now'
        : rule.holds ? 'holds now' : 'does not hold now'],
      ['Armed', rule.armedAt ? `since block ${integer(rule.armedAt)}` : 'no'],
      ['Fired', `${integer(rule.firings)} of at most ${integer(rule.maximumFirings)} times, `
        + `${duration(rule.intervalSeconds * 1000)} apart at least`],
      ['Ends', time(Number(rule.expiry) * 1000)],
      ['May spend', ether(rule.budget)],
      ['By', link(`account/${rule.bonder}`, rule.bonder, 'mono break')],
      ['Condition, code', h('span', { class: 'mono break' }, plain(rule.condition, 400))],
      ['Hash', h('span', { class: 'mono break' }, rule.id)],
    ]));
}

function optimisticCard(p: Optimistic, send: Send): HTMLElement {
  const status = h('p', { class: 'note', role: 'status' });
  const title = plain(p.description, 200) || '(no description)';
  const button = (label: string, name: string, value: bigint) => {
    const made = h('button', {
      type: 'button', class: 'quiet', 'aria-label': `${label}: ${title}`,
    }, label);
    made.addEventListener('click', () => send(label, OPTIMISTIC, encodeFunctionData({
      abi: optimisticAbi, functionName: name, args: [p.id],
    }), value, status));
    return made;
  };
  const first = /^0x0*$/.test(p.objector);
  return h('article', { class: 'card' },
    h('h3', null, title),
    h('span', { class: 'chip' }, OPTIMISTIC_STATUSES[p.status] ?? String(p.status)),
    facts([
      ['Would', OPTIMISTIC_KINDS[p.kind] ?? `kind ${p.kind}`],
      ['May be objected to', `until ${time(Number(p.endsAt) * 1000)}`],
      ['Objections', ether(p.objections)],
      ['By', link(`account/${p.proposer}`, p.proposer, 'mono break')],
    ]),
    p.status === OPEN && h('div', { class: 'row' },
      button(first ? `Object, with a bond of ${ether(BOND)}` : 'Object', 'object',
        first ? BOND : 0n),
      button('Stop as guardian', 'cancel', 0n)),
    status);
}
