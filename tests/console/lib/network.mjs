// A live network of this checkout's binary, and traffic on it.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import {
  createPublicClient, createWalletClient, defineChain, encodeAbiParameters, http,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

export const ROOT = resolve(import.meta.dirname, '../../..');

/** `homeostat up` on free ports, in a folder of its own; `stop` ends it and removes the folder. */
export async function startNetwork() {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-console-'));
  const first = await freePorts(4, 10);
  // After the build, as a reader's second start: what is measured is the network's own time.
  execFileSync(join(ROOT, 'homeostat'), ['--version'], { stdio: 'ignore' });
  const began = Date.now();
  const child = spawn(join(ROOT, 'homeostat'), [
    'up', '--json', '--datadir', folder, '--http.port', String(first),
    '--p2p.port', String(await freePorts(4, 1)),
  ], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text) => { errors = (errors + text).slice(-4000); });
  const ready = await new Promise((done, fail) => {
    createInterface({ input: child.stdout }).once('line', (line) => done(JSON.parse(line)));
    child.once('exit', (code) => fail(new Error(`up ended with code ${code}: ${errors}`)));
  });
  const stop = async () => {
    child.kill('SIGINT');
    await new Promise((done) => (child.exitCode === null ? child.once('exit', done) : done()));
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...ready, url: ready.nodes[0].rpc, began, stop };
}

async function freePorts(count, step) {
  for (;;) {
    const first = 21_000 + Math.floor(Math.random() * 10_000);
    const all = await Promise.all(
      Array.from({ length: count }, (_, i) => isFree(first + i * step)));
    if (all.every(Boolean)) return first;
  }
}

function isFree(port) {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

export function clients(network) {
  const chain = defineChain({
    id: network.chainId, name: 'Homeostat',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [network.url] } },
  });
  const transport = http(network.url);
  const reader = createPublicClient({ chain, transport, pollingInterval: 100 });
  const accounts = network.accounts.map((x) => privateKeyToAccount(x.privateKey));
  const wallet = (account) => createWalletClient({ account, chain, transport });
  return { chain, reader, accounts, wallet };
}

/** Not those that votes are delegated to, nor those that the checks sign with. */
const SENDERS = [4, 5, 7];

/** Transfers in all three classes, twenty a second, until stopped; then how many were sent. */
export function startTraffic(network) {
  const { reader, accounts, wallet } = clients(network);
  let [going, sent] = [true, 0];
  const failures = [];
  const run = (async () => {
    const senders = await Promise.all(SENDERS.map((i) => accounts[i]).map(async (account) => ({
      account, client: wallet(account),
      nonce: await reader.getTransactionCount({ address: account.address }),
    })));
    while (going) {
      for (const [i, sender] of senders.entries()) {
        // Standard, fast and urgent, by what is offered above the base fee.
        const tip = [0n, 20_000_000n, 1_000_000_000n][i];
        try {
          await sender.client.sendTransaction({
            to: accounts[9].address, value: 1n, gas: 30_000n, nonce: sender.nonce,
            maxFeePerGas: 200_000_000_000n, maxPriorityFeePerGas: tip,
            data: `0x${'ff'.repeat(Math.floor(Math.random() * 32))}`,
          });
          sender.nonce++;
          sent++;
        } catch (error) {
          failures.push(error.shortMessage ?? String(error));
          sender.nonce = await reader.getTransactionCount({
            address: sender.account.address, blockTag: 'pending',
          }).catch(() => sender.nonce);
        }
      }
      await new Promise((done) => setTimeout(done, 150));
    }
  })();
  return { async stop() { going = false; await run; return { sent, failures }; } };
}

const SHARED = process.env.HOMEOSTAT_SHARED ?? join(ROOT, '../shared');
const TRACE = join(SHARED,
  'data/transactions/eth_consecutive_20k_2017/transactions_3300400_3301573.csv.gz');

/** The recorded traffic that lies beside a checkout, or null. */
export function sharedTrace() {
  return existsSync(TRACE) ? TRACE : null;
}

/** Recorded seconds in one: 4.6 hours of 2017 last eleven minutes, some twenty transactions a second. */
const SPEED = 25;
const FUNDING_MS = 120_000;

/**
 * Recorded traffic by `homeostat replay`; resolves when its accounts have their funds, as it takes
 * them from the same accounts as the checks. Ends with its trace or when stopped.
 */
export async function startReplay(network, trace, speed = SPEED) {
  const { reader, accounts } = clients(network);
  const own = new Set(accounts.map((x) => x.address.toLowerCase()));
  const began = await reader.getBlockNumber({ cacheTime: 0 });
  let errors = '';
  const child = spawn(join(ROOT, 'homeostat'), [
    // The last node: the first is the one that is killed.
    'replay', '--trace', trace, '--rpc', network.nodes.at(-1).rpc, '--speed', String(speed), '--json',
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.on('data', (text) => { errors = (errors + text).slice(-2000); });
  const over = new Promise((done) => child.once('exit', done));
  const count = async (from) => {
    const last = await reader.getBlockNumber({ cacheTime: 0 });
    let [sent, called] = [0, 0];
    for (let number = from + 1n; number <= last; number++) {
      const block = await reader.getBlock({ blockNumber: number, includeTransactions: true });
      for (const x of block.transactions.slice(1)) {
        if (own.has(x.from.toLowerCase())) continue;
        sent++;
        if (x.input !== '0x') called++;
      }
    }
    return { sent, called, last };
  };
  const giveUp = Date.now() + FUNDING_MS;
  for (let from = began, seen = { sent: 0 }; seen.sent === 0; from = seen.last) {
    if (child.exitCode !== null) throw new Error(`replay ended with ${child.exitCode}: ${errors}`);
    if (Date.now() > giveUp) throw new Error('replay sent nothing in two minutes');
    await new Promise((done) => setTimeout(done, 500));
    seen = await count(from);
  }
  return {
    async stop() {
      const went = child.exitCode === null;
      if (went) child.kill('SIGTERM');
      await over;
      const { sent, called } = await count(began);
      return {
        sent: `${sent} recorded transactions, ${called} of them calls, at ${speed} times their speed`
          + (went ? '' : ', to the end of the record'),
        failures: went || child.exitCode === 0 ? [] : [`replay ended with ${child.exitCode}: ${errors}`],
      };
    },
  };
}

/** Code that answers every call with this string, as name() and symbol() would. */
export function codeThatSays(text) {
  const data = encodeAbiParameters([{ type: 'string' }], [text]).slice(2);
  const byte = (n) => n.toString(16).padStart(4, '0');
  const answer = (size, from) => `61${byte(size)}61${byte(from)}5f3961${byte(size)}5ff3`;
  const prologue = 13;
  const runtime = answer(data.length / 2, prologue) + data;
  return `0x${answer(runtime.length / 2, prologue)}${runtime}`;
}
