// The console in a real browser against a live network under traffic. See ./run.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { hexToString, stringToHex, toEventSelector, toFunctionSelector } from 'viem';
import { nodeAway, socketCut } from './lib/away.mjs';
import { buttons } from './lib/buttons.mjs';
import { assert, check, finish } from './lib/checks.mjs';
import { governance, proposeRoutine, routine } from './lib/governance.mjs';
import {
  ROOT, clients, codeThatSays, sharedTrace, startNetwork, startReplay, startTraffic,
} from './lib/network.mjs';
import { injectWallet } from './lib/wallet.mjs';

const SHORT = process.argv.includes('--short');
const TRACE = process.argv.includes('--trace')
  ? process.argv[process.argv.indexOf('--trace') + 1]
  : process.argv.includes('--made') || SHORT ? null : sharedTrace();
const RESULTS = join(import.meta.dirname, 'TestResults');
const AXE = readFileSync(join(import.meta.dirname, 'node_modules/axe-core/axe.min.js'), 'utf8');
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };
const HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script>';
// A loop's name has 24 bytes.
const HOSTILE_LOOP = '<img src=x onerror=x()>';
const CONSTITUTION = '0x00000000000000000000000000000000484f0002';
const STEERING = '0x00000000000000000000000000000000484f0001';
const { abi } = JSON.parse(
  readFileSync(join(ROOT, 'contracts/artifacts/Constitution.json'), 'utf8'));
const COUNTER_ABI = [
  { type: 'function', name: 'up', inputs: [], outputs: [], stateMutability: 'nonpayable' },
  { type: 'event', name: 'Counted', inputs: [
    { name: 'by', type: 'address', indexed: true }, { name: 'count', type: 'uint256' }] },
];
// Whatever it is called with it logs Counted(caller, 1): PUSH1 1, MSTORE at 0, LOG2.
const RUNTIME = `60015f52337f${toEventSelector(COUNTER_ABI[1]).slice(2)}60205fa200`;
const COUNTER = `0x60${(RUNTIME.length / 2).toString(16)}600a5f3960${
  (RUNTIME.length / 2).toString(16)}5ff3${RUNTIME}`;
const ATTEMPTS = 3;
const IN_SHORT = ['now', 'decision', 'constitution', 'transaction', 'account'];

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
const network = await startNetwork();
let traffic = { stop: () => ({ sent: 'none', failures: [] }) };
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-gpu'],
});
let code = 1;
try {
  await main();
  code = finish();
} catch (error) {
  console.log(`FAIL  the run itself: ${error.stack}`);
} finally {
  await browser.close();
  const { sent, failures } = await traffic.stop();
  console.log(`traffic: ${sent} sent${failures.length ? `, ${failures.length} refused: `
    + failures[0] : ''}`);
  await network.stop();
}
process.exit(code);

async function main() {
  const chain = clients(network);
  await check('cold start of `up` to its first final block ≤ 10 s', () => coldStart(chain));
  traffic = TRACE ? await startReplay(network, TRACE) : startTraffic(network);
  console.log(TRACE ? `replaying ${TRACE}` : 'with transfers of our own: no recorded traffic');
  const planted = await plant(chain);
  await waitForBuild();
  await waitForDecisions(chain.reader);
  if (process.argv.includes('--readme')) {
    await check('a picture for the README', picture);
    return;
  }
  const run = {
    network, chain, check, assert, injectWallet, open, settle, shot, accessible, HOSTILE_LOOP,
    HOSTILE,
  };
  const waiting = SHORT ? null : await proposeRoutine(run);
  const pages = await pageList(chain.reader, planted);
  if (SHORT) for (const name of Object.keys(pages)) if (!IN_SHORT.includes(name)) delete pages[name];
  const looks = SHORT ? [['phone', 'dark']]
    : Object.keys(SIZES).flatMap((size) => [[size, 'light'], [size, 'dark']]);
  for (const [size, theme] of looks) await look(size, theme, pages);
  await hostile(pages);
  await check('first paint of Now ≤ 1 s on localhost', firstPaint);
  await check('the keyboard reaches every page', keyboard);
  await check('from Now, two actions put a loop to advise', () => advise(chain));
  await governance(run, SHORT);
  if (SHORT) return;
  await buttons(run, planted);
  await routine(run, waiting);
  await check('the WebSocket alone is cut and restored', () => socketCut(run));
  await check('a node that is killed and comes back', () => nodeAway(run));
}

