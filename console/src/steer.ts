// The dialog that switches a loop: who may, what it does, and the transaction by wallet.
import { encodeFunctionData } from 'viem';
import { type Chain } from './chain';
import { type Bytes, type LoopRules, type Rules, readRules } from './contracts';
import { fill, h, put } from './dom';
import { CONSTITUTION, MODES, NAMES, constitutionAbi } from './events';
import { integer } from './format';
import { type Wallet, connect, sendAndWait, wallets } from './wallet';

const MEANINGS = [
  'Act: the model’s proposal is ruled on first, the twin’s if it is refused.',
  'Advise: the model only speaks; the twin’s proposal is ruled on.',
  'Off: every setting steps back to its ratified value.',
];

/** @param id the loop's name as bytes32 */
export async function openSteering(chain: Chain, id: Bytes): Promise<void> {
  const title = h('h2', { id: 'steer-title' }, 'Loop');
  const body = h('div', { class: 'dialog-body' }, 'Reading the Constitution…');
  const close = h('button', { type: 'button', class: 'quiet' }, 'Close');
  const dialog = h(
    'dialog', { 'aria-labelledby': 'steer-title' },
    title, body, h('div', { class: 'dialog-foot' }, close),
  );
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  try {
    const rules = await readRules(chain.link);
    const loop = rules.loops.find((x) => x.id === id);
    if (!loop) throw new Error('it has no such loop');
    put(title, `${loop.name} loop`);
    show(body, chain, rules, loop);
  } catch (error) {
    fill(body, `The Constitution could not be read: ${(error as Error).message}`);
  }
}

function show(body: HTMLElement, chain: Chain, rules: Rules, loop: LoopRules): void {
  const status = h('p', { role: 'status', class: 'note' });
  const found = wallets();
  const until = Number(loop.since) + loop.dwellBlocks;
  const dwelling = (chain.tip?.number ?? 0) < until;
  const choose = h('select', { id: 'steer-mode' }, ...MODES.map((mode, i) =>
    h('option', { value: i, selected: i === (loop.mode === 0 ? 1 : 0) }, mode)));
  const pick = h('select', { id: 'steer-wallet' }, ...found.map((w) =>
    h('option', { value: w.uuid }, w.name)));
  const go = h('button', { type: 'button', class: 'primary' }, 'Sign with wallet');
  go.disabled = found.length === 0;
  go.addEventListener('click', () => {
    const wallet = found.find((w) => w.uuid === pick.value);
    if (wallet) void send(chain, rules, loop, wallet, Number(choose.value), status, go);
  });
  const ownerName = NAMES[rules.owner.toLowerCase()];
  fill(
    body,
    h('p', null, `It is set to ${MODES[loop.mode] ?? loop.mode} since block `
      + `${integer(loop.since)}.`),
    h('ul', { class: 'plain' }, ...MEANINGS.map((text) => h('li', null, text))),
    h('p', { class: 'note' },
      `The owner ${rules.owner}${ownerName ? ` (${ownerName})` : ''} may switch it`
      + (dwelling ? ` again from block ${integer(until)}` : ' now')
      + `; the guardian ${rules.guardian} may restrain it: to advise, or off.`
      + (ownerName ? ' The owner is a contract: a proposal has to pass first.' : '')),
    found.length === 0
      ? h('p', null, 'No wallet has announced itself (EIP-6963). From a terminal:')
      : h('div', { class: 'row' },
          h('label', { for: 'steer-wallet' }, 'Wallet'), pick,
          h('label', { for: 'steer-mode' }, 'Set to'), choose),
    found.length === 0
      ? h('pre', { tabindex: 0 }, `cast send ${CONSTITUTION} 'switchToAdvise(bytes32)' \\\n`
          + `  ${loop.id} \\\n  --rpc-url ${chain.link.url} --private-key GUARDIAN_KEY`)
      : go,
    status,
  );
  if (found.length > 0) go.focus();
}

async function send(
  chain: Chain, rules: Rules, loop: LoopRules, wallet: Wallet, mode: number,
  status: HTMLElement, button: HTMLButtonElement,
): Promise<void> {
  button.disabled = true;
  try {
    put(status, 'Waiting for the wallet…');
    const from = await connect(wallet, chain);
    const isOwner = from.toLowerCase() === rules.owner.toLowerCase();
    const isGuardian = from.toLowerCase() === rules.guardian.toLowerCase();
    const restrains = mode === 2 || (mode === 1 && loop.mode === 0);
    if (!isOwner && !(isGuardian && restrains)) {
      throw new Error(`${from} may not do this: it is not the owner, and the guardian may only `
        + 'restrain');
    }
    const data = isOwner
      ? encodeFunctionData({
          abi: constitutionAbi, functionName: 'setMode', args: [loop.id, mode],
        })
      : encodeFunctionData({
          abi: constitutionAbi, functionName: mode === 2 ? 'switchOff' : 'switchToAdvise',
          args: [loop.id],
        });
    const done = await sendAndWait(wallet, chain, { from, to: CONSTITUTION, data },
      (hash) => put(status, `Sent as ${hash}; waiting for its block…`));
    put(status, `Done in block ${integer(done)}: ${loop.name} is set to ${MODES[mode]}.`);
  } catch (error) {
    put(status, `Not done: ${(error as Error).message}`);
    button.disabled = false;
  }
}
