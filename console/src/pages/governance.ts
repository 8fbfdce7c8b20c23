import { encodeFunctionData } from 'viem';
import type { Chain } from '../chain';
import { type Child, fill, h, link, put, sync } from '../dom';
import { GOVERNOR, plain } from '../events';
import { duration, ether, gwei, integer, time } from '../format';
import {
  ACTIVE, CANCELLED, EXECUTED, EXPIRED, type GovernorRules, PENDING, type Proposal, QUEUED, STATES,
  SUCCEEDED, type Standing, callText, dryRun, governorAbi, hasGovernor, readGovernor, readProposals,
  readStanding,
} from '../governance';
import {
  type Advice, DRY_RUNS, DRY_RUN_BOND, type DryRun, NO_DRY_RUN, dryRunsAbi, readAdvice, readDryRun,
} from '../dryruns';
import type { Page } from '../page';
import { revisionSection } from './revisions';
import { type Send, ruleSection } from './rules';
import { connect, sendAndWait, wallets } from '../wallet';

const MOST = 20;
const EVERY_MS = 1_500;
const [AGAINST, FOR, ABSTAIN] = [0, 1, 2];

interface Action {
  label: string;
  primary?: boolean;
  name: string;
  args(p: Proposal): unknown[];
  /** Of another contract than the Governor. */
  to?: string;
  abi?: typeof governorAbi;
  value?: bigint;
}

const VOTES: Action[] = [
  { label: 'Vote for', primary: true, name: 'castVote', args: (p) => [p.id, FOR] },
  { label: 'Against', name: 'castVote', args: (p) => [p.id, AGAINST] },
  { label: 'Abstain', name: 'castVote', args: (p) => [p.id, ABSTAIN] },
];
const QUEUE: Action = { label: 'Queue', primary: true, name: 'queue', args: (p) => [p.id] };
const EXECUTE: Action = { label: 'Execute', primary: true, name: 'execute', args: (p) => [p.id] };
const VETO: Action = { label: 'Veto', name: 'cancel', args: (p) => [p.id] };

export function governancePage(chain: Chain): Page {
  const rules = h('section', { class: 'card' }, 'Reading…');
  const list = h('div', { class: 'stack' });
  const pick = h('select', { id: 'vote-wallet' });
  const note = h('p', { class: 'note', role: 'status' });
  const cards = new Map<string, Card>();
  const send: Send = (label, to, data, value, status) =>
    void sendBy(chain, pick.value, label, { to, data, value }, status);
  const book = ruleSection(chain, send);
  const revisions = revisionSection(chain);
  // What is below the first card comes when all of it has been read, so that nothing moves.
  const below = h('div', { class: 'stack', hidden: true },
    h('div', { class: 'row' }, h('label', { for: 'vote-wallet' }, 'Vote with'), pick), note, list,
    book.element, revisions.element);
  const element = h('div', { class: 'stack' }, rules, below);
  let readAt = 0;
  let busy = false;
  let shown = false;
  const read = async (): Promise<void> => {
    busy = true;
    readAt = Date.now();
    try {
      if (!shown && !await hasGovernor(chain.link)) {
        fill(element, h('p', { class: 'card' }, 'This network has no Governor: who owns the '
          + 'Constitution stands on its page.'));
        readAt = Infinity;
        return;
      }
      const proposals = await readProposals(chain.link, chain.tip?.number ?? 0, MOST);
      const standings = await Promise.all(proposals.map((p) => readStanding(chain.link, p)));
      sync(list, proposals, (p) => p.id.toString(), (p) => {
        const made = proposalCard(chain, p, send);
        cards.set(p.id.toString(), made);
        return made.element;
      });
      const runs = await Promise.all(proposals.map((p, i) => readRun(chain, p, standings[i]!)));
      proposals.forEach((p, i) => cards.get(p.id.toString())?.show(standings[i]!, runs[i]!));
      await Promise.all([book.update(), revisions.update()]);
      if (!shown) showRules(rules, await readGovernor(chain.link));
      shown = true;
      put(note, proposals.length ? '' : 'Nothing has been proposed in the last 90 000 blocks.');
      below.hidden = false;
    } catch (error) {
      put(shown ? note : rules, `Not read: ${(error as Error).message}`);
    } finally {
      busy = false;
    }
  };
  const update = (): void => {
    const found = wallets();
    const offered: { uuid: string; name: string }[] = found.length ? found
      : [{ uuid: '', name: 'no wallet has announced itself' }];
    sync(pick, offered,
      (w) => w.uuid || 'none', (w) => h('option', { value: w.uuid }, plain(w.name)));
    if (chain.loaded && !busy && Date.now() - readAt > EVERY_MS) void read();
  };
  return { title: 'Governance', element, update };
}