/** Names from the chain that would be markup, were they not text. */
async function plant({ reader, accounts, wallet }) {
  const deployer = wallet(accounts[6]);
  const token = await deployer.deployContract({
    abi: [], bytecode: codeThatSays(HOSTILE), gas: 3_000_000n,
  });
  const { contractAddress } = await reader.waitForTransactionReceipt({ hash: token });
  const call = await deployer.sendTransaction({
    to: contractAddress, data: stringToHex(HOSTILE), gas: 200_000n,
  });
  await reader.waitForTransactionReceipt({ hash: call });
  const made = await reader.waitForTransactionReceipt({
    hash: await deployer.deployContract({ abi: [], bytecode: COUNTER, gas: 3_000_000n }),
  });
  const counted = await deployer.sendTransaction({
    to: made.contractAddress, data: toFunctionSelector('up()'), gas: 200_000n,
  });
  await reader.waitForTransactionReceipt({ hash: counted });
  return { token: contractAddress, call, counter: made.contractAddress, counted, abi: COUNTER_ABI };
}

/** From the command to a block that is final; a busy machine is told from a slow network by eye. */
async function coldStart({ reader, accounts, wallet }) {
  // An idle network makes no block: one transfer asks for the first.
  await wallet(accounts[6]).sendTransaction({ to: accounts[9].address, value: 1n, gas: 30_000n });
  while (await reader.getBlockNumber({ cacheTime: 0 }) === 0n) {
    await new Promise((done) => setTimeout(done, 20));
  }
  const seconds = (Date.now() - network.began) / 1000;
  // The short form runs beside other tests, where this would measure them.
  assert(SHORT || seconds <= 10, `${seconds.toFixed(1)} s, at a load of ${loadavg()[0].toFixed(1)}`);
  return `${seconds.toFixed(1)} s, at a load of ${loadavg()[0].toFixed(1)}`;
}

/** The node builds the page when it is first asked for it. */
async function waitForBuild() {
  for (let i = 0; i < 300; i++) {
    const answer = await fetch(`${network.url}/console/`);
    const text = await answer.text();
    if (answer.ok) return;
    if (!text.includes('being built')) throw new Error(`no console: ${text}`);
    await new Promise((done) => setTimeout(done, 1000));
  }
  throw new Error('the console was not built in five minutes');
}

async function waitForDecisions(reader) {
  for (let i = 0; i < 120; i++) {
    const logs = await reader.getLogs({ address: STEERING, fromBlock: 1n });
    // Both loops and an outcome; each decision is one log, each outcome one.
    if (logs.length >= 12) return;
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error('no decisions in a minute of traffic');
}

async function pageList(reader, planted) {
  const receipt = await reader.getTransactionReceipt({ hash: planted.call });
  return {
    now: ['Now', '#/now'],
    decisions: ['Decisions', '#/decisions'],
    decision: ['Decision 2', '#/decisions/2'],
    constitution: ['Constitution', '#/constitution'],
    models: ['Models', '#/models'],
    governance: ['Governance', '#/governance'],
    validators: ['Validators', '#/validators'],
    explorer: ['Explorer', '#/explorer'],
    block: ['Block', `#/block/${receipt.blockNumber}`],
    transaction: ['Transaction', `#/tx/${planted.call}`],
    account: ['Account', `#/account/${planted.token}`],
    predeploy: ['Account', `#/account/${STEERING}`],
  };
}

/** A page of its own that fails on any script error, blocked resource or message box. */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: SIZES.desktop, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`script error: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`message box: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !/ERR_CONNECTION|WebSocket connection/.test(text)) {
      faults.push(`console: ${text}`);
    }
  });
  await page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  return { context, page, faults };
}

