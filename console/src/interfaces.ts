// Interfaces to read calls and events by: those of the predeploys, the token standards' events, and
// what the reader gives for a contract, which is kept for this browser tab only.
import { type Abi, decodeEventLog, decodeFunctionData } from 'viem';
import { ABIS, describeSteering, plain } from './events';
import type { Log } from './link';

const MOST_TEXT = 300_000;
const KEY = 'interface of ';

const indexed = (name: string, type: string) => ({ name, type, indexed: true });
const plainly = (name: string, type: string) => ({ name, type, indexed: false });
const event = (name: string, ...inputs: object[]) => ({ type: 'event', name, inputs });

/** ERC-20, ERC-721, ERC-1155 and ERC-1967; the first two share signatures and differ in what is indexed. */
const STANDARDS: Abi[] = [
  [
    event('Transfer', indexed('from', 'address'), indexed('to', 'address'),
      plainly('value', 'uint256')),
    event('Approval', indexed('owner', 'address'), indexed('spender', 'address'),
      plainly('value', 'uint256')),
    event('Upgraded', indexed('implementation', 'address')),
  ],
  [
    event('Transfer', indexed('from', 'address'), indexed('to', 'address'),
      indexed('tokenId', 'uint256')),
    event('Approval', indexed('owner', 'address'), indexed('approved', 'address'),
      indexed('tokenId', 'uint256')),
    event('ApprovalForAll', indexed('owner', 'address'), indexed('operator', 'address'),
      plainly('approved', 'bool')),
    event('TransferSingle', indexed('operator', 'address'), indexed('from', 'address'),
      indexed('to', 'address'), plainly('id', 'uint256'), plainly('value', 'uint256')),
    event('TransferBatch', indexed('operator', 'address'), indexed('from', 'address'),
      indexed('to', 'address'), plainly('ids', 'uint256[]'), plainly('values', 'uint256[]')),
  ],
] as unknown as Abi[];

const given = new Map<string, Abi>();

/** Of a predeploy, or what was given for the address; null where neither is. */
export function interfaceOf(address: string): Abi | null {
  const key = address.toLowerCase();
  const known = ABIS[key] ?? given.get(key);
  if (known) return known;
  try {
    const text = sessionStorage.getItem(KEY + key);
    if (text) given.set(key, parse(text));
  } catch {
    // No storage, or none of ours: the contract is then unknown.
  }
  return given.get(key) ?? null;
}

/** @param text JSON of an ABI, or a compiler's artifact that holds one */
export function giveInterface(address: string, text: string): number {
  const key = address.toLowerCase();
  const abi = parse(text);
  given.set(key, abi);
  try {
    sessionStorage.setItem(KEY + key, text);
  } catch {
    // It holds until the page is loaded again.
  }
  return abi.length;
}

function parse(text: string): Abi {
  const wrong = new Error('That is no ABI: it wants the JSON list a compiler gives, or an object '
    + 'that holds one as “abi”.');
  if (text.length > MOST_TEXT) throw wrong;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong;
  }
  const list = Array.isArray(value) ? value : (value as { abi?: unknown } | null)?.abi;
  const isEntry = (x: unknown) => typeof (x as { type?: unknown } | null)?.type === 'string';
  if (!Array.isArray(list) || list.length === 0 || !list.every(isEntry)) throw wrong;
  return list as Abi;
}

/** A log by its contract's interface, else by the token standards. */
export function describeEvent(log: Log): { name: string; text: string } | null {
  const steering = describeSteering(log);
  if (steering) return steering;
  const known = interfaceOf(log.address);
  for (const abi of known ? [known, ...STANDARDS] : STANDARDS) {
    const found = decode(abi, log);
    if (found) return found;
  }
  return null;
}

function decode(abi: Abi, log: Log): { name: string; text: string } | null {
  try {
    const { eventName, args } = decodeEventLog({
      abi, data: log.data, topics: log.topics as [`0x${string}`, ...`0x${string}`[]],
    });
    return { name: plain(eventName ?? '', 80), text: values(args) };
  } catch {
    return null;
  }
}

/** The called function with its arguments, else its selector. */
export function callText(to: string | null | undefined, input: string): string {
  if (input === '0x') return 'plain transfer';
  const abi = to ? interfaceOf(to) : null;
  try {
    if (abi) {
      const { functionName, args } = decodeFunctionData({ abi, data: input as `0x${string}` });
      const text = args?.length ? values(args).slice(1, -1) : '';
      return plain(`${functionName}(${text})`, 1_000);
    }
  } catch {
    // An unknown selector is shown as such.
  }
  return `selector ${input.slice(0, 10)}`;
}

function values(args: unknown): string {
  return plain(JSON.stringify(args ?? {},
    (_, v) => (typeof v === 'bigint' ? v.toString() : v)), 2_000);
}
