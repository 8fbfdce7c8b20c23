// The dialog that switches a loop: who may, what it does, and the transaction by wallet.
import { encodeFunctionData } from 'viem';
import { type Chain } from './chain';
import { CAPACITY, type Rules, readRules } from './contracts';
import { fill, h, put } from './dom';
import { CONSTITUTION, MODES, constitutionAbi } from './events';
import { integer } from './format';
import { type Wallet, connect, wallets } from './wallet';

const MEANINGS = [
  'Act: the model’s proposal is ruled on first, the twin’s if it is refused.',
  'Advise: the model only speaks; the twin’s proposal is ruled on.',
  'Off: every setting steps back to its ratified value.',
];

export async function openSteering(chain: Chain): Promise<void> {
  const body = h('div', { class: 'dialog-body' }, 'Reading the Constitution…');
  const close = h('button', { type: 'button', class: 'quiet' }, 'Close');
  const dialog = h(
    'dialog', { 'aria-labelledby': 'steer-title' },
    h('h2', { id: 'steer-title' }, 'Capacity loop'), body,
    h('div', { class: 'dialog-foot' }, close),
  );
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  try {
    show(body, chain, await readRules(chain.link));
  } catch (error) {
    fill(body, `The Constitution could not be read: ${(error as Error).message}`);
  }
}

function show(body: HTMLElement, chain: Chain, rules: Rules): void {
  const status = h('p', { role: 'status', class: 'note' });
  const found = wallets();
  const until = Number(rules.loop.since) + rules.loop.dwellBlocks;
  const dwelling = (chain.tip?.number ?? 0) < until;
  const choose = h('select', { id: 'steer-mode' }, ...MODES.map((mode, i) =>
    h('option', { value: i, selected: i === (rules.loop.mode === 0 ? 1 : 0) }, mode)));
  const pick = h('select', { id: 'steer-wallet' }, ...found.map((w) =>
    h('option', { value: w.uuid }, w.name)));
  const go = h('button', { type: 'button', class: 'primary' }, 'Sign with wallet');
  go.disabled = found.length === 0;
  go.addEventListener('click', () => {
    const wallet = found.find((w) => w.uuid === pick.value);
    if (wallet) void send(chain, rules, wallet, Number(choose.value), status, go);
  });
  fill(
    body,
    h('p', null, `It is set to ${MODES[rules.loop.mode] ?? rules.loop.mode} since block `
      + `${integer(rules.loop.since)}.`),
    h('ul', { class: 'plain' }, ...MEANINGS.map((text) => h('li', null, text))),
    h('p', { class: 'note' }, `The owner ${rules.owner} may switch it`
      + (dwelling ? ` again from block ${integer(until)}` : ' now')
      + `; the guardian ${rules.guardian} may only switch it off.`),
    found.length === 0
      ? h('p', null, 'No wallet has announced itself (EIP-6963). From a terminal:')
      : h('div', { class: 'row' },
          h('label', { for: 'steer-wallet' }, 'Wallet'), pick,
          h('label', { for: 'steer-mode' }, 'Set to'), choose),
    found.length === 0
      ? h('pre', null, `cast send ${CONSTITUTION} 'setMode(bytes32,uint8)' \\\n`
          + `  ${CAPACITY} 1 \\\n  --rpc-url ${chain.link.url} --private-key OWNER_KEY`)
      : go,
    status,
  );
}

async function send(
  chain: Chain, rules: Rules, wallet: Wallet, mode: number, status: HTMLElement,
  button: HTMLButtonElement,
): Promise<void> {
  button.disabled = true;
  try {
    put(status, 'Waiting for the wallet…');
    const from = await connect(wallet, chain);
    const isOwner = from.toLowerCase() === rules.owner.toLowerCase();
    const isGuardian = from.toLowerCase() === rules.guardian.toLowerCase();
    if (!isOwner && !(isGuardian && mode === 2)) {
      throw new Error(`${from} may not do this: it is neither owner nor, for off, guardian`);
    }
    const data = isOwner
      ? encodeFunctionData({
          abi: constitutionAbi, functionName: 'setMode', args: [CAPACITY, mode],
        })
      : encodeFunctionData({
          abi: constitutionAbi, functionName: 'switchOff', args: [CAPACITY],
        });
    const hash = await wallet.provider.request({
      method: 'eth_sendTransaction', params: [{ from, to: CONSTITUTION, data }],
    });
    put(status, `Sent as ${String(hash)}. It counts from the next block on.`);
  } catch (error) {
    put(status, `Not sent: ${(error as Error).message}`);
    button.disabled = false;
  }
}