async function settle(page, title) {
  await page.waitForFunction((wanted) => document.querySelector('h1')?.textContent
    .startsWith(wanted) && document.querySelector('.state')?.dataset.state === 'live'
    && !/Reading…/.test(document.querySelector('main').textContent), title, { timeout: 20_000 });
  await page.waitForTimeout(700);
}

async function shot(page, name) {
  await page.screenshot({ path: join(RESULTS, `${name}.png`), fullPage: true });
}

/** Every page in one size and theme: it opens, fits, does not shift, axe finds nothing serious. */
async function look(size, theme, pages) {
  for (const [name, [title, hash]] of Object.entries(pages)) {
    await check(`${name}, ${size}, ${theme}`, async () => {
      const { context, page, faults } = await open({
        viewport: SIZES[size], colorScheme: theme, hasTouch: size === 'phone',
      });
      try {
        await page.goto(`${network.url}/console/${hash}`);
        await settle(page, title);
        await shot(page, `${name}-${size}-${theme}`);
        const { wide, shift } = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth - innerWidth, shift: window.shift,
        }));
        assert(wide <= 0, `the page is ${wide} pixels wider than the screen`);
        assert(shift < 0.1, `layout shift ${shift.toFixed(3)}`);
        await accessible(page);
        assert(faults.length === 0, faults.join('; '));
      } finally {
        await context.close();
      }
    });
  }
}

async function accessible(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.filter((x) => x.impact === 'serious' || x.impact === 'critical')
      .map((x) => `${x.id}: ${x.nodes.map((n) => n.html.slice(0, 120)).slice(0, 3).join(' | ')}`);
  });
  assert(found.length === 0, `axe: ${found.join('; ')}`);
}

async function hostile(pages) {
  await check('hostile names and calldata stay text', async () => {
    const { context, page, faults } = await open();
    await injectWallet(page, network, { client: null, reader: null }, HOSTILE);
    const wanted = [[pages.account, HOSTILE]];
    for (const [[title, hash], text] of wanted) {
      await page.goto(`${network.url}/console/${hash}`);
      await settle(page, title);
      await page.waitForFunction(
        (x) => document.body.innerText.toLowerCase().includes(x.toLowerCase()), text);
    }
    await page.goto(`${network.url}/console/#/now`);
    await settle(page, 'Now');
    await page.locator('button', { hasText: 'Stop or advise' }).first().click();
    await page.waitForSelector('#steer-wallet');
    assert((await page.locator('#steer-wallet').innerText()).includes('<img'), 'no wallet name');
    const markup = await page.evaluate(() => document.querySelectorAll(
      'main img, main script, dialog img, [onerror]').length);
    assert(markup === 0, `${markup} elements were made of text`);
    assert(faults.length === 0, faults.join('; '));
    await context.close();
  });
  await check('another name in the Host header gets nothing', async () => {
    const { context, page } = await open();
    const answer = await page.request.get(`${network.url}/console/`, {
      headers: { host: 'rebound.example' },
    });
    assert(answer.status() === 403, `status ${answer.status()}`);
    await context.close();
  });
  await check('a script put into the page is not run', async () => {
    const { context, page } = await open();
    await page.goto(`${network.url}/console/`);
    const outcome = await page.evaluate(() => {
      try {
        document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.ran=1">');
      } catch (error) {
        return error.name;
      }
      return 'inserted';
    });
    assert(outcome === 'TypeError', `trusted types did not hold: ${outcome}`);
    await context.close();
  });
}