function showRules(box: HTMLElement, rules: GovernorRules): void {
  const over = rules.guardianExpiry * 1000 < Date.now() || /^0x0*$/.test(rules.guardian);
  const rows: [string, Child][] = [
    ['Voting begins', `${duration(Number(rules.delay) * 1000)} after a proposal`],
    ['Voting lasts', duration(Number(rules.period) * 1000)],
    ['Votes it takes to propose', ether(rules.threshold)],
    ['Guardian: may veto', over ? 'nobody any more'
      : h('span', null, link(`account/${rules.guardian}`, rules.guardian, 'mono break'),
          ` until ${time(rules.guardianExpiry * 1000)}`)],
  ];
  fill(box, h('h2', null, 'How it is governed'),
    h('dl', { class: 'facts' }, ...rows.flatMap(([name, value]) =>
      [h('dt', null, name), h('dd', { class: 'break' }, value)])),
    h('p', { class: 'note' }, 'Bonded stake votes. What passes waits in the timelock, which owns '
      + 'everything privileged, and is then carried out by whoever asks for it.'));
}

interface Card {
  element: HTMLElement;
  show(standing: Standing, run: DryRun): void;
}

/** A cancelled or expired proposal's is history. */
function readRun(chain: Chain, p: Proposal, s: Standing): Promise<DryRun> {
  const over = s.state === CANCELLED || s.state === EXPIRED;
  return over ? Promise.resolve(NO_DRY_RUN)
    : readDryRun(chain.link, p.id, p.targets, p.calldatas);
}

function proposalCard(chain: Chain, p: Proposal, send: Send): Card {
  const state = h('span', { class: 'chip' });
  const tally = h('dd', null);
  const when = h('dd', null);
  const actions = h('div', { class: 'row' });
  const status = h('p', { class: 'note', role: 'status' });
  const dry = h('ul', { class: 'plain', hidden: true });
  const attested = h('dd', { class: 'break' });
  const advice = h('div', { class: 'stack', hidden: true });
  // Who alone may propose the text (OpenZeppelin's Governor) is no part of it for people.
  const description = p.description.replace(/#proposer=0x[0-9a-fA-F]{40}$/, '');
  const title = plain(description.split('\n')[0] ?? '', 120) || '(no description)';
  const element = h('article', { class: 'card' },
    h('h2', null, title), state,
    h('p', { class: 'break' }, plain(description.slice(title.length).trim(), 1_000)),
    h('dl', { class: 'facts' },
      h('dt', null, 'Votes'), tally, h('dt', null, 'When'), when,
      h('dt', null, 'Attested dry run'), attested,
      h('dt', null, 'By'), h('dd', null, link(`account/${p.proposer}`, p.proposer, 'mono break')),
      h('dt', null, 'Does'), h('dd', { class: 'break' },
        h('ol', { class: 'plain' }, ...p.targets.slice(0, 16).map((target, i) => h('li', null,
          callText(target, p.calldatas[i] ?? '0x')
          + (p.values[i] ? ` with ${ether(p.values[i]!)}` : ''))))),
      h('dt', null, 'Number'), h('dd', { class: 'mono break' }, p.id.toString())),
    actions, status, dry, advice);
  let drawn = '';
  return {
    element,
    show(s, run) {
      showRun(attested, run);
      put(state, STATES[s.state] ?? String(s.state));
      put(tally, `for ${ether(s.for)}, against ${ether(s.against)}, abstaining ${ether(s.abstain)}`
        + (s.quorum ? `; at least ${ether(s.quorum)} must take part` : ''));
      const now = (chain.tip?.timeMs ?? 0) / 1000;
      put(when, s.state === PENDING ? `voting from ${time(p.voteStart * 1000)}`
        : s.state === ACTIVE ? `until ${time(p.voteEnd * 1000)}`
          : s.state === QUEUED ? `may be carried out from ${time(s.eta * 1000)}`
            : `proposed in block ${integer(p.block)}`);
      const ready = s.state === QUEUED && now >= s.eta;
      const key = `${s.state}${ready}${run.status}${run.attested}${run.isBonded}${run.owed > 0n}`;
      if (key === drawn) return;
      drawn = key;
      const over = s.state === CANCELLED || s.state === EXECUTED || s.state === EXPIRED;
      const offered = [
        ...s.state === ACTIVE ? VOTES : [],
        ...s.state === SUCCEEDED && (!run.needed || run.status === 'passed') ? [QUEUE] : [],
        ...ready ? [EXECUTE] : [], ...over ? [] : [VETO], ...runActions(p, s, run),
      ];
      fill(actions, dryButton(chain, p, title, dry), adviceButton(chain, p, title, advice), ...offered.map((action) => {
        const button = h('button', {
          type: 'button', class: action.primary ? 'primary' : 'quiet',
          'aria-label': `${action.label}: ${title}`,
        }, action.label);
        button.addEventListener('click', () => send(action.label, action.to ?? GOVERNOR,
          encodeFunctionData({
            abi: action.abi ?? governorAbi, functionName: action.name, args: action.args(p),
          }), action.value ?? 0n, status));
        return button;
      }));
    },
  };
}

function dryButton(
  chain: Chain, p: Proposal, title: string, box: HTMLElement,
): HTMLElement {
  const button = h('button', {
    type: 'button', class: 'quiet', 'aria-label': `Dry run: ${title}`,
  }, 'Dry run');
  button.addEventListener('click', () => {
    box.hidden = false;
    fill(box, h('li', null, 'Executing recent blocks again…'));
    dryRun(chain.link, p).then((lines) => fill(box, ...lines.map((x) => h('li', null, x))))
      .catch((error: Error) => fill(box, h('li', null, `Not done: ${error.message}`)));
  });
  return button;
}

function adviceButton(
  chain: Chain, p: Proposal, title: string, box: HTMLElement,
): HTMLElement {
  const button = h('button', {
    type: 'button', class: 'quiet', 'aria-label': `Advice: ${title}`,
  }, 'Advice');
  button.addEventListener('click', () => {
    box.hidden = false;
    fill(box, h('p', { class: 'note' }, 'Reading the chain…'));
    readAdvice(chain.link, p.id).then((x) => fill(box, ...adviceOf(x)))
      .catch((error: Error) => fill(box, h('p', { class: 'note' }, `Not read: ${error.message}`)));
  });
  return button;
}

/** What changes, whom it touches by cohort, what came of the like before. It decides nothing. */
function adviceOf(a: Advice): HTMLElement[] {
  const list = (title: string, lines: string[], none: string) => [h('h3', null, title),
    lines.length ? h('ul', { class: 'plain' }, ...lines.map((x) => h('li', { class: 'break' },
      plain(x, 600)))) : h('p', { class: 'note' }, none)];
  const n = (text: string) => h('td', { class: 'n' }, text);
  const whole = (x: string | undefined) => integer(BigInt(x ?? '0x0'));
  return [
    ...list('What changes', a.changes, 'Nothing that is known here.'),
    h('h3', null, 'Whom it affects, of the senders of the replayed blocks'),
    h('div', { class: 'table', tabindex: 0, role: 'region', 'aria-label': 'Cohorts' },
      h('table', null,
        h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Senders'),
          ...['Number', 'Transactions', 'Fees, gwei', 'Under it', 'Left out', 'End otherwise'].map(
            (t) => h('th', { scope: 'col', class: 'n' }, t)))),
        h('tbody', null, ...a.cohorts.map((c) => h('tr', null,
          h('th', { scope: 'row' }, plain(c.name ?? '', 80)), n(whole(c.senders)),
          n(whole(c.transactions)), n(gwei(BigInt(c.fees ?? '0x0'))),
          n(gwei(BigInt(c.feesUnder ?? '0x0'))), n(whole(c.leftOut)), n(whole(c.changed))))))),
    h('p', { class: 'break' }, plain(a.validators, 600)),
    ...list('What was done before, and what came of it', a.precedents, 'Nothing of the kind.'),
    h('p', { class: 'note' }, 'Put together by code from what is on the chain; it decides nothing.'),
  ];
}

