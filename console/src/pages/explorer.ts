import { decodeAbiParameters } from 'viem';
import type { Chain, Head } from '../chain';
import { type Child, fill, h, link, put, sync } from '../dom';
import { NAMES, plain } from '../events';
import { big, ether, gwei, hash, integer, num, time } from '../format';
import { callText, describeEvent, giveInterface, interfaceOf } from '../interfaces';
import type { Log } from '../link';
import { classOf, placeText, placesOf, pricesOf } from '../order';
import type { Page } from '../page';

const PAGE = 25;
const MOST_CALLDATA = 2_000;
const SHOWN_EVENTS = 40;

type Raw = Record<string, string>;
type Receipt = Raw & { logs: Log[] };

export function explorerPage(chain: Chain, argument: string): Page {
  const from = /^\d+$/.test(argument) ? Number(argument) : null;
  const body = h('tbody', null);
  const older = link('explorer', 'Older');
  const input = h('input', {
    type: 'search', id: 'find', autocomplete: 'off', spellcheck: 'false',
    placeholder: 'Block number, hash or address',
  });
  const problem = h('p', { class: 'note', role: 'status' });
  const form = h('form', { class: 'row search', role: 'search' },
    h('label', { for: 'find', class: 'hidden' }, 'Find'), input,
    h('button', { class: 'primary' }, 'Find'), problem);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void find(chain, input.value.trim(), problem);
  });
  let fixedRows: Head[] | null = null;
  const update = (): void => {
    // The list stands still while somebody is in it, and its rows never slide: each has its place.
    if (body.contains(document.activeElement)) return;
    const rows = fixedRows ?? (from === null ? chain.heads.slice(-PAGE).reverse() : []);
    const places = rows.map((x, i) => ({ ...x, i }));
    sync(body, places, (x) => `${x.i}/${x.hash}`, (x) => h('tr', null,
      h('th', { scope: 'row' }, link(`block/${x.number}`, integer(x.number))),
      h('td', null, time(x.timeMs).slice(11)),
      h('td', { class: 'n' }, integer(Math.max(0, x.transactions - 1))),
      h('td', { class: 'n' }, integer(x.gasUsed)),
      h('td', { class: 'n' }, `${((x.gasUsed / x.gasLimit) * 100).toFixed(1)} %`),
      h('td', { class: 'n' }, gwei(x.baseFee)),
      h('td', null, link(`account/${x.miner}`, hash(x.miner), 'mono'))));
    const last = rows.at(-1)?.number ?? 0;
    older.href = `#/explorer/${Math.max(0, last - 1)}`;
    older.hidden = last === 0;
  };
  if (from !== null) {
    const numbers = Array.from({ length: Math.min(PAGE, from + 1) }, (_, i) => from - i);
    Promise.all(numbers.map((x) => chain.readHead(x))).then((rows) => {
      fixedRows = rows;
      update();
    }).catch((error: Error) => put(problem, error.message));
  }
  const element = h('div', { class: 'stack' }, form,
    h('section', { class: 'card table', tabindex: 0, role: 'region', 'aria-label': 'Blocks' },
      h('table', null, h('thead', null, h('tr', null,
        h('th', { scope: 'col' }, 'Block'), h('th', { scope: 'col' }, 'Time'),
        ...['Transactions', 'Gas used', 'Of limit', 'Base fee gwei'].map((t) =>
          h('th', { scope: 'col', class: 'n' }, t)),
        h('th', { scope: 'col' }, 'Leader'))), body)),
    h('nav', { class: 'row', 'aria-label': 'Pages' }, from !== null && link('explorer', 'Newest'),
      older));
  return { title: 'Explorer', element, update };
}

async function find(chain: Chain, text: string, problem: HTMLElement): Promise<void> {
  put(problem, '');
  if (/^[\d\s,\u202f]+$/.test(text)) location.hash = `#/block/${text.replace(/\D/g, '')}`;
  else if (/^0x[0-9a-f]{40}$/i.test(text)) location.hash = `#/account/${text}`;
  else if (/^0x[0-9a-f]{64}$/i.test(text)) {
    const block = await chain.link.request('eth_getBlockByHash', [text, false]).catch(() => null);
    location.hash = block ? `#/block/${text}` : `#/tx/${text}`;
  } else {
    put(problem, 'That is no block number, no hash of 64 and no address of 40 hex digits.');
  }
}