async function firstPaint() {
  const times = [];
  for (let i = 0; i < ATTEMPTS; i++) {
    const { context, page } = await open();
    await page.goto(`${network.url}/console/`, { waitUntil: 'load' });
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]);
    times.push(await page.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0].startTime));
    await context.close();
  }
  times.sort((a, b) => a - b);
  const middle = Math.round(times[ATTEMPTS >> 1]);
  assert(middle <= 1000, `${middle} ms, median of ${ATTEMPTS}`);
  return `${middle} ms, median of ${ATTEMPTS} cold loads`;
}

async function keyboard() {
  const { context, page } = await open();
  await page.goto(`${network.url}/console/`);
  await settle(page, 'Now');
  const reached = new Set();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const { text, outlined } = await page.evaluate(() => ({
      // Past the last one the browser's own controls come, then the first again.
      text: document.activeElement === document.body ? '' : document.activeElement.textContent,
      outlined: document.activeElement === document.body
        || getComputedStyle(document.activeElement).outlineStyle !== 'none',
    }));
    assert(outlined, `"${text}" has focus and does not show it`);
    reached.add(text);
  }
  const names = await page.locator('header nav a').allTextContents();
  for (const name of names) assert(reached.has(name), `${name} was not reached`);
  await page.locator('header nav a', { hasText: 'Decisions' }).focus();
  await page.keyboard.press('Enter');
  await settle(page, 'Decisions');
  await context.close();
  return `${names.length} pages`;
}

async function advise({ reader, accounts, wallet }) {
  const owner = await reader.readContract({ address: CONSTITUTION, abi, functionName: 'owner' });
  const guardian = await reader.readContract(
    { address: CONSTITUTION, abi, functionName: 'guardian' });
  const account = [owner, guardian].map((who) => accounts.find(
    (x) => x.address.toLowerCase() === who.toLowerCase())).find(Boolean);
  const loop = await actingLoop(reader);
  const { context, page, faults } = await open();
  await injectWallet(page, network, { client: wallet(account), reader }, 'Test wallet');
  await page.goto(`${network.url}/console/`);
  await settle(page, 'Now');
  let actions = 0;
  await page.getByRole('button', { name: `Stop or advise ${loop}` }).click();
  actions++;
  await page.getByRole('button', { name: 'Sign with wallet' }).click();
  actions++;
  await page.waitForFunction(() => /Done in block|Not done/.test(
    document.querySelector('dialog [role=status]')?.textContent ?? ''), null, { timeout: 30_000 });
  const said = await page.locator('dialog [role=status]').innerText();
  await shot(page, 'advise');
  const { mode } = await reader.readContract({
    address: CONSTITUTION, abi, functionName: 'loopState',
    args: [stringToHex(loop, { size: 32 })],
  });
  assert(/Done in block/.test(said) && mode === 1, `the loop is in mode ${mode} on the chain; the page said: ${said}`);
  await page.getByRole('button', { name: 'Close' }).click();
  await page.waitForFunction((name) => [...document.querySelectorAll('.loops li')]
    .some((x) => x.textContent.toLowerCase().startsWith(name) && /advise/.test(
      x.querySelector('.chip').textContent)), loop, { timeout: 20_000 });
  assert(faults.length === 0, faults.join('; '));
  await context.close();
  return `${actions} actions; ${said}`;
}

/** One whose model acts: only that can be put to advise. */
async function actingLoop(reader) {
  const read = (functionName, args) => reader.readContract({
    address: CONSTITUTION, abi, functionName, args,
  });
  for (const id of await read('loops')) {
    if ((await read('loopState', [id])).mode === 0) {
      return hexToString(id).replace(/\0+$/, '');
    }
  }
  throw new Error('no loop is in mode act');
}

/** For the README: small, and of a network that has something to show. */
async function picture() {
  const { context, page } = await open({
    viewport: { width: 1180, height: 860 }, colorScheme: 'light',
  });
  await page.goto(`${network.url}/console/`);
  await settle(page, 'Now');
  await page.waitForTimeout(20_000);
  mkdirSync(join(ROOT, 'docs/images'), { recursive: true });
  await page.screenshot({ path: join(ROOT, 'docs/images/console.png') });
  await context.close();
}