function showRun(box: HTMLElement, run: DryRun): void {
  const text = run.needed ? run.text : 'needs none: it touches nothing privileged';
  if (box.dataset.drawn === text) return;
  box.dataset.drawn = text;
  fill(box, text, run.found.length > 0
    && h('ul', { class: 'plain' }, ...run.found.map((x) => h('li', null, x))));
}

/** What is to be done for the attested dry run, by anyone. */
function runActions(p: Proposal, s: Standing, run: DryRun): Action[] {
  if (!run.needed) return [];
  const base = { to: DRY_RUNS, abi: dryRunsAbi };
  const isLive = s.state === PENDING || s.state === ACTIVE || s.state === SUCCEEDED;
  const label = `Request the dry run, with a bond of ${ether(DRY_RUN_BOND)}`;
  return [
    ...isLive && (run.status === 'none' || run.status === 'replaced') ? [{
      ...base, label, name: 'request', args: () => [p.id], value: DRY_RUN_BOND,
    }] : [],
    ...run.status === 'open' && run.attested && run.result ? [{
      ...base, label: 'Publish the dry run', primary: true, name: 'conclude',
      args: () => [p.id, run.result],
    }] : [],
    ...!isLive && run.isBonded ? [{
      ...base, label: 'Release the dry run’s bond', name: 'release', args: () => [p.id],
    }] : [],
    ...run.owed > 0n ? [{
      ...base, label: 'Pay the dry run’s bond out', name: 'withdraw', args: () => [run.requester],
    }] : [],
  ];
}

async function sendBy(
  chain: Chain, uuid: string, label: string,
  call: { to: string; data: `0x${string}`; value: bigint }, status: HTMLElement,
): Promise<void> {
  try {
    const wallet = wallets().find((w) => w.uuid === uuid);
    if (!wallet) throw new Error('no wallet has announced itself (EIP-6963)');
    put(status, 'Waiting for the wallet…');
    const from = await connect(wallet, chain);
    const { to, data } = call;
    const value = call.value ? { value: `0x${call.value.toString(16)}` } : {};
    const block = await sendAndWait(wallet, chain, { from, to, data, ...value },
      (hash) => put(status, `Sent as ${hash}; waiting for its block…`));
    put(status, `${label}: done in block ${integer(block)}.`);
  } catch (error) {
    put(status, `${label}: not done: ${(error as Error).message}`);
  }
}