/** A page that is read once, when it opens. */
function readOnce(title: string, read: () => Promise<Child[]>): Page {
  const element = h('div', { class: 'stack' }, h('p', { class: 'card' }, 'Reading…'));
  let state: 'new' | 'busy' | 'done' = 'new';
  const update = (): void => {
    if (state !== 'new') return;
    state = 'busy';
    read().then((children) => {
      fill(element, ...children);
      state = 'done';
    }).catch((error: Error) => {
      fill(element, h('p', { class: 'card' }, `Not read: ${error.message}`));
      state = 'new';
    });
  };
  return { title, element, update };
}

function facts(rows: [string, Child][]): HTMLElement {
  return h('dl', { class: 'facts' }, ...rows.flatMap(([name, value]) =>
    [h('dt', null, name), h('dd', { class: 'break' }, value)]));
}

function accountLink(address: string | null | undefined): Child {
  if (!address) return 'none (creates a contract)';
  const name = NAMES[address.toLowerCase()];
  return h('span', null, link(`account/${address}`, address, 'mono'), name && ` · ${name}`);
}

export function blockPage(chain: Chain, argument: string): Page {
  const isHash = argument.startsWith('0x');
  return readOnce(`Block ${isHash ? hash(argument) : integer(Number(argument) || 0)}`, async () => {
    const block = await chain.link.request<(Raw & { transactions: Raw[] }) | null>(
      isHash ? 'eth_getBlockByHash' : 'eth_getBlockByNumber',
      [isHash ? argument : `0x${Number(argument).toString(16)}`, true]);
    if (!block) throw new Error('this node does not know the block');
    const ms = num(await chain.link.request<string>('homeostat_time', [block.number]));
    const number = num(block.number!);
    const prices = pricesOf(block.extraData ?? '0x');
    const baseFee = big(block.baseFeePerGas!);
    const places = prices && placesOf(block.mixHash!, block.transactions.map((t) => t.from!));
    return [
      h('section', { class: 'card' },
        h('nav', { class: 'row', 'aria-label': 'Neighbouring blocks' },
          number > 0 && link(`block/${number - 1}`, `← ${integer(number - 1)}`),
          link(`block/${number + 1}`, `${integer(number + 1)} →`)),
        facts([
          ['Time', `${time(ms)}.${String(ms % 1000).padStart(3, '0')}`],
          ['Leader', accountLink(block.miner)],
          ['Gas used', `${integer(num(block.gasUsed!))} of ${integer(num(block.gasLimit!))}`],
          ['Base fee', `${gwei(big(block.baseFeePerGas!))} gwei`],
          ...(prices ? [['Premiums, gwei', `fast ${gwei(prices.fast)}, urgent `
            + `${gwei(prices.urgent)}; inclusion fee ${gwei(prices.inclusion)}`],
          ['Seed of places', h('span', { class: 'mono' }, block.mixHash)]] as [string, Child][] : []),
          ['Hash', h('span', { class: 'mono' }, block.hash)],
          ['State root', h('span', { class: 'mono' }, block.stateRoot)],
          ['Size', `${integer(num(block.size!))} bytes`],
        ])),
      h('section', {
        class: 'card table', tabindex: 0, role: 'region', 'aria-label': 'Transactions',
      }, h('h2', null, `${integer(block.transactions.length)} transactions`),
      h('table', null, h('thead', null, h('tr', null,
        ...['#', 'Transaction', 'From', 'To', 'Class', 'Place'].map((t) =>
          h('th', { scope: 'col' }, t)),
        ...['Value', 'Price gwei'].map((t) => h('th', { scope: 'col', class: 'n' }, t)))),
      h('tbody', null, ...block.transactions.slice(0, 500).map((t, i) => h('tr', null,
        h('td', null, String(i)),
        h('th', { scope: 'row' }, link(`tx/${t.hash}`, hash(t.hash!), 'mono')),
        h('td', null, link(`account/${t.from}`, hash(t.from!), 'mono')),
        h('td', null, t.to ? link(`account/${t.to}`, NAMES[t.to] ?? hash(t.to),
          NAMES[t.to] ? undefined : 'mono') : 'creation'),
        h('td', null, prices ? classOf(prices, big(t.gasPrice!), baseFee) : '–'),
        h('td', { title: places ? placeText(places[i]!) : '' }, places ? places[i]!.kind : '–'),
        h('td', { class: 'n' }, ether(big(t.value!))),
        h('td', { class: 'n' }, gwei(big(t.gasPrice!)))))))),
    ];
  });
}

