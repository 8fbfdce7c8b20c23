// A protocol revision over seven validators' processes, one by one. See ./run.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const require = createRequire(join(ROOT, 'tests/clients/x.js'));
const { fromRlp, hexToBigInt } = require('viem');
const { privateKeyToAccount } = require('viem/accounts');

const VALIDATORS = 7;
const EPOCH_BLOCKS = Number(argument('--epoch-blocks', 128));
const RATE = Number(argument('--rate', 20));
const FIRST_PORT = 21_400;
const CHAIN = 7007;
// Accounts of "test test … junk": the first votes with all stake, the others send transfers.
const KEYS = [
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
];
const accounts = KEYS.map((key) => privateKeyToAccount(key));
const program = join(ROOT, 'src/Homeostat.Node/bin/Release/net10.0/homeostat.dll');
const work = mkdtempSync(join(tmpdir(), 'homeostat-rollout-'));
const network = join(work, 'network');
const nodes = [];
const absences = []; // of one validator each: from when to when, Unix ms
let [passed, failed, sending] = [0, 0, true];

function argument(name, value) {
  const at = process.argv.indexOf(name);
  return at < 0 ? value : process.argv[at + 1];
}
function quantile(values, part) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
const homeostat = (...args) => execFileSync('dotnet', [program, ...args], {
  cwd: work, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'],
});
const rpcPort = (i) => FIRST_PORT + 2 * i;
const urlOf = (i) => `http://127.0.0.1:${rpcPort(i)}`;

async function call(i, method, ...params) {
  const response = await fetch(urlOf(i), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(10_000),
  });
  const { result, error } = await response.json();
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}
const heightOf = async (i) => Number(await call(i, 'eth_blockNumber'));

function check(holds, what) {
  console.log(`${holds ? 'ok   ' : 'FAIL '} ${what}`);
  if (holds) passed++;
  else failed++;
}

async function until(condition, what, seconds = 120) {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    try { if (await condition()) return; } catch { /* It is away for a moment. */ }
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await pause(200);
  }
}

function create() {
  writeFileSync(join(work, 'network.json'), JSON.stringify({
    chainId: CHAIN,
    epochBlocks: EPOCH_BLOCKS,
    voting: { delaySeconds: 1, periodSeconds: 8, timelockSeconds: 1 },
    validators: Array.from({ length: VALIDATORS }, (_, i) => ({
      name: `v${i}`, host: '127.0.0.1', httpPort: rpcPort(i), p2pPort: rpcPort(i) + 1, weight: 1,
      delegate: accounts[0].address,
    })),
    balances: Object.fromEntries(accounts.map(({ address }) => [address, '1000000'])),
  }));
  homeostat('init', '--network', join(work, 'network.json'), '--out', network, '--lightkdf');
  writeFileSync(join(work, 'key'), KEYS[0]);
}

/** With null: as a version that knows all revisions there are. */
function start(i, newest) {
  const node = spawn('dotnet', [program, 'node', '--config', 'node.json', '--log.file', 'node.log',
    ...(newest === null ? [] : ['--protocol.max-revision', String(newest)])], {
    cwd: join(network, `v${i}`), stdio: ['ignore', 'ignore', 'pipe'],
  });
  node.said = '';
  node.stderr.on('data', (text) => { node.said = (node.said + text).slice(-4_000); });
  nodes[i] = node;
}

async function stop(i) {
  const node = nodes[i];
  if (node.exitCode !== null) return node.exitCode;
  const ended = new Promise((done) => { node.once('exit', done); });
  node.kill('SIGTERM');
  return ended;
}

/** Transfers of three accounts, each given to a node that is up; again when it went away. */
async function load() {
  const nonces = new Map();
  for (let turn = 0; sending; turn++) {
    const account = accounts[1 + (turn % 3)];
    const nonce = nonces.get(account) ?? 0;
    const raw = await account.signTransaction({
      type: 'eip1559', chainId: CHAIN, nonce, gas: 21_000n, to: accounts[0].address, value: 1n,
      maxFeePerGas: 1_000_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n,
    });
    for (let attempt = 0; ; attempt++) {
      try {
        await call((turn + attempt) % VALIDATORS, 'eth_sendRawTransaction', raw);
        break;
      } catch (error) {
        if (/known|nonce too low/.test(error.message)) break;
        if (!sending || attempt > 50) throw error;
        await pause(50);
      }
    }
    nonces.set(account, nonce + 1);
    await pause(1_000 / RATE);
  }
  return nonces;
}

async function vote() {
  const key = ['--rpc', urlOf(0), '--key', join(work, 'key')];
  const said = homeostat('governance', 'propose', '--revision', '2', '--release', '0.2.0',
    '--why', 'larger contracts', ...key);
  const id = /proposal (\d+)/.exec(said)[1];
  await pause(2_500);
  homeostat('governance', 'vote', id, 'for', ...key);
  await pause(9_000);
  homeostat('governance', 'carry', id, ...key);
  await pause(2_500);
  homeostat('governance', 'carry', id, ...key);
}

/** One process after another; each is back with the others before the next goes. */
async function rollOut() {
  const times = [];
  for (let i = 0; i < VALIDATORS; i++) {
    const began = Date.now();
    const code = await stop(i);
    if (code !== 0 && code !== 3) throw new Error(`validator ${i} ended with ${code}: ${nodes[i].said}`);
    start(i, null);
    const other = (i + 1) % VALIDATORS;
    await until(async () => await heightOf(i) + 3 >= await heightOf(other), `validator ${i} is back`);
    absences.push([began, Date.now()]);
    times.push((Date.now() - began) / 1_000);
  }
  return times;
}