export function transactionPage(chain: Chain, argument: string): Page {
  return readOnce(`Transaction ${hash(argument)}`, async () => {
    const [t, r] = await Promise.all([
      chain.link.request<Raw | null>('eth_getTransactionByHash', [argument]),
      chain.link.request<Receipt | null>('eth_getTransactionReceipt', [argument]),
    ]);
    if (!t) throw new Error('this node does not know the transaction');
    const input = t.input ?? '0x';
    const bytes = (input.length - 2) / 2;
    const price = big(r?.effectiveGasPrice ?? t.gasPrice!);
    const place = t.blockHash ? await readPlace(chain, t.blockHash, num(t.transactionIndex!), price)
      : [];
    return [
      h('section', { class: 'card' }, facts([
        ['Status', r ? (r.status === '0x1' ? 'succeeded' : 'failed') : 'waiting'],
        ['Block', t.blockNumber ? h('span', null,
          link(`block/${num(t.blockNumber)}`, integer(num(t.blockNumber))),
          `, place ${num(t.transactionIndex!)}`) : 'none yet'],
        ...place,
        ['From', accountLink(t.from)],
        ['To', accountLink(t.to)],
        r?.contractAddress ? ['Created', accountLink(r.contractAddress)]
          : ['Call', callText(t.to, input)],
        ['Value', ether(big(t.value!))],
        ['Gas', r ? `${integer(num(r.gasUsed!))} of ${integer(num(t.gas!))}`
          : integer(num(t.gas!))],
        ['Price paid', `${gwei(price)} gwei a gas`
          + (t.maxFeePerGas ? `; offered at most ${gwei(big(t.maxFeePerGas))}` : '')],
        ['Hash', h('span', { class: 'mono' }, t.hash)],
      ])),
      h('section', { class: 'card' }, h('h2', null, `${integer(r?.logs.length ?? 0)} events`),
        h('ol', { class: 'events' }, ...(r?.logs ?? []).slice(0, 200).map(eventItem))),
      h('section', { class: 'card' }, h('h2', null, `Calldata, ${integer(bytes)} bytes`),
        h('pre', { tabindex: 0 }, input.slice(0, MOST_CALLDATA)
          + (input.length > MOST_CALLDATA ? '…' : ''))),
    ];
  });
}

/** Class and place, with the reason of both; from the transaction's block. */
async function readPlace(
  chain: Chain, blockHash: string, index: number, price: bigint,
): Promise<[string, Child][]> {
  const block = await chain.link.request<(Raw & { transactions: Raw[] }) | null>(
    'eth_getBlockByHash', [blockHash, true]);
  const prices = pricesOf(block?.extraData ?? '0x');
  if (!block || !prices) return [];
  const baseFee = big(block.baseFeePerGas!);
  const name = classOf(prices, price, baseFee);
  const place = placesOf(block.mixHash!, block.transactions.map((t) => t.from!))[index]!;
  return [
    ['Class', name === 'protocol' ? 'protocol: pays nothing'
      : `${name}: base fee ${gwei(baseFee)} gwei and a premium of ${gwei(price - baseFee)}`],
    ['Place', `${index} of ${block.transactions.length}, ${placeText(place)}`],
  ];
}

function eventItem(log: Log): HTMLElement {
  const known = describeEvent(log);
  return h('li', null,
    h('strong', null, known?.name ?? 'Event'), ' of ', accountLink(log.address),
    h('div', { class: known ? 'break' : 'mono break' },
      known?.text ?? `${log.topics.join(' ')} ${log.data.slice(0, 400)}`));
}