async function blocksOf(from, to) {
  const blocks = [];
  for (let height = from; height <= to; height++) {
    const tag = `0x${height.toString(16)}`;
    const [{ payload }, block] = await Promise.all([
      call(0, 'homeostat_payload', tag), call(0, 'eth_getBlockByNumber', tag, false)]);
    const number = (item) => (item === '0x' ? 0 : Number(hexToBigInt(item)));
    const [, view, parent, time] = fromRlp(payload, 'hex').slice(0, 4).map(number);
    blocks.push({
      height, view, parent, time, hash: block.hash, leader: block.miner,
      count: block.transactions.length - 1,
    });
  }
  return blocks;
}

async function main() {
  create();
  for (let i = 0; i < VALIDATORS; i++) start(i, 1);
  for (let i = 0; i < VALIDATORS; i++) await until(() => heightOf(i).then(() => true), `validator ${i}`);
  const loading = load();
  await until(async () => await heightOf(0) > 4, 'first blocks');
  await vote();
  const doctor = (() => {
    try { return homeostat('doctor', '--rpc', urlOf(0)); } catch (error) { return error.stdout; }
  })();
  check(/revision 2 is proposed.*does not know it: install version 0\.2\.0/.test(doctor),
    'doctor of a node that does not know it says what to install');
  const first = await heightOf(0);
  const seconds = await rollOut();
  console.log(`      restarted in ${seconds.map((s) => s.toFixed(1)).join(', ')} s`);
  const status = homeostat('governance', 'status', '--rpc', urlOf(0));
  console.log(status.split('\n').filter((line) => /rules|revision|weight/.test(line)).slice(0, 4).join('\n'));
  await until(async () => (await call(0, 'homeostat_revisions')).history.length === 2,
    'revision 2 in force', 60 + 3 * EPOCH_BLOCKS);
  const { history } = await call(0, 'homeostat_revisions');
  const came = Number(history[1].firstBlock);
  await until(async () => await heightOf(0) > came + 20, 'blocks that follow it');
  sending = false;
  const nonces = await loading;
  await until(async () => {
    for (const [account, nonce] of nonces) {
      if (Number(await call(0, 'eth_getTransactionCount', account.address, 'latest')) < nonce) return false;
    }
    return true;
  }, 'every transfer in a block');
  await judge(first, came, nonces);
}

async function judge(first, came, nonces) {
  const last = Math.min(...await Promise.all(nodes.map((_, i) => heightOf(i))));
  const blocks = await blocksOf(first, last);
  const lost = blocks.filter((block) => block.view - block.parent > 1);
  const views = lost.reduce((sum, block) => sum + block.view - block.parent - 1, 0);
  const gaps = blocks.slice(1).map((block, i) => block.time - blocks[i].time);
  check(came % EPOCH_BLOCKS === 1, `revision 2 from block ${came} on, an epoch's first`);
  check(Math.max(...gaps) < 5_000, `blocks ${first} to ${last}, `
    + `the longest time between two ${(Math.max(...gaps) / 1_000).toFixed(2)} s, mean `
    + `${(gaps.reduce((a, b) => a + b, 0) / gaps.length / 1_000).toFixed(2)} s; `
    + `${views} views without a block`);
  // A validator that stops says so, and whoever leads next takes its turn: a view goes, but no time.
  const usual = quantile(gaps, 0.5);
  const late = (some) => some.slice(1).filter((b, i) => b.time - some[i].time > 2 * usual).length;
  const before = await blocksOf(2, first);
  console.log(`      the time between two blocks is ${usual} ms in the middle, ${quantile(gaps, 0.95)} `
    + `at p95, ${quantile(lost.map((b) => b.time - blocks[b.height - first - 1]?.time), 0.5)} where `
    + `a view had no block; later than twice the usual are ${late(blocks)} of ${blocks.length} `
    + `(before the roll-out ${late(before)} of ${before.length})`);
  // What a machine at its limit loses anyway, it loses before the roll-out too: no more may be lost
  // while nobody is away (nor just back, its code still cold).
  const [calm, rest] = [before, blocks.filter(({ time }) => !absences.some(
    ([from, to]) => time >= from && time <= to + 5_000))].map((some) => ({
    blocks: some.length, views: some.reduce((sum, b) => sum + b.view - b.parent - 1, 0),
  }));
  check(rest.views / rest.blocks <= 2 * calm.views / calm.blocks + 0.05,
    `of them ${rest.views} in the ${rest.blocks} blocks in which nobody was away; before the `
    + `roll-out ${calm.views} in ${calm.blocks}`);
  const around = blocks.filter((b) => b.height >= came - 2 && b.height <= came + 2);
  console.log(`      ${around.reduce((sum, b) => sum + b.view - b.parent - 1, 0)} views without a `
    + 'block in the five blocks around the change');
  let same = true;
  for (let i = 1; i < VALIDATORS; i++) {
    const hash = (await call(i, 'eth_getBlockByNumber', `0x${last.toString(16)}`, false)).hash;
    same &&= hash === blocks.at(-1).hash;
  }
  check(same, `block ${last} is the same on all ${VALIDATORS}`);
  const sent = [...nonces.values()].reduce((a, b) => a + b, 0);
  check(sent > 0, `${sent} transfers sent, every one in a block`);
  const gas = await call(0, 'eth_estimateGas', { data: '0x6175305ff3' });
  check(Number(gas) > 6_000_000, `a contract of 30,000 bytes can be created (${Number(gas)} gas)`);
}

try {
  await main();
} catch (error) {
  failed++;
  console.log(`FAIL  ${error.stack}`);
} finally {
  sending = false;
  await Promise.all(nodes.map((_, i) => stop(i)));
  if (failed > 0 || process.argv.includes('--keep')) console.log(`kept: ${work}`);
  else rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