export function accountPage(chain: Chain, argument: string): Page {
  return readOnce(`Account ${hash(argument)}`, async () => {
    const read = <T>(method: string) => chain.link.request<T>(method, [argument, 'latest']);
    const tip = num(await chain.link.request<string>('eth_blockNumber'));
    // Ours log in every block.
    const past = NAMES[argument.toLowerCase()] ? 200 : 20_000;
    const [balance, nonce, code, logs] = await Promise.all([
      read<string>('eth_getBalance'),
      read<string>('eth_getTransactionCount'),
      read<string>('eth_getCode'),
      chain.link.request<Log[]>('eth_getLogs', [{
        address: argument, fromBlock: `0x${Math.max(0, tip - past).toString(16)}`,
      }]).catch(() => [] as Log[]),
    ]);
    const bytes = (code.length - 2) / 2;
    const token = bytes ? await readToken(chain, argument) : [];
    return [
      h('section', { class: 'card' }, facts([
        ['Address', h('span', { class: 'mono' }, argument)],
        ['Is', NAMES[argument.toLowerCase()] ?? (bytes ? 'a contract' : 'an account')],
        ['Balance', ether(big(balance))],
        ['Transactions sent', integer(num(nonce))],
        ['Code', bytes ? `${integer(bytes)} bytes` : 'none'],
        ...token,
      ])),
      ...bytes ? contractEvents(argument, logs, past)
        : [eventCard(h('ol', { class: 'events' }), logs, past)],
    ];
  });
}

/** A contract's events, and room for its interface where it is not one of ours. */
function contractEvents(address: string, logs: Log[], past: number): HTMLElement[] {
  const list = h('ol', { class: 'events' });
  const events = eventCard(list, logs, past);
  const text = h('textarea', { id: 'abi', rows: 6, spellcheck: 'false', autocomplete: 'off' });
  const said = h('p', { class: 'note', role: 'status' });
  const use = h('button', { type: 'button', class: 'quiet' }, 'Use it');
  use.addEventListener('click', () => {
    try {
      const entries = giveInterface(address, text.value);
      put(said, `${integer(entries)} entries are used until this tab is closed.`);
      fill(list, ...logs.slice(-SHOWN_EVENTS).reverse().map(pastEvent));
    } catch (error) {
      put(said, (error as Error).message);
    }
  });
  const isOurs = NAMES[address.toLowerCase()] !== undefined;
  return [
    events,
    ...isOurs ? [] : [h('details', { class: 'card' },
      h('summary', null, interfaceOf(address) ? 'Interface (ABI), given' : 'Interface (ABI)'),
      h('div', { class: 'stack' },
        h('label', { for: 'abi' }, 'A compiler’s ABI, as JSON: its events and calls are then named.'),
        text, h('div', { class: 'row' }, use, said)))],
  ];
}

function eventCard(list: HTMLElement, logs: Log[], past: number): HTMLElement {
  fill(list, ...logs.slice(-SHOWN_EVENTS).reverse().map(pastEvent));
  return h('section', { class: 'card' }, h('h2', null, `Events of the last ${integer(past)} blocks`),
    logs.length === 0 ? h('p', { class: 'note' }, 'None.') : null, list);
}

function pastEvent(log: Log): HTMLElement {
  const known = describeEvent(log);
  return h('li', null,
    link(`tx/${log.transactionHash}`, `Block ${integer(num(log.blockNumber))}`), ' · ',
    h('strong', null, known?.name ?? 'Event'),
    h('div', { class: 'break' }, known?.text ?? log.topics[0] ?? ''));
}

/** What a contract says it is called (ERC-20, 721): its own claim, shown as text. */
async function readToken(chain: Chain, address: string): Promise<[string, Child][]> {
  const ask = async (selector: string): Promise<string> => {
    try {
      const data = await chain.link.request<`0x${string}`>(
        'eth_call', [{ to: address, data: selector, gas: '0x30d40' }, 'latest']);
      return plain(decodeAbiParameters([{ type: 'string' }], data)[0], 80);
    } catch {
      return '';
    }
  };
  const [name, symbol] = await Promise.all([ask('0x06fdde03'), ask('0x95d89b41')]);
  return name || symbol ? [['Calls itself', `${name} ${symbol && `(${symbol})`}`.trim()]] : [];
}
